/* fuzz_jwt.c - any bytes as an Authorization header: nobody gets in, nothing breaks. */
/* SPDX-License-Identifier: MIT */
#include "auth/access.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t length);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t length)
{
    static const struct config config = { .jwt_secret = "a secret that no fuzzer will ever guess",
                                          .admin_token = "nor will it find this static token",
                                          .admin_claim = "role=admin" };
    AUTO(access_free) struct access *access = NULL; /* with a whole allowance for signatures */
    struct slice header = { (const char *)data, length };

    if (access_new(&config, &access, NULL) != 0)
        abort();
    if (access_judge(access, ACCESS_ADMIN, header, 1800000000).verdict == ACCESS_GRANTED)
        abort();
    return 0;
}
