/* sheet_image.c - lines for Dockerfiles: the application's, and a worker's. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/materials.h"
#include "setup/notes.h"
#include "setup/sheet.h"
#include "setup/words.h"

#include <stdio.h>

#define FOLDERS "/run/probity /var/lib/probity /var/log/probity"

#define AND " \\\n    && "

/* How each family gets nginx and certificates: the one thing that the tree does not bring. */
static const char by_apt[] =
    "apt-get update" AND "apt-get install -y --no-install-recommends nginx ca-certificates" AND
    "rm -rf /var/lib/apt/lists/*" AND;
static const char by_apk[] = "apk add --no-cache nginx ca-certificates" AND;
static const char by_dnf[] = "dnf install -y nginx ca-certificates" AND "dnf clean all" AND;

static const char *const installs[] = {
    [IMAGE_DEBIAN] = by_apt, [IMAGE_ALPINE] = by_apk, [IMAGE_RED_HAT] = by_dnf,
    [IMAGE_BARE] = "",       [IMAGE_UNKNOWN] = "",
};

/* What the tree is built with. */
static const char *argument_of(const struct advice *advice)
{
    bool plain = advice->image != NULL && advice->image->has_our_glibc;

    return plain ? "" : "--build-arg BUNDLE=libc ";
}

static void append_copy(struct buf *buf)
{
    buf_append_text(buf, "COPY --from=probity-tree /opt/probity /opt/probity\n");
}

static void append_install(struct buf *buf, const struct survey *survey,
                           const struct advice *advice)
{
    enum image_family family = advice->image == NULL ? IMAGE_UNKNOWN : advice->image->family;
    const char *user = survey->user.text;

    if (family == IMAGE_UNKNOWN)
        buf_append_text(buf, "# Install nginx and certificates here, as this image does it.\n");
    if (user != NULL)
        buf_append_text(buf, "USER root\n");
    buf_printf(buf, "RUN %smkdir -p " FOLDERS, installs[family]);
    if (user != NULL)
        buf_printf(buf, " \\\n    && chown %s " FOLDERS "\nUSER %s", user, user);
    buf_append_text(buf, "\n");
}

static void append_command(struct buf *buf, struct survey *survey, const struct advice *advice)
{
    const struct words_move move = { advice->port_before, advice->port };
    bool replaces =
        survey->entry.where != NULL && !notes_runs_its_arguments(survey, &survey->entry);

    if (replaces)
        buf_append_text(buf, "ENTRYPOINT []\n");
    buf_append_text(buf, "CMD [\"probity\", \"serve\", \"--\"");
    if (replaces && advice->start == &survey->starts[SURVEY_BY_IMAGE])
        words_append(buf, &survey->entry, &move, WORDS_JSON);
    words_append(buf, advice->start, &move, WORDS_JSON);
    buf_append_text(buf, "]\n");
    if (advice->port_why != advice->start->where)
        buf_printf(buf,
                   "# The application gets PORT=%d; one that does not read it has to be told in "
                   "another way.\n",
                   advice->port);
    if (advice->start == &survey->starts[SURVEY_BY_PLATFORM])
        buf_printf(buf,
                   "# The start command in %s has to go: it would be run instead, without "
                   "Probity.\n",
                   advice->start->where);
}

void sheet_append_image(struct buf *buf, struct survey *survey, const struct advice *advice)
{
    buf_printf(buf,
               "#\n# ---- The application's Dockerfile, at its end (%s)\n"
               "# The tree is an image of its own, built once from Probity's folder:\n"
               "#   docker build -t probity-tree --target tree %s-f deploy/docker/Dockerfile .\n",
               survey->image.where, argument_of(advice));
    if (advice->platform == SURVEY_RAILWAY || advice->platform == SURVEY_FLY)
        buf_append_text(buf,
                        "# Push it to a registry that the platform's builder can read, and say "
                        "its name there here.\n");
    append_copy(buf);
    append_install(buf, survey, advice);
    if (advice->platform == SURVEY_FLY && survey->user.where != NULL)
        buf_append_text(buf, "# A volume of Fly belongs to root: with one, leave out the USER "
                             "above.\n");
    buf_printf(buf,
               "ENV PATH=/opt/probity/bin:$PATH \\\n    PROBITY_SERVICE=%s \\\n    "
               "PROBITY_APP=http://127.0.0.1:%d%s \\\n"
               "    PROBITY_UPSTREAM=127.0.0.1:%d\n",
               advice->service, advice->port, advice->health, advice->port);
    buf_printf(buf, "EXPOSE %d\n", ADVICE_OWN_PORT);
    materials_append_health(buf);
    append_command(buf, survey, advice);
    if (advice->platform == SURVEY_DOCKER && survey->compose.where != NULL)
        buf_printf(buf,
                   "# What %s publishes of it is nginx's port, %d: a request past nginx counts for "
                   "nothing.\n",
                   survey->compose.where, ADVICE_OWN_PORT);
}

/* "-n w1@%h" or "--hostname=w1@%h"; Celery's own name is celery@ and the host's. */
static const char *node_of(struct survey *survey, const char *host)
{
    struct slice rest = slice_of(notes_text(survey, &survey->worker));
    struct slice name = SLICE("celery@%h");
    char node[128];

    while (rest.length > 0) {
        struct slice word = slice_cut(&rest, ' ');
        struct slice option = slice_cut(&word, '=');

        if (slice_equals_text(option, "-n") || slice_equals_text(option, "--hostname"))
            name = word.length > 0 ? word : slice_cut(&rest, ' ');
    }
    rest = name;
    (void)slice_cut(&rest, '%');
    if (!slice_equals_text(rest, "h"))
        return notes_copy(survey, name);
    (void)snprintf(node, sizeof(node), "%.*s%s", (int)name.length - 2, name.data, host);
    return notes_copy(survey, slice_of(node));
}

/* The image is mostly the application's own, whose HEALTHCHECK asks an nginx that a worker has not.
 */
static void append_compose_health(struct buf *buf, const struct survey *survey, const char *node)
{
    buf_printf(
        buf,
        "# Its image needs /opt/probity as well. In %s, because the image's HEALTHCHECK asks "
        "nginx:\n"
        "    healthcheck:\n"
        "      test: [\"CMD-SHELL\", \"/opt/probity/bin/probity probe celery --node %s\"]\n"
        "      interval: 30s\n      timeout: 6s\n      start_period: 30s\n",
        survey->compose.where, node);
}

void sheet_append_worker(struct buf *buf, struct survey *survey, const struct advice *advice)
{
    const char *host = advice->platform == SURVEY_SYSTEMD ? "$(hostname)" : "$HOSTNAME";
    const char *node = node_of(survey, host);

    buf_printf(buf, "#\n# ---- The worker (%s): %s\n", survey->worker.where,
               notes_text(survey, &survey->worker));
    if (advice->platform == SURVEY_RAILWAY || advice->platform == SURVEY_FLY) {
        buf_append_text(buf, "# This platform asks no worker how it is: the check celery does.\n");
        return;
    }
    if (advice->platform == SURVEY_KUBERNETES) {
        buf_append_text(buf, "# deploy/kubernetes/worker is for it: its probes run the tool.\n");
        return;
    }
    if (advice->platform == SURVEY_SYSTEMD) {
        buf_printf(buf, "# A timer may ask: probity probe celery --node \"%s\"\n", node);
        return;
    }
    if (survey->compose.where != NULL) {
        append_compose_health(buf, survey, node_of(survey, "$$HOSTNAME"));
        return;
    }
    buf_append_text(buf, "# In its Dockerfile:\n");
    append_copy(buf);
    buf_printf(buf,
               "HEALTHCHECK --interval=30s --timeout=6s --start-period=30s \\\n"
               "    CMD /opt/probity/bin/probity probe celery --node \"%s\"\n",
               node);
}

/* What stands behind a service's name where another container calls it. */
static const char *const domains[SURVEY_PLATFORMS] = {
    [SURVEY_DOCKER] = "",
    [SURVEY_FLY] = ".internal",
    [SURVEY_RAILWAY] = ".railway.internal",
};

void sheet_append_gateway(struct buf *buf, const struct advice *advice)
{
    const char *name = advice->service;
    const char *domain = domains[advice->platform];

    if (domain == NULL)
        return;
    buf_printf(buf,
               "#\n# ---- The variables of Probity's own container, which alone gets the traffic\n"
               "# Its image is built from Probity's folder:\n"
               "#   docker build -t probity -f deploy/docker/Dockerfile .\n"
               "PROBITY_SERVICE=%s\nPROBITY_APP=http://%s%s:%d%s\n"
               "PROBITY_UPSTREAM=%s%s:%d\n",
               name, name, domain, advice->port, advice->health, name, domain, advice->port);
}
