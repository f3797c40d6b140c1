/* claims.c - times, issuer, audience, and claims with a value. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/claims.h"

#include "base/slice.h"

enum time_claim { TIME_ABSENT, TIME_GIVEN, TIME_UNREADABLE };

/* RFC 7519 lets a NumericDate have a fraction; rounded down, a token never lives longer than it
 * says.  A double holds whole seconds exactly up to 2^53. */
static enum time_claim read_time(const json_t *claims, const char *name, int64_t *ret_s)
{
    const double largest = 9007199254740992.0;
    const json_t *value = json_object_get(claims, name);

    if (value == NULL)
        return TIME_ABSENT;
    if (json_is_integer(value)) {
        *ret_s = json_integer_value(value);
    } else if (json_is_real(value) && json_real_value(value) >= 0
               && json_real_value(value) < largest) {
        *ret_s = (int64_t)json_real_value(value);
    } else {
        return TIME_UNREADABLE;
    }
    /* Beyond any date, and room to add the leeway. */
    if (*ret_s < 0 || *ret_s > INT64_MAX - CLAIMS_LEEWAY_S)
        return TIME_UNREADABLE;
    return TIME_GIVEN;
}

static const char *judge_times(const json_t *claims, int64_t now_s)
{
    static const char *const not_before[] = { "nbf", "iat" };
    int64_t time_s = 0;

    switch (read_time(claims, "exp", &time_s)) {
    case TIME_ABSENT:
        return "the token has no exp: only tokens that expire are accepted";
    case TIME_UNREADABLE:
        return "the token's exp is no time in seconds";
    case TIME_GIVEN:
        break;
    }
    if (now_s >= time_s + CLAIMS_LEEWAY_S)
        return "the token has expired: get a new one";
    for (size_t i = 0; i < ARRAY_LENGTH(not_before); i++) {
        enum time_claim given = read_time(claims, not_before[i], &time_s);

        if (given == TIME_UNREADABLE)
            return "the token's nbf or iat is no time in seconds";
        if (given == TIME_GIVEN && now_s < time_s - CLAIMS_LEEWAY_S)
            return "the token is not valid yet: do the clocks agree?";
    }
    return NULL;
}

int64_t claims_until_s(const json_t *claims)
{
    int64_t expires_s = 0;

    return read_time(claims, "exp", &expires_s) == TIME_GIVEN ? expires_s + CLAIMS_LEEWAY_S : 0;
}

static bool is_text(const json_t *value, struct slice text)
{
    return json_is_string(value)
           && slice_equals((struct slice){ json_string_value(value), json_string_length(value) },
                           text);
}

/* A string, or an array with that string. */
static bool has_text(const json_t *value, struct slice text)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (is_text(json_array_get(value, i), text))
            return true;
    }
    return is_text(value, text);
}

static bool has_word(const json_t *value, struct slice word)
{
    struct slice rest = slice_of(json_string_value(value));

    while (rest.length > 0) {
        if (slice_equals(slice_cut(&rest, ' '), word))
            return true;
    }
    return false;
}

bool claims_hold(const json_t *claims, const char *rule)
{
    struct slice wanted = slice_of(rule);
    struct slice name = slice_cut(&wanted, '=');
    const json_t *value = json_object_getn(claims, name.data, name.length);

    if (value == NULL || wanted.length == 0)
        return false;
    if (json_is_boolean(value))
        return slice_equals_text(wanted, json_is_true(value) ? "true" : "false");
    /* Only these two are lists by definition (RFC 8693 section 4.2); a role is one role. */
    if (slice_equals_text(name, "scope") || slice_equals_text(name, "scp"))
        return has_text(value, wanted) || has_word(value, wanted);
    return has_text(value, wanted);
}

const char *claims_judge(const json_t *claims, const struct claims_rules *rules, int64_t now_s)
{
    const char *why = judge_times(claims, now_s);

    if (why != NULL)
        return why;
    if (rules->issuer != NULL && !is_text(json_object_get(claims, "iss"), slice_of(rules->issuer)))
        return "the token's issuer is not the one that JWT_ISSUER names";
    if (rules->audience != NULL
        && !has_text(json_object_get(claims, "aud"), slice_of(rules->audience)))
        return "the token is for another audience than JWT_AUDIENCE names";
    if (rules->require != NULL && !claims_hold(claims, rules->require))
        return "the token lacks the claim that PROBITY_JWT_REQUIRE asks for";
    return NULL;
}
