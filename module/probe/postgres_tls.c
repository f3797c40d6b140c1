/* postgres_tls.c - libpq's places, and a handshake of our own with them. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "probe/postgres_tls.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_PORT = 5432 };

/* Where Debian's libpq looks for a socket when no host is named. */
static const char default_socket_folder[] = "/var/run/postgresql";

static const char *find_option(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *at = options; at != NULL && at->keyword != NULL; at++) {
        if (strcmp(at->keyword, keyword) == 0)
            return at->val != NULL && at->val[0] != '\0' ? at->val : NULL;
    }
    return NULL;
}

static void free_options(PQconninfoOption **options)
{
    PQconninfoFree(*options);
    *options = NULL;
}

/* What the conninfo says goes over the environment and the service file. */
static PQconninfoOption *read_options(const char *conninfo)
{
    AUTO(free_options) PQconninfoOption *said = PQconninfoParse(conninfo, NULL);
    PQconninfoOption *all = said == NULL ? NULL : PQconndefaults();

    for (PQconninfoOption *at = all; at != NULL && at->keyword != NULL; at++) {
        const char *value = find_option(said, at->keyword);
        char *copy = value == NULL ? NULL : strdup(value);

        if (copy == NULL)
            continue;
        free(at->val); /* as PQconninfoFree() does */
        at->val = copy;
    }
    return all;
}

static enum postgres_sslmode read_sslmode(const char *text)
{
    static const struct {
        const char *word;
        enum postgres_sslmode mode;
    } words[] = {
        { "disable", POSTGRES_TLS_DISABLE },     { "require", POSTGRES_TLS_REQUIRE },
        { "verify-ca", POSTGRES_TLS_VERIFY_CA }, { "verify-full", POSTGRES_TLS_VERIFY_FULL },
        { "allow", POSTGRES_TLS_PREFER },
    };

    for (size_t i = 0; text != NULL && i < ARRAY_LENGTH(words); i++) {
        if (strcmp(words[i].word, text) == 0)
            return words[i].mode;
    }
    return POSTGRES_TLS_PREFER;
}

static bool is_replica_wanted(const char *session_attrs)
{
    static const char *const replicas[] = { "read-only", "standby", "prefer-standby" };

    for (size_t i = 0; session_attrs != NULL && i < ARRAY_LENGTH(replicas); i++) {
        if (strcmp(session_attrs, replicas[i]) == 0)
            return true;
    }
    return false;
}

/* Cuts the next item off a list in place; the last one stands for all that follow (as libpq has it
 * for ports alone, but a shorter list of hosts ends the matter anyway). */
static char *cut_item(char **list)
{
    char *item = *list;
    char *comma = item == NULL ? NULL : strchr(item, ',');

    if (comma != NULL) {
        *comma = '\0';
        *list = comma + 1;
    }
    return item;
}

static void add_place(struct postgres_places *places, const char *host, const char *address,
                      const char *port)
{
    struct postgres_place *place = &places->items[places->count];
    uint64_t number = DEFAULT_PORT;
    bool is_folder = address == NULL && (host == NULL || host[0] == '/' || host[0] == '\0');

    if (port != NULL)
        (void)slice_parse_uint(slice_of(port), UINT16_MAX, &number);
    *place = (struct postgres_place){ .port = (uint16_t)number };
    if (is_folder) {
        (void)snprintf(place->socket_path, sizeof(place->socket_path), "%.80s/.s.PGSQL.%u",
                       host == NULL || host[0] == '\0' ? default_socket_folder : host,
                       (unsigned)place->port);
    } else {
        place->name = host != NULL ? host : address;
        place->address = address != NULL ? address : host;
    }
    places->count++;
}

static char *copy_list(const char *text, bool *failed)
{
    char *copy = text == NULL ? NULL : strdup(text);

    *failed = *failed || (text != NULL && copy == NULL);
    return copy;
}

int postgres_places_read(const char *conninfo, struct postgres_places *ret, struct error *err)
{
    char *host;
    char *address;
    char *port;
    bool failed = false;
    bool more = true;

    *ret = (struct postgres_places){ .options = read_options(conninfo) };
    if (ret->options == NULL)
        return error_set(err, EINVAL, "postgres: libpq does not understand the address");
    host = ret->hosts = copy_list(find_option(ret->options, "host"), &failed);
    address = ret->addresses = copy_list(find_option(ret->options, "hostaddr"), &failed);
    port = ret->ports = copy_list(find_option(ret->options, "port"), &failed);
    if (failed) {
        postgres_places_done(ret);
        return error_set(err, ENOMEM, "postgres: out of memory");
    }
    ret->sslmode = read_sslmode(find_option(ret->options, "sslmode"));
    ret->wants_replica = is_replica_wanted(find_option(ret->options, "target_session_attrs"));
    ret->ca_file = find_option(ret->options, "sslrootcert");
    ret->certificate_file = find_option(ret->options, "sslcert");
    ret->key_file = find_option(ret->options, "sslkey");
    while (more && ret->count < POSTGRES_PLACES) {
        const char *longest = host != NULL ? host : address;

        more = longest != NULL && strchr(longest, ',') != NULL;
        add_place(ret, cut_item(&host), cut_item(&address), cut_item(&port));
    }
    return 0;
}

void postgres_places_done(struct postgres_places *places)
{
    free_options(&places->options);
    auto_free(&places->hosts);
    auto_free(&places->addresses);
    auto_free(&places->ports);
    places->count = 0;
}

/* The protocol's own question (53.2.10 of PostgreSQL 15's manual): an 'S' agrees, an 'N' does not.
 */
static int ask_for_tls(struct stream *stream, int64_t deadline_ms, struct error *err)
{
    static const char request[8] = { 0, 0, 0, 8, 0x04, (char)0xd2, 0x16, 0x2f };
    char answer;
    size_t count;
    int code = stream_write(stream, (struct slice){ request, sizeof(request) }, deadline_ms, err);

    if (code == 0)
        code = stream_read(stream, &answer, 1, deadline_ms, &count, err);
    if (code != 0)
        return code;
    if (count == 1 && answer == 'S')
        return 0;
    return error_set(err, EPROTO, "postgres: the server has no TLS");
}

int postgres_tls_shake(const struct postgres_places *places, const struct postgres_place *place,
                       struct stream *stream, int64_t deadline_ms, struct error *err)
{
    const struct tls_wish wish = {
        .server_name = place->name,
        .ca_file = places->ca_file,
        .certificate_file = places->certificate_file,
        .key_file = places->key_file,
        .unverified = places->sslmode < POSTGRES_TLS_VERIFY_CA || place->name == NULL,
    };
    int code = ask_for_tls(stream, deadline_ms, err);

    return code != 0 ? code : stream_encrypt(stream, &wish, deadline_ms, err);
}

static int explain_one(const struct postgres_places *places, const struct postgres_place *place,
                       const struct stream_address *address, int64_t deadline_ms,
                       struct tls_facts *shown)
{
    AUTO(stream_close) struct stream *stream = NULL;
    const struct tls_shown *seen;
    int code = stream_open(address, deadline_ms, &stream, NULL);

    if (code != 0)
        return 0;
    code = postgres_tls_shake(places, place, stream, deadline_ms, NULL);
    seen = stream_shown(stream);
    if (seen != NULL) {
        shown->expires_at_s = seen->expires_at_s;
        memcpy(shown->protocol, seen->protocol, sizeof(shown->protocol));
    }
    /* libpq may be told to look for no name, and to trust an authority that we don't know of. */
    return code <= -TLS_FAILED && code != -TLS_CERTIFICATE_NAME ? code : 0;
}

int postgres_tls_explain(const char *conninfo, int cancel_fd, int64_t deadline_ms,
                         struct tls_facts *shown, struct error *err)
{
    AUTO(postgres_places_done) struct postgres_places places;
    int code = postgres_places_read(conninfo, &places, err);

    if (code != 0)
        return code;
    for (int i = 0; code == 0 && i < places.count; i++) {
        const struct postgres_place *place = &places.items[i];

        if (place->name != NULL)
            code = explain_one(&places, place,
                               &(struct stream_address){ .host = place->address,
                                                         .port = place->port,
                                                         .cancel_fd = cancel_fd },
                               deadline_ms, shown);
    }
    return code;
}

void postgres_tls_note(PGconn *conn, struct tls_facts *facts)
{
    const SSL *session = PQsslStruct(conn, "OpenSSL");
    const X509 *certificate = session == NULL ? NULL : SSL_get0_peer_certificate(session);
    struct tm tm;

    if (certificate == NULL)
        return;
    (void)snprintf(facts->protocol, sizeof(facts->protocol), "%s", SSL_get_version(session));
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1)
        facts->expires_at_s = timegm(&tm);
}
