/* target.h - where a dependency is, taken apart; read-only once loaded. */
#ifndef CONFIG_TARGET_H
#define CONFIG_TARGET_H

#include <stdbool.h>
#include <stdint.h>

/* How TLS is spoken where it is.  Strings as in check_target. */
struct check_tls {
    bool wanted;
    bool unverified;     /* the configuration says that any certificate will do */
    bool any_name;       /* a trusted one of any name (redis-py's ssl_check_hostname=false) */
    const char *ca_file; /* NULL: the system's */
    const char *certificate_file; /* ours, where the server asks for one; or NULL */
    const char *key_file;
    const char *server_name; /* what the certificate must hold; NULL: the host */
};

/* Where a dependency is, taken apart; strings belong to the configuration. */
struct check_target {
    const char *conninfo;    /* CHECK_POSTGRES: for libpq; else NULL */
    const char *host;        /* a name, an address without brackets, or NULL for a unix socket */
    const char *socket_path; /* or NULL */
    uint16_t port;
    const char *path;     /* CHECK_HTTP: what to GET, "/" at least; CHECK_UPSTASH: a prefix */
    const char *user;     /* Redis ACL user, NULL for none */
    const char *password; /* NULL for none; CHECK_UPSTASH: the REST token */
    int database;         /* Redis database number */
    struct check_tls tls;
};

#endif
