/* site.c - looks for files, and takes addresses apart. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "serve/site.h"

#include "base/slice.h"
#include "config/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The build says where its files go; who only looks at the sources does not. */
#ifndef NGINX_FOLDER
#define NGINX_FOLDER "/usr/local/share/" PACKAGE "/nginx"
#endif

__attribute__((format(printf, 2, 3))) static bool put_path(char path[PATH_MAX], const char *format,
                                                           ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(path, PATH_MAX, format, args);
    va_end(args);
    return length > 0 && length < PATH_MAX;
}

/* Cuts a path before its last slash; what has none is in ".". */
static void cut_folder(char path[PATH_MAX])
{
    char *slash = strrchr(path, '/');

    if (slash == NULL)
        (void)put_path(path, ".");
    else
        slash[slash == path ? 1 : 0] = '\0';
}

/* --- programs --- */

static bool is_program(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* In the folders of a list as $PATH has it. */
static bool find_program(struct slice folders, const char *name, char ret[PATH_MAX])
{
    while (folders.length > 0) {
        struct slice folder = slice_cut(&folders, ':');

        if (folder.length > 0 && put_path(ret, "%.*s/%s", (int)folder.length, folder.data, name)
            && is_program(ret))
            return true;
    }
    return false;
}

static int find_programs(struct site *site, struct error *err)
{
    char folder[PATH_MAX];
    char beside[PATH_MAX * 2 + 16];
    ssize_t length = readlink("/proc/self/exe", site->tool, sizeof(site->tool) - 1);

    if (length < 0)
        return error_set(err, errno, "/proc/self/exe: %s: is /proc mounted?", strerror(errno));
    site->tool[length] = '\0';
    (void)put_path(folder, "%s", site->tool);
    cut_folder(folder);
    if (!put_path(site->probityd, "%s/probityd", folder) || !is_program(site->probityd))
        return error_set(err, ENOENT, "%s: there is no such program beside probity: install both",
                         site->probityd);
    (void)snprintf(beside, sizeof(beside), "%s:%s/../sbin", folder, folder);
    if (!find_program(slice_of(beside), "nginx", site->nginx)
        && !find_program(slice_of(getenv("PATH")), "nginx", site->nginx)
        && !find_program(SLICE("/usr/sbin:/usr/local/sbin:/usr/bin:/sbin"), "nginx", site->nginx))
        return error_set(err, ENOENT, "nginx: is neither in PATH nor in /usr/sbin: install it");
    return 0;
}

/* --- templates --- */

static bool can_read(const char *path)
{
    return access(path, R_OK) == 0;
}

/* Beside a template of somebody's own first, then where the tree has been moved to, then where it
 * was to be installed. */
static int find_include(const struct site *site, const char *name, char ret[PATH_MAX],
                        struct error *err)
{
    char folder[PATH_MAX];

    if (site->config->container.nginx_template != NULL) {
        (void)put_path(folder, "%s", site->config->container.nginx_template);
        cut_folder(folder);
        if (put_path(ret, "%s/%s", folder, name) && can_read(ret))
            return 0;
    }
    (void)put_path(folder, "%s", site->tool);
    cut_folder(folder);
    if (put_path(ret, "%s/../share/" PACKAGE "/nginx/%s", folder, name) && can_read(ret))
        return 0;
    if (put_path(ret, "%s/%s", NGINX_FOLDER, name) && can_read(ret))
        return 0;
    return error_set(err, ENOENT,
                     "%s: is not there: make install brings it; else set PROBITY_NGINX_TEMPLATE to "
                     "nginx/nginx.conf.template of the sources",
                     ret);
}

static int find_templates(struct site *site, struct error *err)
{
    const char *own = site->config->container.nginx_template;
    int code = 0;

    if (own != NULL && (!put_path(site->template, "%s", own) || !can_read(own)))
        return error_set(err, ENOENT, "PROBITY_NGINX_TEMPLATE=%.80s: can't be read: %s", own,
                         strerror(errno));
    if (own == NULL)
        code = find_include(site, "nginx.conf.template", site->template, err);
    if (code == 0)
        code = find_include(site, "probity-http.conf", site->http_include, err);
    if (code == 0)
        code = find_include(site, "probity-server.conf", site->server_include, err);
    return code;
}

/* --- what stands in nginx's configuration --- */

/* What would end a word there, or be taken for a variable. */
static bool is_plain(const char *text)
{
    return strpbrk(text, " \t\r\n;{}'\"\\$#") == NULL;
}

static int refuse_upstream(const char *text, struct error *err)
{
    return error_set(err, EINVAL,
                     "PROBITY_UPSTREAM=%.80s: expected HOST:PORT such as 127.0.0.1:8000, or "
                     "unix:/path",
                     text);
}

static bool put_name(struct slice host, struct site *site)
{
    unsigned char address[sizeof(struct in6_addr)];

    if (host.length >= sizeof(site->upstream_name))
        return false;
    (void)snprintf(site->upstream_name, sizeof(site->upstream_name), "%.*s", (int)host.length,
                   host.data);
    if (inet_pton(AF_INET, site->upstream_name, address) == 1
        || inet_pton(AF_INET6, site->upstream_name, address) == 1)
        site->upstream_name[0] = '\0';
    return true;
}

/* Unlike a health address it may be written with or without its http://. */
int site_upstream(const char *text, struct site *site, struct error *err)
{
    struct slice rest = slice_of(text);
    struct slice host;
    uint16_t port = 0;
    bool has_colon;

    if (!is_plain(text))
        return refuse_upstream(text, err);
    if (slice_starts_with(rest, SLICE("unix:"))) {
        rest = (struct slice){ rest.data + 5, rest.length - 5 };
        while (slice_starts_with(rest, SLICE("//")))
            rest = (struct slice){ rest.data + 1, rest.length - 1 };
        if (rest.length < 2 || rest.data[0] != '/' || memchr(rest.data, ':', rest.length) != NULL)
            return refuse_upstream(text, err);
        (void)snprintf(site->upstream, sizeof(site->upstream), "unix:%.*s", (int)rest.length,
                       rest.data);
        site->upstream_port = 0;
        site->upstream_name[0] = '\0';
        return 0;
    }
    if (slice_starts_with(rest, SLICE("http://")))
        rest = (struct slice){ rest.data + 7, rest.length - 7 };
    if (rest.length > 0 && rest.data[rest.length - 1] == '/')
        rest.length--;
    if (memchr(rest.data, '/', rest.length) != NULL || url_split_host(rest, &host, &port) != NULL
        || port == 0 || host.length == 0)
        return refuse_upstream(text, err);
    has_colon = memchr(host.data, ':', host.length) != NULL;
    (void)snprintf(site->upstream, sizeof(site->upstream), "%s%.*s%s:%u", has_colon ? "[" : "",
                   (int)host.length, host.data, has_colon ? "]" : "", port);
    site->upstream_port = port;
    return put_name(host, site) ? 0 : refuse_upstream(text, err);
}

/* Where PROBITY_APP is asked for its health, the rest of the application is too; but one behind TLS
 * has a certificate and a name, which one address of a health check doesn't settle. */
static int app_upstream(struct site *site, struct error *err)
{
    const struct check_config *app = config_check(site->config, "app");
    char text[1100];

    if (app == NULL || app->misconfigured != NULL || app->kind != CHECK_HTTP
        || app->target.tls.wanted)
        return 0;
    if (app->target.socket_path != NULL)
        (void)snprintf(text, sizeof(text), "unix:%s", app->target.socket_path);
    else if (app->target.host == NULL)
        return 0;
    else if (strchr(app->target.host, ':') != NULL)
        (void)snprintf(text, sizeof(text), "[%s]:%u", app->target.host, app->target.port);
    else
        (void)snprintf(text, sizeof(text), "%s:%u", app->target.host, app->target.port);
    return site_upstream(text, site, err);
}

int site_prefix(const char *text, struct site *site, struct error *err)
{
    size_t length = text == NULL ? 0 : strlen(text);
    bool fits = length < sizeof(site->prefix) && (length == 0 || text[0] == '/');

    while (length > 0 && text[length - 1] == '/')
        length--;
    for (size_t i = 0; fits && i < length; i++)
        fits = isalnum((unsigned char)text[i]) || strchr("/_-", text[i]) != NULL;
    if (!fits)
        return error_set(
            err, EINVAL,
            "PROBITY_PATH_PREFIX=%.40s: expected a path such as /internal, of letters, "
            "digits, '-' and '_'",
            text);
    (void)snprintf(site->prefix, sizeof(site->prefix), "%.*s", (int)length,
                   text == NULL ? "" : text);
    return 0;
}

static int check_plain(const char *name, const char *value, struct error *err)
{
    if (is_plain(value) && value[0] == '/')
        return 0;
    return error_set(err, EINVAL,
                     "%s=%.80s: expected an absolute path without blanks, quotes, ; { } $ or #",
                     name, value);
}

static int find_addresses(struct site *site, struct error *err)
{
    const struct config *config = site->config;
    int code = check_plain("PROBITY_LISTEN", config->listen_path, err);

    if (code == 0)
        code = check_plain("PROBITY_LOG_DIR", config->container.log_dir, err);
    if (code == 0)
        code = site_prefix(config->container.path_prefix, site, err);
    if (code != 0)
        return code;
    (void)put_path(site->run_dir, "%s", config->listen_path);
    cut_folder(site->run_dir);
    (void)put_path(site->access_log, "%s/access.log", config->container.log_dir);
    return config->container.upstream != NULL ? site_upstream(config->container.upstream, site, err)
                                              : app_upstream(site, err);
}

/* Easily done where both are set from the same variable, and then every request comes back to nginx
 * until it has no connections left. */
static int refuse_own_port(const struct site *site, struct error *err)
{
    static const char *const own[] = { "127.0.0.1:", "localhost:", "[::1]:", "0.0.0.0:", "[::]:" };

    for (size_t i = 0; i < ARRAY_LENGTH(own); i++) {
        if (site->upstream_port == site->config->container.port
            && strncmp(site->upstream, own[i], strlen(own[i])) == 0)
            return error_set(
                err, EINVAL,
                "PROBITY_UPSTREAM (or PROBITY_APP) is %s, and that is nginx itself: the "
                "application has to listen at another port than PORT",
                site->upstream);
    }
    return 0;
}

int site_find(const struct config *config, struct site *ret, struct error *err)
{
    int code;

    memset(ret, 0, sizeof(*ret));
    ret->config = config;
    code = find_addresses(ret, err);
    if (code == 0)
        code = refuse_own_port(ret, err);
    if (code == 0)
        code = find_programs(ret, err);
    return code == 0 ? find_templates(ret, err) : code;
}

/* --- folders --- */

/* Like mkdir -p.  Returns 0, or why the last part of it could not be made. */
static int make_folder(const char *path)
{
    char part[PATH_MAX];

    (void)put_path(part, "%s", path);
    for (char *at = part + 1; *at != '\0'; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        (void)mkdir(part, 0755);
        *at = '/';
    }
    return mkdir(part, 0755) == 0 || errno == EEXIST ? 0 : errno;
}

static int prepare_folder(const char *name, const char *path, struct error *err)
{
    int code = make_folder(path);

    if (access(path, R_OK | W_OK | X_OK) == 0)
        return 0;
    /* Where it isn't there, what matters is why it could not be made. */
    code = errno == ENOENT && code != 0 ? code : errno;
    return error_set(
        err, code, "%s: %s can't be written: %s: mount %s there, or set %s", name, path,
        strerror(code),
        code == EACCES ? "something that this account may write" : "a tmpfs or a volume", name);
}

int site_prepare(const struct site *site, struct error *err)
{
    int code = prepare_folder("PROBITY_LISTEN", site->run_dir, err);

    if (code == 0)
        code = prepare_folder("PROBITY_LOG_DIR", site->config->container.log_dir, err);
    /* Without this one probityd does without, and says what that costs. */
    (void)make_folder(site->config->state_dir);
    return code;
}
