/* test_claims.c - module/auth/claims.c */
/* SPDX-License-Identifier: MIT */
#include "auth/claims.h"

#include "suite.h"

#include <string.h>

static const int64_t now_s = 1000000;

START_TEST(claims_are_in_force_from_nbf_to_exp_with_leeway)
{
    static const struct {
        const char *claims;
        const char *refused; /* a word of why; NULL: in force */
    } cases[] = {
        { "{\"exp\": 1000001}", NULL },
        { "{\"exp\": 999971}", NULL },      /* 29 s over, within the leeway */
        { "{\"exp\": 999970}", "expired" }, /* 30 s over */
        { "{\"exp\": 1}", "expired" },
        { "{}", "no exp" },
        { "{\"exp\": null}", "no time" },
        { "{\"exp\": \"1000001\"}", "no time" },
        { "{\"exp\": true}", "no time" },
        { "{\"exp\": -1}", "no time" },
        { "{\"exp\": 9223372036854775807}", "no time" },
        { "{\"exp\": 1000001.5}", NULL },     /* a NumericDate may have a fraction */
        { "{\"exp\": 999970.9}", "expired" }, /* which lengthens nothing */
        { "{\"exp\": 1e300}", "no time" },
        { "{\"exp\": 1000001, \"nbf\": 1000030}", NULL },
        { "{\"exp\": 1000100, \"nbf\": 1000031}", "not valid yet" },
        { "{\"exp\": 1000100, \"nbf\": 4102444800.5}", "not valid yet" },
        { "{\"exp\": 1000100, \"nbf\": \"x\"}", "no time" },
        { "{\"exp\": 1000100, \"iat\": 1000030}", NULL },
        { "{\"exp\": 1000100, \"iat\": 1000031}", "not valid yet" },
        { "{\"exp\": 1000100, \"iat\": []}", "no time" },
    };
    static const struct claims_rules rules = { 0 };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *claims = json_loads(cases[i].claims, 0, NULL);
        const char *why = claims_judge(claims, &rules, now_s);

        if (cases[i].refused == NULL)
            ck_assert_msg(why == NULL, "%s: %s", cases[i].claims, why == NULL ? "" : why);
        else
            ck_assert_msg(why != NULL && strstr(why, cases[i].refused) != NULL, "%s: %s",
                          cases[i].claims, why == NULL ? "accepted" : why);
        json_decref(claims);
    }
}
END_TEST

START_TEST(claims_must_keep_the_rules_that_are_set)
{
    static const struct {
        struct claims_rules rules;
        const char *claims; /* without exp */
        int ok;
    } cases[] = {
        { { .issuer = "https://me" }, "\"iss\": \"https://me\"", 1 },
        { { .issuer = "https://me" }, "\"iss\": \"https://me/\"", 0 },
        { { .issuer = "https://me" }, "\"iss\": [\"https://me\"]", 0 },
        { { .issuer = "https://me" }, "\"sub\": \"x\"", 0 },
        { { .audience = "ops" }, "\"aud\": \"ops\"", 1 },
        { { .audience = "ops" }, "\"aud\": [\"web\", \"ops\"]", 1 },
        { { .audience = "ops" }, "\"aud\": [\"web\"]", 0 },
        { { .audience = "ops" }, "\"aud\": []", 0 },
        { { .audience = "ops" }, "\"aud\": 7", 0 },
        { { .audience = "ops" }, "\"sub\": \"x\"", 0 },
        { { .require = "type=access" }, "\"type\": \"access\"", 1 },
        { { .require = "type=access" }, "\"type\": \"refresh\"", 0 },
        { { .require = "type=access" }, "\"sub\": \"x\"", 0 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128];
        json_t *claims;

        snprintf(text, sizeof(text), "{\"exp\": 2000000, %s}", cases[i].claims);
        claims = json_loads(text, 0, NULL);
        ck_assert_msg((claims_judge(claims, &cases[i].rules, now_s) == NULL) == cases[i].ok, "%s",
                      text);
        json_decref(claims);
    }
}
END_TEST

START_TEST(claims_hold_a_value_in_each_of_the_usual_shapes)
{
    static const struct {
        const char *rule, *claims;
        int holds;
    } cases[] = {
        { "role=admin", "{\"role\": \"admin\"}", 1 },
        { "role=admin", "{\"role\": \"administrator\"}", 0 },
        { "role=admin", "{\"role\": \"Admin\"}", 0 },
        { "role=admin", "{\"role\": \"no admin\"}", 0 }, /* a role is no list of words */
        { "role=admin", "{\"role\": [\"user\", \"admin\"]}", 1 },
        { "role=admin", "{\"role\": [\"user\"]}", 0 },
        { "role=admin", "{\"role\": [[\"admin\"]]}", 0 },
        { "role=admin", "{\"role\": {\"admin\": true}}", 0 },
        { "role=admin", "{\"role\": true}", 0 },
        { "role=admin", "{\"roles\": \"admin\"}", 0 },
        { "scope=admin", "{\"scope\": \"read admin write\"}", 1 },
        { "scope=admin", "{\"scope\": \"read:admin\"}", 0 },
        { "scp=admin", "{\"scp\": [\"read\", \"admin\"]}", 1 },
        { "is_admin=true", "{\"is_admin\": true}", 1 },
        { "is_admin=true", "{\"is_admin\": false}", 0 },
        { "is_admin=true", "{\"is_admin\": 1}", 0 },
        { "is_admin=false", "{\"is_admin\": false}", 1 },
        { "role=", "{\"role\": \"\"}", 0 },
        { "role", "{\"role\": \"\"}", 0 },
        { "a=b=c", "{\"a\": \"b=c\"}", 1 },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *claims = json_loads(cases[i].claims, 0, NULL);

        ck_assert_msg(claims_hold(claims, cases[i].rule) == cases[i].holds, "%s in %s",
                      cases[i].rule, cases[i].claims);
        json_decref(claims);
    }
}
END_TEST

TCase *claims_cases(void)
{
    TCase *cases = tcase_create("claims");

    tcase_add_test(cases, claims_are_in_force_from_nbf_to_exp_with_leeway);
    tcase_add_test(cases, claims_must_keep_the_rules_that_are_set);
    tcase_add_test(cases, claims_hold_a_value_in_each_of_the_usual_shapes);
    return cases;
}
