/* alone.h - the main() of a fuzzer where there is no libFuzzer: it runs the files that the command
 * line names, or noise of the fuzzer's own when there are none. */
#ifndef FUZZ_ALONE_H
#define FUZZ_ALONE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { ALONE_FILE_BYTES = 2 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Each fuzzer's own: something good with a few bytes changed, again and again. */
static void run_noise(void);

static int run_file(const char *name)
{
    static uint8_t bytes[ALONE_FILE_BYTES];
    FILE *file = fopen(name, "re");

    if (file == NULL)
        return 1;
    (void)LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof(bytes), file));
    return fclose(file) != 0;
}

int main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++)
        failed |= run_file(argv[i]);
    if (argc == 1)
        run_noise();
    return failed;
}

#endif
