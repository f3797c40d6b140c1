/* materials.c - which file is for whom, and what in it is the application's. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/materials.h"

#include "setup/words.h"

#include <assert.h>

enum { COMMAND_BYTES = 8 * 1024 };

#define DOCKERFILE  "deploy/docker/Dockerfile"
#define COMPOSE     "deploy/docker/docker-compose.prod.yml"
#define ENV_EXAMPLE "deploy/docker/env.example"
#define FLY         "deploy/fly/fly.toml"
#define RAILWAY     "deploy/railway/railway.ts"
#define SYSTEMD_ENV "deploy/systemd/probity.env"
#define KUBE_BASE   "deploy/kubernetes/base/"
#define KUBE_WORKER "deploy/kubernetes/worker/"

/* Where one file refers to another, both lie as they do here. */
const struct material_target material_targets[] = {
    { SURVEY_DOCKER, COMPOSE, COMPOSE, "the application with Probity in front", MATERIAL_BESIDE,
      true },
    { SURVEY_DOCKER, ENV_EXAMPLE, ENV_EXAMPLE, "what is secret", MATERIAL_BESIDE, false },
    { SURVEY_FLY, FLY, "fly.toml", "the application's Machines", MATERIAL_ALWAYS, false },
    { SURVEY_KUBERNETES, KUBE_BASE "kustomization.yaml", KUBE_BASE "kustomization.yaml",
      "Probity's settings", MATERIAL_ALWAYS, false },
    { SURVEY_KUBERNETES, KUBE_BASE "deployment.yaml", KUBE_BASE "deployment.yaml",
      "the application with Probity beside it", MATERIAL_ALWAYS, true },
    { SURVEY_KUBERNETES, KUBE_BASE "checks.yaml", KUBE_BASE "checks.yaml", "a check of the sidecar",
      MATERIAL_ALWAYS, false },
    { SURVEY_KUBERNETES, KUBE_BASE "service.yaml", KUBE_BASE "service.yaml", "traffic to nginx",
      MATERIAL_ALWAYS, false },
    { SURVEY_KUBERNETES, KUBE_BASE "serviceaccount.yaml", KUBE_BASE "serviceaccount.yaml",
      "an account without rights", MATERIAL_ALWAYS, false },
    { SURVEY_KUBERNETES, KUBE_BASE "poddisruptionbudget.yaml", KUBE_BASE "poddisruptionbudget.yaml",
      "one pod at a time", MATERIAL_ALWAYS, false },
    { SURVEY_KUBERNETES, KUBE_BASE "networkpolicy.yaml", KUBE_BASE "networkpolicy.yaml",
      "who may talk to whom", MATERIAL_ALWAYS, false },
    { SURVEY_KUBERNETES, KUBE_BASE "secret.example.yaml", KUBE_BASE "secret.example.yaml",
      "what is secret", MATERIAL_ALWAYS, false },
    { SURVEY_KUBERNETES, KUBE_WORKER "kustomization.yaml", KUBE_WORKER "kustomization.yaml",
      "the worker's", MATERIAL_WITH_WORKER, false },
    { SURVEY_KUBERNETES, KUBE_WORKER "deployment.yaml", KUBE_WORKER "deployment.yaml",
      "the worker, asked by the tool", MATERIAL_WITH_WORKER, true },
    { SURVEY_KUBERNETES, KUBE_WORKER "networkpolicy.yaml", KUBE_WORKER "networkpolicy.yaml",
      "whom the worker may talk to", MATERIAL_WITH_WORKER, false },
    { SURVEY_RAILWAY, RAILWAY, ".railway/railway.ts", "the application's services", MATERIAL_ALWAYS,
      false },
    { SURVEY_SYSTEMD, SYSTEMD_ENV, "probity.env", "goes to /etc/probity/probity.env",
      MATERIAL_ALWAYS, false },
};
const int material_target_count = ARRAY_LENGTH(material_targets);

const struct material_gap material_gaps[] = {
    { COMPOSE,
      "    build: { context: ../.., dockerfile: deploy/docker/Dockerfile, target: probity }\n", "",
      GAP_ALWAYS },
    { COMPOSE, "build: { context: ../.., dockerfile: deploy/docker/Dockerfile, target: demo }",
      "build: ../..", GAP_ALWAYS },
    { COMPOSE, "${API_IMAGE:-probity-demo}", "${API_IMAGE:-@SERVICE@}", GAP_ALWAYS },
    { COMPOSE, "PROBITY_SERVICE: shop", "PROBITY_SERVICE: @SERVICE@", GAP_ALWAYS },
    { COMPOSE, "PROBITY_UPSTREAM: api:8000", "PROBITY_UPSTREAM: api:@PORT@", GAP_ALWAYS },
    { COMPOSE, "http://api:8000/internal/health", "http://api:@PORT@@HEALTH@", GAP_ALWAYS },
    { COMPOSE, "http://127.0.0.1:8000/internal/health", "http://127.0.0.1:@PORT@@HEALTH@",
      GAP_ALWAYS },
    { ENV_EXAMPLE, "COMPOSE_PROJECT_NAME=shop", "COMPOSE_PROJECT_NAME=@SERVICE@", GAP_ALWAYS },
    { FLY, "app = \"shop\"", "app = \"@SERVICE@\"", GAP_ALWAYS },
    { FLY, "PROBITY_SERVICE = \"shop\"", "PROBITY_SERVICE = \"@SERVICE@\"", GAP_ALWAYS },
    { FLY, "\"127.0.0.1:8000\"", "\"127.0.0.1:@PORT@\"", GAP_ALWAYS },
    { FLY, "http://127.0.0.1:8000/health", "http://127.0.0.1:@PORT@@HEALTH@", GAP_ALWAYS },
    { FLY, "--newer-ok && alembic upgrade head", "--newer-ok@RELEASE@", GAP_ALWAYS },
    { FLY, "  release_command = ", "  # Once there is a DATABASE_URL: release_command = ",
      GAP_WITHOUT_DATABASE },
    { FLY, "PROBITY_REQUIRE = \"database,redis\"", "PROBITY_REQUIRE = \"@REQUIRE@\"", GAP_ALWAYS },
    { KUBE_BASE "kustomization.yaml", "PROBITY_SERVICE=app", "PROBITY_SERVICE=@SERVICE@",
      GAP_ALWAYS },
    { KUBE_BASE "kustomization.yaml", "PROBITY_APP=http://127.0.0.1:8000/health",
      "PROBITY_APP=http://127.0.0.1:@PORT@@HEALTH@", GAP_ALWAYS },
    { KUBE_BASE "deployment.yaml", "containerPort: 8000", "containerPort: @PORT@", GAP_ALWAYS },
    { KUBE_BASE "deployment.yaml", "value: \"8000\"", "value: \"@PORT@\"", GAP_ALWAYS },
    { KUBE_BASE "deployment.yaml", "path: /health\n", "path: @HEALTH@\n", GAP_ALWAYS },
    { RAILWAY, "--newer-ok && alembic upgrade head", "--newer-ok@RELEASE@", GAP_ALWAYS },
    { RAILWAY, " redis, service }", " service }", GAP_WITHOUT_REDIS },
    { RAILWAY, "  const cache = redis(\"Redis\");\n", "", GAP_WITHOUT_REDIS },
    { RAILWAY, "    REDIS_URL: cache.env.REDIS_URL,\n", "", GAP_WITHOUT_REDIS },
    { RAILWAY, "    CELERY_BROKER_URL: cache.env.REDIS_URL,\n", "", GAP_WITHOUT_CELERY },
    { RAILWAY, "\"database,redis,celery\"", "\"database\"", GAP_WITHOUT_REDIS },
    { RAILWAY, "\"database,redis,celery\"", "\"database,redis\"", GAP_WITHOUT_CELERY },
    { RAILWAY, "[db, cache, web, worker]", "[db, web]", GAP_WITHOUT_REDIS },
    { RAILWAY, "[db, cache, web, worker]", "[db, cache, web]", GAP_WITHOUT_CELERY },
    { RAILWAY,
      "  const worker = service(\"worker\", {\n"
      "    source,\n"
      "    build,\n"
      "    start: \"celery -A tasks worker --loglevel info\",\n"
      "    // Nobody asks a worker over HTTP: the check `celery` of `web` says how it is.\n"
      "    deploy: {\n"
      "      drainingSeconds: 300, // for the task under way: Celery's warm shutdown\n"
      "      restartPolicyType: \"ON_FAILURE\",\n"
      "      restartPolicyMaxRetries: 10,\n"
      "    },\n"
      "    env: addresses,\n"
      "  });\n"
      "\n",
      "", GAP_WITHOUT_CELERY },
    { RAILWAY, "uvicorn app:app --host 127.0.0.1 --port 8000", "@COMMAND@", GAP_ALWAYS },
    { RAILWAY, "celery -A tasks worker --loglevel info", "@WORKER@", GAP_ALWAYS },
    { RAILWAY, "project(\"shop\"", "project(\"@SERVICE@\"", GAP_ALWAYS },
    { RAILWAY, "PROBITY_SERVICE: \"shop\"", "PROBITY_SERVICE: \"@SERVICE@\"", GAP_ALWAYS },
    { RAILWAY, "\"127.0.0.1:8000\"", "\"127.0.0.1:@PORT@\"", GAP_ALWAYS },
    { RAILWAY, "http://127.0.0.1:8000/health", "http://127.0.0.1:@PORT@@HEALTH@", GAP_ALWAYS },
    { SYSTEMD_ENV, "#PROBITY_SERVICE=app", "PROBITY_SERVICE=@SERVICE@", GAP_ALWAYS },
    { SYSTEMD_ENV, "#PROBITY_APP=http://127.0.0.1:8000/health",
      "PROBITY_APP=http://127.0.0.1:@PORT@@HEALTH@", GAP_ALWAYS },
};
const int material_gap_count = ARRAY_LENGTH(material_gaps);

bool material_is_wanted(const struct material_target *target, const struct advice *advice)
{
    if (target->platform != advice->platform)
        return false;
    if (target->when == MATERIAL_WITH_WORKER)
        return advice->worker != NULL;
    return target->when == MATERIAL_ALWAYS || !advice->is_within;
}

const char *material_text(const char *source)
{
    for (int i = 0; i < material_count; i++) {
        if (strcmp(materials[i].source, source) == 0)
            return materials[i].text;
    }
    assert(false); /* a file that setup_materials does not list */
    return "";
}

/* A command within quotes. */
static void append_command(struct buf *buf, const struct survey_command *command,
                           const struct advice *advice)
{
    const struct words_move move = { advice->port_before, advice->port };
    AUTO(buf_done) struct buf line;

    buf_init(&line, COMMAND_BYTES);
    words_append(&line, command, &move, WORDS_LINE);
    for (const char *c = buf_text(&line); *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            buf_append_char(buf, '\\');
        buf_append_char(buf, *c);
    }
    buf->failed = buf->failed || !buf_ok(&line);
}

/* A command that nobody has named leaves the gap's own text. */
static void append_part(struct buf *buf, const struct material_gap *gap, struct slice name,
                        const struct advice *advice)
{
    const struct survey_command *command = advice->start;

    if (slice_equals_text(name, "SERVICE"))
        buf_append_text(buf, advice->service);
    else if (slice_equals_text(name, "PORT"))
        buf_append_uint(buf, (uint64_t)advice->port);
    else if (slice_equals_text(name, "HEALTH"))
        buf_append_text(buf, advice->health);
    else if (slice_equals_text(name, "REQUIRE"))
        buf_append_text(buf, advice->require);
    else if (slice_equals_text(name, "RELEASE") && advice->release != NULL)
        buf_printf(buf, " && %s", advice->release);
    if (slice_equals_text(name, "WORKER"))
        command = advice->worker;
    else if (!slice_equals_text(name, "COMMAND"))
        return;
    if (command == NULL)
        buf_append_text(buf, gap->text);
    else
        append_command(buf, command, advice);
}

static void append_filling(struct buf *buf, const struct material_gap *gap,
                           const struct advice *advice)
{
    struct slice rest = slice_of(gap->filling);

    while (rest.length > 0) {
        buf_append(buf, slice_cut(&rest, '@'));
        append_part(buf, gap, slice_cut(&rest, '@'), advice);
    }
}

static bool is_case(enum material_case when, const struct advice *advice)
{
    switch (when) {
    case GAP_WITHOUT_CELERY:
        return !advice->uses_celery;
    case GAP_WITHOUT_REDIS:
        return !advice->uses_redis;
    case GAP_WITHOUT_DATABASE:
        return !advice->uses_database;
    case GAP_ALWAYS:
        break;
    }
    return true;
}

static const struct material_gap *gap_at(const char *source, const char *text,
                                         const struct advice *advice)
{
    for (int i = 0; i < material_gap_count; i++) {
        const struct material_gap *gap = &material_gaps[i];

        if (strcmp(gap->source, source) == 0 && is_case(gap->when, advice)
            && slice_starts_with(slice_of(text), slice_of(gap->text)))
            return gap;
    }
    return NULL;
}

void material_append(struct buf *buf, const char *source, const struct advice *advice)
{
    const char *text = material_text(source);

    while (*text != '\0') {
        const struct material_gap *gap = gap_at(source, text, advice);

        if (gap == NULL) {
            buf_append_char(buf, *text++);
            continue;
        }
        append_filling(buf, gap, advice);
        text += strlen(gap->text);
    }
}

/* From the line on that begins with it, as long as lines go on. */
void materials_append_health(struct buf *buf)
{
    const char *health = strstr(material_text(DOCKERFILE), "\nHEALTHCHECK ");
    struct slice rest = slice_of(health == NULL ? "" : health + 1);
    bool goes_on = true;

    while (goes_on && rest.length > 0) {
        struct slice line = slice_cut(&rest, '\n');

        goes_on = line.length > 0 && line.data[line.length - 1] == '\\';
        buf_append(buf, line);
        buf_append_char(buf, '\n');
    }
}
