/* asker.c - a few names for each network namespace, held by abstract sockets. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "cli/asker.h"

#include "base/auto.h"
#include "base/buf.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    NAMES = 8, /* probes of one container at the same time: health, readiness and liveness */
    SEED_BYTES = 256,
    DIGEST_BYTES = 32,
};

/* The kernel ends the hold with the process, however that ends. */
static int hold(int number)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    AUTO(auto_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
                          "probity-probe-celery-%d", number);
    int held = fd;

    if (fd < 0
        || bind(fd, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length))
               != 0)
        return -1;
    fd = -1;
    return held;
}

/* The kernel's boot and the namespace: other containers may have the same host name. */
static int write_seed(int number, char seed[SEED_BYTES])
{
    AUTO(auto_close) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    char boot[64];
    char space[64];
    ssize_t boot_length = fd < 0 ? -1 : read(fd, boot, sizeof(boot));
    ssize_t space_length = readlink("/proc/self/ns/net", space, sizeof(space));

    if (boot_length <= 0 || space_length <= 0)
        return -1;
    return snprintf(seed, SEED_BYTES, "probity probe celery %d %.*s %.*s", number, (int)boot_length,
                    boot, (int)space_length, space);
}

static void write_name(const unsigned char digest[DIGEST_BYTES], char name[RANDOM_UUID_BYTES])
{
    /* Version 8 (RFC 9562): made of something else than time or chance. */
    (void)snprintf(name, RANDOM_UUID_BYTES,
                   "%02x%02x%02x%02x-%02x%02x-8%01x%02x-8%01x%02x-%02x%02x%02x%02x%02x%02x",
                   digest[0], digest[1], digest[2], digest[3], digest[4], digest[5],
                   digest[6] & 0x0f, digest[7], digest[8] & 0x0f, digest[9], digest[10], digest[11],
                   digest[12], digest[13], digest[14], digest[15]);
}

int asker_take_name(char name[RANDOM_UUID_BYTES])
{
    unsigned char digest[DIGEST_BYTES];
    char seed[SEED_BYTES];
    int fd = -1;

    for (int number = 0; number < NAMES && fd < 0; number++) {
        int length = write_seed(number, seed);

        if (length < 0)
            break;
        fd = hold(number);
        if (fd >= 0 && EVP_Digest(seed, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1) {
            write_name(digest, name);
            return fd;
        }
    }
    auto_close(&fd);
    random_uuid(name);
    return -1;
}
