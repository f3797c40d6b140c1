/* admission.c - a bucket of microseconds, and a ring of passes. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "auth/admission.h"

#include "base/limits.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>

struct admission {
    pthread_mutex_t mutex; /* of everything below; held for a look or a copy */
    int64_t left_us;       /* below 0 where several verified at once: it is paid back */
    int64_t filled_at_ms;
    struct admission_pass passes[LIMIT_ADMISSIONS];
    int next;
};

int admission_new(struct admission **ret, struct error *err)
{
    struct admission *admission = calloc(1, sizeof(*admission));

    if (admission == NULL)
        return error_set(err, ENOMEM, "access: out of memory");
    (void)pthread_mutex_init(&admission->mutex, NULL);
    admission->left_us = ADMISSION_BURST_US;
    *ret = admission;
    return 0;
}

void admission_free(struct admission **admission)
{
    if (*admission == NULL)
        return;
    (void)pthread_mutex_destroy(&(*admission)->mutex);
    free(*admission);
    *admission = NULL;
}

/* What came in since the last look, a second's worth at most. */
static void fill(struct admission *admission, int64_t now_ms)
{
    int64_t passed_ms = now_ms - admission->filled_at_ms;

    if (passed_ms > 1000)
        passed_ms = 1000;
    if (passed_ms > 0)
        admission->left_us += passed_ms * ADMISSION_US_PER_S / 1000;
    if (admission->left_us > ADMISSION_BURST_US)
        admission->left_us = ADMISSION_BURST_US;
    admission->filled_at_ms = now_ms;
}

bool admission_has_time(struct admission *admission, int64_t now_ms)
{
    bool has_time;

    (void)pthread_mutex_lock(&admission->mutex);
    fill(admission, now_ms);
    has_time = admission->left_us > 0;
    (void)pthread_mutex_unlock(&admission->mutex);
    return has_time;
}

void admission_spend(struct admission *admission, int64_t cost_us)
{
    (void)pthread_mutex_lock(&admission->mutex);
    admission->left_us -= cost_us;
    (void)pthread_mutex_unlock(&admission->mutex);
}

void admission_remember(struct admission *admission, const struct admission_pass *pass)
{
    struct admission_pass *kept;

    (void)pthread_mutex_lock(&admission->mutex);
    kept = &admission->passes[admission->next];
    admission->next = (admission->next + 1) % LIMIT_ADMISSIONS;
    *kept = *pass;
    if (kept->until_s > kept->from_s + ADMISSION_KEEP_S)
        kept->until_s = kept->from_s + ADMISSION_KEEP_S;
    (void)pthread_mutex_unlock(&admission->mutex);
}

bool admission_recall(struct admission *admission, const unsigned char digest[SHA256_DIGEST_LENGTH],
                      int64_t now_s, struct admission_pass *ret)
{
    bool found = false;

    (void)pthread_mutex_lock(&admission->mutex);
    for (int i = 0; i < LIMIT_ADMISSIONS && !found; i++) {
        const struct admission_pass *pass = &admission->passes[i];

        found = now_s >= pass->from_s && now_s < pass->until_s
                && CRYPTO_memcmp(pass->digest, digest, SHA256_DIGEST_LENGTH) == 0;
        if (found)
            *ret = *pass;
    }
    (void)pthread_mutex_unlock(&admission->mutex);
    return found;
}
