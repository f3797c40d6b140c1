/* access.c - static tokens by digest, JWTs by jwt.h, and which verdict follows. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/access.h"

#include "auth/admission.h"
#include "auth/jwt.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

enum {
    TOKEN_MIN_BYTES = 32,
    ACCESS_BYTES = 64 * 1024,
    ADMIN_CLAIMS = 8, /* the last place is for what is one too many */
};

static const char short_admin_token[] =
    "PROBITY_ADMIN_TOKEN has fewer than 32 bytes: set a longer one, for instance from: "
    "openssl rand -hex 32";
static const char short_read_token[] =
    "PROBITY_READ_TOKEN has fewer than 32 bytes: set a longer one, for instance from: "
    "openssl rand -hex 32";

static const char short_ingest_token[] =
    "PROBITY_INGEST_TOKEN has fewer than 32 bytes: set a longer one, for instance from: "
    "openssl rand -hex 32";
static const char no_ingest_token[] =
    "PROBITY_INGEST_TOKEN is not set: set it to 32 bytes or more, for instance from: "
    "openssl rand -hex 32";

/* Who it was, where a token has no subject. */
static const char admin_token[] = "admin token";

/* Kept as a digest, so that comparing takes the same time for every length and content. */
struct static_token {
    bool set;
    bool usable; /* set, and long enough */
    unsigned char digest[SHA256_DIGEST_LENGTH];
};

struct access {
    struct arena *arena;         /* holds this struct too */
    struct admission *admission; /* its own */
    struct jwt_rules jwt;
    const char *jwt_trouble;                /* NULL: JWTs can be verified */
    const char *admin_claims[ADMIN_CLAIMS]; /* any of them makes an admin; NULL ends the list */
    struct static_token admin;
    struct static_token read;
    struct static_token ingest;
};

static void static_token_init(struct static_token *token, const char *text)
{
    struct slice bytes = slice_of(text);

    if (bytes.length == 0)
        return;
    token->set = true;
    token->usable = bytes.length >= TOKEN_MIN_BYTES;
    (void)SHA256((const unsigned char *)bytes.data, bytes.length, token->digest);
}

static bool static_token_is(const struct static_token *token,
                            const unsigned char digest[SHA256_DIGEST_LENGTH])
{
    return token->usable && CRYPTO_memcmp(token->digest, digest, SHA256_DIGEST_LENGTH) == 0;
}

/* A copy of the text, NULL for NULL; notes when there was no room. */
static const char *keep(struct arena *arena, const char *text, bool *failed)
{
    char *copy;

    if (text == NULL || *text == '\0')
        return NULL;
    copy = arena_copy(arena, slice_of(text));
    *failed = *failed || copy == NULL;
    return copy;
}

static bool is_claim(const char *rule)
{
    const char *equals = strchr(rule, '=');

    return equals != NULL && equals != rule && equals[1] != '\0';
}

/* A rule that no token can keep would lock everybody out without a word. */
static const char *claim_trouble(const struct access *access)
{
    const char *require = access->jwt.claims.require;

    if (access->admin_claims[0] == NULL)
        return "PROBITY_ADMIN_CLAIM must read claim=value, for instance role=admin";
    for (int i = 0; i < ADMIN_CLAIMS && access->admin_claims[i] != NULL; i++) {
        if (!is_claim(access->admin_claims[i]))
            return "PROBITY_ADMIN_CLAIM must read claim=value, for instance role=admin; several "
                   "are separated by commas";
    }
    if (require != NULL && !is_claim(require))
        return "PROBITY_JWT_REQUIRE must read claim=value, for instance type=access";
    return NULL;
}

/* Takes the list apart; what is beyond its bound makes a rule that is none. */
static void keep_admin_claims(struct access *access, const char *list, bool *failed)
{
    struct slice rest = slice_of(list);

    for (int i = 0; i < ADMIN_CLAIMS && rest.length > 0; i++) {
        struct slice rule = i + 1 < ADMIN_CLAIMS ? slice_trim(slice_cut(&rest, ',')) : SLICE("");

        access->admin_claims[i] = arena_copy(access->arena, rule);
        *failed = *failed || access->admin_claims[i] == NULL;
    }
}

static bool access_fill(struct access *access, const struct config *config)
{
    struct arena *arena = access->arena;
    const char *algorithm = config->jwt_algorithm == NULL ? "HS256" : config->jwt_algorithm;
    bool secret = algorithm[0] == 'H';
    bool failed = false;

    access->jwt.algorithm = keep(arena, algorithm, &failed);
    access->jwt.key =
        slice_of(keep(arena, secret ? config->jwt_secret : config->jwt_public_key, &failed));
    access->jwt.claims.issuer = keep(arena, config->jwt_issuer, &failed);
    access->jwt.claims.audience = keep(arena, config->jwt_audience, &failed);
    access->jwt.claims.require = keep(arena, config->jwt_require, &failed);
    keep_admin_claims(access, config->admin_claim, &failed);
    static_token_init(&access->admin, config->admin_token);
    static_token_init(&access->read, config->read_token);
    static_token_init(&access->ingest, config->ingest_token);
    if (failed)
        return false;
    access->jwt_trouble = jwt_rules_trouble(&access->jwt);
    if (access->jwt_trouble == NULL)
        access->jwt_trouble = claim_trouble(access);
    return true;
}

int access_new(const struct config *config, struct access **ret, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new(ACCESS_BYTES);
    struct access *access = arena == NULL ? NULL : arena_alloc(arena, sizeof(*access));
    int code;

    if (access == NULL)
        return error_set(err, ENOMEM, "access: out of memory");
    access->arena = arena;
    if (!access_fill(access, config))
        return error_set(err, ENOMEM, "access: keys and rules: out of memory, or over 64 KiB");
    code = admission_new(&access->admission, err);
    if (code != 0)
        return code;
    arena = NULL;
    *ret = access;
    return 0;
}

void access_free(struct access **access)
{
    struct arena *arena;

    if (*access == NULL)
        return;
    admission_free(&(*access)->admission);
    arena = (*access)->arena; /* freeing it takes the struct along */
    arena_free(&arena);
    *access = NULL;
}

static struct access_answer answer(enum access_verdict verdict, const char *message)
{
    return (struct access_answer){ .verdict = verdict, .message = message };
}

/* A subject that is too long for the books is cut between two characters. */
static struct access_answer granted(const char *subject)
{
    struct access_answer granted = { .verdict = ACCESS_GRANTED };
    size_t length;

    (void)snprintf(granted.subject, sizeof(granted.subject), "%s", subject);
    length = strlen(granted.subject);
    while (length > 0 && !utf8_valid((struct slice){ granted.subject, length }))
        granted.subject[--length] = '\0';
    return granted;
}

/* The token of "Bearer TOKEN"; empty when the header is anything else. */
static struct slice bearer_token(struct slice authorization)
{
    struct slice rest = slice_trim(authorization);
    struct slice scheme = slice_cut(&rest, ' ');

    if (!slice_equals_nocase(scheme, SLICE("Bearer")))
        return (struct slice){ NULL, 0 };
    return slice_trim(rest);
}

static bool is_admin(const struct access *access, const json_t *claims)
{
    for (int i = 0; i < ADMIN_CLAIMS && access->admin_claims[i] != NULL; i++) {
        if (claims_hold(claims, access->admin_claims[i]))
            return true;
    }
    return false;
}

static struct access_answer let_in(const struct admission_pass *pass)
{
    return granted(pass->subject[0] == '\0' ? admin_token : pass->subject);
}

/* The signature is the dear part, and whose token it is shows only behind it. */
static struct access_answer judge_signature(const struct access *access, struct slice token,
                                            int64_t now_s, struct admission_pass *pass)
{
    AUTO(jwt_claims_free) json_t *claims = NULL;
    int64_t started_us;
    const char *subject;
    const char *why;

    if (!admission_has_time(access->admission, clock_boot_ms()))
        return answer(ACCESS_BUSY, "more tokens come than can be verified: try again in a second; "
                                   "a static token (PROBITY_ADMIN_TOKEN) is not held up");
    started_us = clock_thread_us();
    why = jwt_verify(&access->jwt, token, now_s, &claims);
    admission_spend(access->admission, clock_thread_us() - started_us);
    if (why != NULL)
        return answer(ACCESS_UNAUTHENTICATED, why);
    if (!is_admin(access, claims))
        return answer(ACCESS_FORBIDDEN,
                      "the token is valid, but lacks the claim of an admin (PROBITY_ADMIN_CLAIM)");
    subject = json_string_value(json_object_get(claims, "sub"));
    (void)snprintf(pass->subject, sizeof(pass->subject), "%s", subject == NULL ? "" : subject);
    pass->from_s = now_s;
    pass->until_s = claims_until_s(claims);
    admission_remember(access->admission, pass);
    return let_in(pass);
}

static struct access_answer judge_jwt(const struct access *access, struct slice token,
                                      const unsigned char digest[SHA256_DIGEST_LENGTH],
                                      int64_t now_s)
{
    struct admission_pass pass = { .until_s = 0 };

    /* Another way in is configured, so a stranger need not hear what is wrong with this one. */
    if (access->jwt_trouble != NULL)
        return answer(ACCESS_UNAUTHENTICATED, "the token is none of those that are accepted here");
    if (admission_recall(access->admission, digest, now_s, &pass))
        return let_in(&pass);
    memcpy(pass.digest, digest, sizeof(pass.digest));
    return judge_signature(access, token, now_s, &pass);
}

static struct access_answer judge_ingest_token(enum access_need need)
{
    if (need == ACCESS_INGEST)
        return granted("ingest token");
    return answer(need == ACCESS_READ ? ACCESS_UNAUTHENTICATED : ACCESS_FORBIDDEN,
                  "this token may only post events");
}

static struct access_answer judge_token(const struct access *access, enum access_need need,
                                        struct slice token, int64_t now_s)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct access_answer verdict;

    if (token.length == 0)
        return answer(ACCESS_UNAUTHENTICATED,
                      "a token is needed: send it as \"Authorization: Bearer TOKEN\"");
    if (token.length > LIMIT_TOKEN_BYTES)
        return answer(ACCESS_UNAUTHENTICATED, "the token is longer than 8192 bytes");
    (void)SHA256((const unsigned char *)token.data, token.length, digest);
    if (static_token_is(&access->admin, digest))
        return granted(admin_token);
    if (static_token_is(&access->read, digest))
        return need == ACCESS_READ
                   ? granted("read token")
                   : answer(ACCESS_FORBIDDEN, "this token may only read /metrics and /slo");
    if (static_token_is(&access->ingest, digest))
        return judge_ingest_token(need);
    verdict = judge_jwt(access, token, digest, now_s);
    /* Reading is for the read token and for admins; anybody else is nobody there. */
    if (need == ACCESS_READ && verdict.verdict == ACCESS_FORBIDDEN)
        verdict.verdict = ACCESS_UNAUTHENTICATED;
    return verdict;
}

/* Why nobody can be let in for this need, or NULL. */
static const char *need_trouble(const struct access *access, enum access_need need)
{
    if (need == ACCESS_READ)
        return access->read.usable ? NULL : short_read_token;
    /* Closed until somebody opens it, for admins too: who posts decides what the figures say. */
    if (need == ACCESS_INGEST && !access->ingest.usable)
        return access->ingest.set ? short_ingest_token : no_ingest_token;
    if (need == ACCESS_INGEST)
        return NULL;
    if (access->admin.usable || access->jwt_trouble == NULL)
        return NULL;
    return access->admin.set ? short_admin_token : access->jwt_trouble;
}

void access_diagnose(const struct access *access, config_say_fn say, void *context)
{
    /* Without a key for JWTs the admin token alone is a choice, not a fault. */
    if (access->jwt_trouble != NULL && (access->jwt.key.length > 0 || !access->admin.set))
        say(context, LOG_LEVEL_WARNING, access->jwt_trouble);
    if (access->admin.set && !access->admin.usable)
        say(context, LOG_LEVEL_WARNING, short_admin_token);
    if (access->read.set && !access->read.usable)
        say(context, LOG_LEVEL_WARNING, short_read_token);
    if (access->ingest.set && !access->ingest.usable)
        say(context, LOG_LEVEL_WARNING, short_ingest_token);
}

struct access_answer access_judge(const struct access *access, enum access_need need,
                                  struct slice authorization, int64_t now_s)
{
    const char *trouble;

    if (need == ACCESS_PUBLIC || (need == ACCESS_READ && !access->read.set))
        return answer(ACCESS_GRANTED, NULL);
    trouble = need_trouble(access, need);
    if (trouble != NULL)
        return answer(ACCESS_NOT_CONFIGURED, trouble);
    return judge_token(access, need, bearer_token(authorization), now_s);
}
