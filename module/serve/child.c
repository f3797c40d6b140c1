/* child.c - fork(2), and what stands between it and execve(2). */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILES_MAX = 65536 };

static void raise_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_MAX)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_MAX ? limit.rlim_max : FILES_MAX;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Dispositions that were ignored would stay so; handlers execve(2) takes away. */
static void reset_signals(bool unblock)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)sigemptyset(&none);
    if (unblock)
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: nothing here may take a lock, for another thread may hold it for ever. */
static void become(const struct child_program *program, pid_t parent, int trouble_fd)
{
    int code;

    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, program->death_signal, 0, 0, 0);
    if (getppid() != parent)
        _exit(127);
    if (!program->reads_input) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (null >= 0)
            (void)dup2(null, STDIN_FILENO);
    }
    if (program->output_fd >= 0) {
        (void)dup2(program->output_fd, STDOUT_FILENO);
        (void)dup2(program->output_fd, STDERR_FILENO);
    }
    if (program->many_files)
        raise_files();
    reset_signals(!program->waits_for_signals);
    (void)execvpe(program->argv[0], (char *const *)(uintptr_t)program->argv, program->environment);
    code = errno;
    (void)!write(trouble_fd, &code, sizeof(code));
    _exit(127);
}

/* The pipe closes when the program is executed, and holds an errno when it can't be. */
static int read_trouble(int fd)
{
    int code = 0;
    ssize_t length;

    do
        length = read(fd, &code, sizeof(code));
    while (length < 0 && errno == EINTR);
    return length == (ssize_t)sizeof(code) ? code : 0;
}

int child_start(const struct child_program *program, pid_t *ret, struct error *err)
{
    AUTO(auto_close) int reader = -1;
    AUTO(auto_close) int writer = -1;
    pid_t parent = getpid();
    int pipe_fds[2];
    pid_t pid;
    int code;

    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return error_set(err, errno, "%.100s: pipe: %s", program->argv[0], strerror(errno));
    reader = pipe_fds[0];
    writer = pipe_fds[1];
    pid = fork();
    if (pid < 0)
        return error_set(err, errno, "%.100s: fork: %s", program->argv[0], strerror(errno));
    if (pid == 0)
        become(program, parent, writer);
    auto_close(&writer);
    code = read_trouble(reader);
    if (code != 0)
        return error_set(err, code, "%.100s: can't be executed: %s", program->argv[0],
                         strerror(code));
    *ret = pid;
    return 0;
}

static bool is_changed(const char *variable, const char *const *changes)
{
    size_t length = strcspn(variable, "=") + 1;

    for (; *changes != NULL; changes++) {
        if (strncmp(variable, *changes, length) == 0)
            return true;
    }
    return false;
}

char **child_environment(char *const *base, const char *const *changes)
{
    size_t count = 1;
    char **made;
    char **at;

    for (char *const *variable = base; *variable != NULL; variable++)
        count++;
    for (const char *const *change = changes; *change != NULL; change++)
        count++;
    made = calloc(count, sizeof(*made));
    at = made;
    for (; made != NULL && *base != NULL; base++) {
        if (!is_changed(*base, changes))
            *at++ = *base;
    }
    for (; made != NULL && *changes != NULL; changes++)
        *at++ = (char *)(uintptr_t)*changes;
    return made;
}
