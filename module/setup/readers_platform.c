/* readers_platform.c - files that tell a platform what to run, and so tell us which one it is. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/readers.h"

#include "setup/notes.h"
#include "setup/toml.h"

enum { PORT_MAX = 65535 };

static void found_fact(struct survey *survey, struct survey_fact *fact, const char *where,
                       const char *what, struct slice text)
{
    if (text.length == 0)
        return;
    notes_found(survey, where, "%s %.*s", what, (int)text.length, text.data);
    notes_fact(survey, fact, where, text);
}

static void found_start(struct survey *survey, const char *where, struct slice line)
{
    if (line.length == 0)
        return;
    notes_found(survey, where, "start: %.*s", (int)line.length, line.data);
    notes_line(survey, &survey->starts[SURVEY_BY_PLATFORM], where, line);
}

/* A string, or a list of one. */
static const char *first_text(const struct yaml_node *node)
{
    if (node != NULL && node->kind == YAML_LIST)
        node = node->count == 1 ? node->items[0] : NULL;
    return yaml_text(node);
}

/* Railway's own words, on what it calls config as code. */
static void found_railway(struct survey *survey, const char *where)
{
    notes_found(survey, where, "Railway reads it until 2026-12-01, then .railway/railway.ts");
    notes_fact(survey, &survey->platforms[SURVEY_RAILWAY], where, SLICE("its file"));
}

void reader_railway_json(struct survey *survey, const char *where, struct slice text)
{
    const struct yaml_node *deploy = yaml_get(notes_parse(survey, where, text), "deploy");

    found_railway(survey, where);
    found_start(survey, where, slice_of(yaml_text(yaml_get(deploy, "startCommand"))));
    found_fact(survey, &survey->health, where, "health check",
               slice_of(yaml_text(yaml_get(deploy, "healthcheckPath"))));
    found_fact(survey, &survey->release, where,
               "before a deployment:", slice_of(first_text(yaml_get(deploy, "preDeployCommand"))));
}

void reader_railway_toml(struct survey *survey, const char *where, struct slice text)
{
    found_railway(survey, where);
    found_start(survey, where, toml_find(text, "deploy", "startCommand"));
    found_fact(survey, &survey->health, where, "health check",
               toml_find(text, "deploy", "healthcheckPath"));
}

void reader_railway_ts(struct survey *survey, const char *where, struct slice text)
{
    (void)text;
    notes_found(survey, where, "Railway's infrastructure as code");
    notes_fact(survey, &survey->platforms[SURVEY_RAILWAY], where, SLICE("its file"));
}

void reader_fly_toml(struct survey *survey, const char *where, struct slice text)
{
    static const char *const sections[] = { "http_service.checks", "services.http_checks",
                                            "checks.health", "checks.http" };
    struct slice port = toml_find(text, "http_service", "internal_port");
    uint64_t number = 0;

    notes_fact(survey, &survey->platforms[SURVEY_FLY], where, SLICE("its file"));
    found_fact(survey, &survey->service, where, "app", toml_find(text, "", "app"));
    found_fact(survey, &survey->release, where,
               "before a deployment:", toml_find(text, "deploy", "release_command"));
    found_start(survey, where, toml_find(text, "processes", "app"));
    for (size_t i = 0; i < ARRAY_LENGTH(sections); i++)
        found_fact(survey, &survey->health, where, "health check",
                   toml_find(text, sections[i], "path"));
    if (!slice_parse_uint(port, PORT_MAX, &number))
        return;
    notes_found(survey, where, "internal_port %llu", (unsigned long long)number);
    if (survey->exposed.where == NULL)
        survey->exposed = (struct survey_port){ "internal_port", (int)number };
}

static void take_worker(struct survey *survey, const char *where, const char *name,
                        const struct yaml_node *node)
{
    struct survey_command command = { .where = NULL };

    notes_node(survey, &command, where, node);
    if (!notes_is_worker(&command) || survey->worker.where != NULL)
        return;
    survey->worker = command;
    survey->traits |= 1U << SURVEY_CELERY;
    notes_found(survey, where, "%s: %s", name, notes_text(survey, &command));
}

/* environment: {NAME: value} or [NAME=value, NAME] */
static void take_variables(struct survey *survey, const char *where, const struct yaml_node *node)
{
    for (int i = 0; node != NULL && node->kind != YAML_SCALAR && i < node->count; i++) {
        const char *text =
            node->kind == YAML_MAP ? node->entries[i].key : yaml_text(node->items[i]);

        reader_variables(survey, where, slice_of(text));
    }
}

void reader_compose(struct survey *survey, const char *where, struct slice text)
{
    const struct yaml_node *services = yaml_get(notes_parse(survey, where, text), "services");

    notes_fact(survey, &survey->platforms[SURVEY_DOCKER], where, SLICE("a file of Docker Compose"));
    notes_fact(survey, &survey->compose, where, slice_of(where));
    for (int i = 0; services != NULL && services->kind == YAML_MAP && i < services->count; i++) {
        const struct yaml_node *service = services->entries[i].value;
        const struct yaml_node *health = yaml_get(yaml_get(service, "healthcheck"), "test");
        struct survey_command test = { .where = NULL };

        take_worker(survey, where, services->entries[i].key, yaml_get(service, "command"));
        take_variables(survey, where, yaml_get(service, "environment"));
        notes_node(survey, &test, where, health);
        if (test.where != NULL)
            notes_health_url(survey, where, slice_of(notes_text(survey, &test)));
    }
}

static void take_container_port(struct survey *survey, const char *where,
                                const struct yaml_node *ports)
{
    const char *port = ports == NULL || ports->kind != YAML_LIST || ports->count == 0
                           ? NULL
                           : yaml_text(yaml_get(ports->items[0], "containerPort"));
    uint64_t number = 0;

    if (survey->exposed.where != NULL || !slice_parse_uint(slice_of(port), PORT_MAX, &number))
        return;
    notes_found(survey, where, "containerPort %llu", (unsigned long long)number);
    survey->exposed = (struct survey_port){ "containerPort", (int)number };
}

static void take_container(struct survey *survey, const char *where,
                           const struct yaml_node *container)
{
    static const char *const probes[] = { "livenessProbe", "readinessProbe", "startupProbe" };
    const struct yaml_node *variables = yaml_get(container, "env");
    const char *name = yaml_text(yaml_get(container, "name"));

    for (size_t i = 0; i < ARRAY_LENGTH(probes); i++)
        found_fact(survey, &survey->health, where, probes[i],
                   slice_of(yaml_text(
                       yaml_get(yaml_get(yaml_get(container, probes[i]), "httpGet"), "path"))));
    take_container_port(survey, where, yaml_get(container, "ports"));
    take_worker(survey, where, name == NULL ? "worker" : name, yaml_get(container, "command"));
    take_worker(survey, where, name == NULL ? "worker" : name, yaml_get(container, "args"));
    for (int i = 0; variables != NULL && variables->kind == YAML_LIST && i < variables->count; i++)
        reader_variables(survey, where, slice_of(yaml_text(yaml_get(variables->items[i], "name"))));
}

static void take_object(struct survey *survey, const char *where, const struct yaml_node *object)
{
    const char *kind = yaml_text(yaml_get(object, "kind"));
    const char *name = yaml_text(yaml_get(yaml_get(object, "metadata"), "name"));
    const struct yaml_node *containers =
        yaml_get(yaml_get(yaml_get(yaml_get(object, "spec"), "template"), "spec"), "containers");

    if (kind == NULL || yaml_text(yaml_get(object, "apiVersion")) == NULL)
        return;
    notes_found(survey, where, "%s %s", kind, name == NULL ? "" : name);
    notes_fact(survey, &survey->platforms[SURVEY_KUBERNETES], where, slice_of(kind));
    for (int i = 0; containers != NULL && containers->kind == YAML_LIST && i < containers->count;
         i++)
        take_container(survey, where, containers->items[i]);
}

/* Any YAML may lie about: what has no apiVersion and no kind is somebody else's. */
void reader_manifest(struct survey *survey, const char *where, struct slice text)
{
    const struct yaml_node *const *documents = NULL;
    const struct yaml_input input = { where, text, survey->scratch };
    struct yaml_trouble trouble;
    int count = 0;

    if (yaml_parse(&input, &documents, &count, &trouble) != 0)
        return;
    for (int i = 0; i < count; i++)
        take_object(survey, where, documents[i]);
}
