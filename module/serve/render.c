/* render.c - templates in, files out. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/render.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/folder.h"
#include "serve/template.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    FILE_MAX_BYTES = 1024 * 1024, /* a gateway's template has some KiB for each of its services */
    WORKERS_MAX = 4, /* each passes on tens of thousands of requests a second, and costs memory */
    CONNECTIONS_MAX = 4096,
    CONNECTIONS_MIN = 64,
    DESCRIPTORS_SPARE = 32, /* logs, listeners, channels */
    USER_BYTES = 128,
};

static int write_file(const char *folder, const char *name, const struct buf *text,
                      struct error *err)
{
    char path[PATH_MAX + 32];
    char fresh[PATH_MAX + 40];
    AUTO(auto_close) int fd = -1;
    bool written;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    errno = 0; /* a write that is cut short leaves it: the disk is full */
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    written = fd >= 0 && write(fd, text->data, text->length) == (ssize_t)text->length
              && rename(fresh, path) == 0;
    if (written)
        return 0;
    return error_set(err, errno == 0 ? ENOSPC : errno, "%.150s: can't be written: %s", path,
                     strerror(errno == 0 ? ENOSPC : errno));
}

/* As root nginx gives its workers to somebody else, who must be able to use probityd's socket: that
 * is its group's.  NULL: nginx is not root, and the directive would be a warning. */
static const char *user_words(char words[USER_BYTES])
{
    const struct passwd *user = getpwnam("www-data");
    const struct group *group = getgrgid(getegid());

    if (geteuid() != 0)
        return NULL;
    if (user == NULL)
        user = getpwnam("nobody");
    if (user == NULL || group == NULL)
        (void)snprintf(words, USER_BYTES, "root");
    else
        (void)snprintf(words, USER_BYTES, "%.60s %.60s", user->pw_name, group->gr_name);
    return words;
}

static int64_t connections(const struct render_host *host)
{
    int64_t count = host->descriptors - DESCRIPTORS_SPARE;

    if (count > CONNECTIONS_MAX)
        count = CONNECTIONS_MAX;
    return count < CONNECTIONS_MIN ? CONNECTIONS_MIN : count;
}

static int render_template(const struct site *site, const struct render_host *host,
                           struct arena *arena, struct error *err)
{
    AUTO(buf_done) struct buf out;
    const struct container_config *container = &site->config->container;
    char port[24], workers[24], slots[24], shutdown[24], user[USER_BYTES];
    const struct template_value values[] = {
        { "CONNECTIONS", slots },
        { "IPV4", host->has_ipv4 ? "on" : NULL },
        { "IPV6", host->has_ipv6 ? "on" : NULL },
        { "LOG_DIR", container->log_dir },
        { "PATH_PREFIX", site->prefix },
        { "PORT", port },
        { "RUN_DIR", site->run_dir },
        { "SHUTDOWN_MS", shutdown },
        { "UPSTREAM", host->upstream[0] == '\0' ? NULL : host->upstream },
        { "USER", user_words(user) },
        { "WORKERS", workers },
    };
    struct slice text;
    struct error trouble = { 0 };
    int code = folder_read_file(site->template, FILE_MAX_BYTES, arena, &text, err);

    buf_init(&out, FILE_MAX_BYTES);
    if (code != 0)
        return code;
    (void)snprintf(port, sizeof(port), "%d", (int)container->port);
    (void)snprintf(workers, sizeof(workers), "%d",
                   host->processors > WORKERS_MAX ? WORKERS_MAX : host->processors);
    (void)snprintf(slots, sizeof(slots), "%lld", (long long)connections(host));
    (void)snprintf(shutdown, sizeof(shutdown), "%lld", (long long)container->shutdown_ms);
    code = template_fill(text, values, (int)ARRAY_LENGTH(values), &out, &trouble);
    if (code != 0)
        return error_set(err, -code, "%.120s: %s", site->template, trouble.text);
    return write_file(site->run_dir, "nginx.conf", &out, err);
}

struct include {
    const char *path;
    const char *name;
    const struct template_mark *marks;
    int count;
};

static int render_include(const struct site *site, const struct include *include,
                          struct arena *arena, struct error *err)
{
    AUTO(buf_done) struct buf out;
    struct slice text;
    struct error trouble = { 0 };
    int code = folder_read_file(include->path, FILE_MAX_BYTES, arena, &text, err);

    buf_init(&out, FILE_MAX_BYTES);
    if (code != 0)
        return code;
    code = template_replace(text, include->marks, include->count, &out, &trouble);
    if (code != 0)
        return error_set(err, -code, "%.120s: %s", include->path, trouble.text);
    return write_file(site->run_dir, include->name, &out, err);
}

static int render_includes(const struct site *site, struct arena *arena, struct error *err)
{
    char socket[PATH_MAX + 8], log[PATH_MAX + 16], location[160], allow[160];
    const struct template_mark http[] = {
        { "unix:/run/probity/probity.sock", socket, 2 },
        { "\"~^405 /", allow, 6 },
    };
    const struct template_mark server[] = {
        { "/var/log/nginx/probity.log probity_own", log, 3 },
        { "location ~ ^(?<probity_path>/", location, 1 },
        /* That probityd is not there yet, or was restarted, is said by us and not for every probe;
         * the requests stand in probity.log. */
        { "    gzip off;\n", "    gzip off;\n    error_log stderr emerg;\n", 1 },
    };
    int code;

    (void)snprintf(socket, sizeof(socket), "unix:%s", site->config->listen_path);
    (void)snprintf(log, sizeof(log), "%s/probity.log probity_own", site->config->container.log_dir);
    (void)snprintf(location, sizeof(location), "location ~ ^%s(?<probity_path>/", site->prefix);
    (void)snprintf(allow, sizeof(allow), "\"~^405 %s/", site->prefix);
    code = render_include(
        site, &(struct include){ site->http_include, "probity-http.conf", http, 2 }, arena, err);
    if (code != 0)
        return code;
    return render_include(
        site, &(struct include){ site->server_include, "probity-server.conf", server, 3 }, arena,
        err);
}

int render(const struct site *site, const struct render_host *host, struct error *err)
{
    AUTO(arena_free) struct arena *arena = arena_new((size_t)4 * FILE_MAX_BYTES);
    int code;

    if (arena == NULL)
        return error_set(err, ENOMEM, "nginx.conf: out of memory");
    code = render_template(site, host, arena, err);
    return code == 0 ? render_includes(site, arena, err) : code;
}

/* A disk that is full takes the courtesy away, not the drain. */
void render_draining(const struct site *site, bool draining)
{
    char path[PATH_MAX + 16];
    AUTO(auto_close) int fd = -1;

    (void)snprintf(path, sizeof(path), "%s/draining", site->run_dir);
    if (draining)
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    else
        (void)unlink(path);
}
