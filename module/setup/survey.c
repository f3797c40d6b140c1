/* survey.c - which files are looked for, and in what order they count. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/survey.h"

#include "base/folder.h"
#include "setup/dockerfile.h"
#include "setup/notes.h"
#include "setup/readers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* Larger than any of these files is when people write it, and a tree of that. */
enum { FILE_MAX_BYTES = 256 * 1024, SCRATCH_MAX_BYTES = 16 * 1024 * 1024 };

/* One that ends in a slash is a folder of manifests. */
static const struct known_file {
    const char *name;
    reader_fn read;
} known_files[] = {
    { "Dockerfile", dockerfile_read },
    { "railway.json", reader_railway_json },
    { "railway.toml", reader_railway_toml },
    { ".railway/railway.ts", reader_railway_ts },
    { ".railway/railway.py", reader_railway_ts },
    { "fly.toml", reader_fly_toml },
    { "Procfile", reader_procfile },
    { "compose.yaml", reader_compose },
    { "compose.yml", reader_compose },
    { "docker-compose.yml", reader_compose },
    { "docker-compose.yaml", reader_compose },
    { "docker-compose.prod.yml", reader_compose },
    { "package.json", reader_package_json },
    { "requirements.txt", reader_python },
    { "pyproject.toml", reader_python },
    { ".env.example", reader_variables },
    { ".env", reader_variables },
    { "k8s/", reader_manifest },
    { "kubernetes/", reader_manifest },
    { "manifests/", reader_manifest },
    { "deploy/", reader_manifest },
    { "deploy/kubernetes/", reader_manifest },
};

static const char *const platform_texts[] = {
    [SURVEY_DOCKER] = "docker",   [SURVEY_FLY] = "fly",         [SURVEY_KUBERNETES] = "kubernetes",
    [SURVEY_RAILWAY] = "railway", [SURVEY_SYSTEMD] = "systemd",
};

static const char *const name_texts[] = {
    [SURVEY_DATABASE_URL] = "DATABASE_URL",
    [SURVEY_REDIS_URL] = "REDIS_URL",
    [SURVEY_CELERY_BROKER_URL] = "CELERY_BROKER_URL",
    [SURVEY_JWT_SECRET_KEY] = "JWT_SECRET_KEY",
    [SURVEY_SECRET_KEY] = "SECRET_KEY",
};

const char *survey_platform_text(enum survey_platform platform)
{
    return platform_texts[platform];
}

const char *survey_name_text(enum survey_name name)
{
    return name_texts[name];
}

bool survey_has(const struct survey *survey, enum survey_trait trait)
{
    return (survey->traits & 1U << trait) != 0;
}

void survey_init(struct survey *survey, struct arena *arena)
{
    *survey = (struct survey){ .arena = arena };
}

static bool is_below(const char *name, const char *folder)
{
    size_t length = strlen(folder);

    return folder[length - 1] == '/' && strncmp(name, folder, length) == 0
           && strchr(name + length, '/') == NULL;
}

void survey_add_file(struct survey *survey, const char *name, struct slice text)
{
    AUTO(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX_BYTES);

    survey->is_cut = survey->is_cut || scratch == NULL;
    survey->scratch = scratch;
    for (size_t i = 0; i < ARRAY_LENGTH(known_files); i++) {
        const struct known_file *file = &known_files[i];

        if (scratch == NULL || (strcmp(name, file->name) != 0 && !is_below(name, file->name)))
            continue;
        file->read(survey, notes_copy(survey, slice_of(name)), text);
        break;
    }
    survey->scratch = NULL;
}

static void add_platform(struct survey *survey, enum survey_platform platform, struct slice name)
{
    if (survey->platforms[platform].where == NULL)
        notes_found(survey, "environment", "%.*s", (int)name.length, name.data);
    notes_fact(survey, &survey->platforms[platform], "environment", name);
}

void survey_add_environment(struct survey *survey, const char *const *environment)
{
    static const struct {
        const char *prefix;
        enum survey_platform platform;
    } signs[] = {
        { "RAILWAY_", SURVEY_RAILWAY },
        { "FLY_APP_NAME", SURVEY_FLY },
        { "KUBERNETES_SERVICE_HOST", SURVEY_KUBERNETES },
    };

    for (; *environment != NULL; environment++) {
        struct slice rest = slice_of(*environment);
        struct slice name = slice_cut(&rest, '=');

        for (size_t i = 0; i < ARRAY_LENGTH(signs); i++) {
            if (slice_starts_with(name, slice_of(signs[i].prefix)))
                add_platform(survey, signs[i].platform, name);
        }
        reader_variables(survey, "environment", name);
    }
}

static void add_path(struct survey *survey, const char *path, const char *name)
{
    AUTO(arena_free) struct arena *arena = arena_new(2 * FILE_MAX_BYTES);
    struct error err = { .code = 0 };
    struct slice text;
    int code;

    if (arena == NULL) {
        survey->is_cut = true;
        return;
    }
    code = folder_read_file(path, FILE_MAX_BYTES, arena, &text, &err);
    if (code == 0)
        survey_add_file(survey, name, text);
    else if (code != -ENOENT && code != -ENOTDIR)
        notes_found(survey, name, "can't be read: passed over");
}

static void add_folder(struct survey *survey, const char *path, const char *name)
{
    static const char *const suffixes[] = { ".yaml", ".yml", NULL };
    AUTO(arena_free) struct arena *arena = arena_new(FILE_MAX_BYTES);
    struct error err = { .code = 0 };
    const char *const *paths = NULL;
    struct stat status;
    int count = 0;

    if (arena == NULL || stat(path, &status) != 0 || !S_ISDIR(status.st_mode)
        || folder_list(path, suffixes, arena, &paths, &count, &err) != 0)
        return;
    for (int i = 0; i < count; i++) {
        const char *base = strrchr(paths[i], '/');
        char below[PATH_MAX];

        (void)snprintf(below, sizeof(below), "%s%s", name, base == NULL ? paths[i] : base + 1);
        add_path(survey, paths[i], below);
    }
}

int survey_folder(struct survey *survey, const char *folder, struct error *err)
{
    struct stat status;

    if (stat(folder, &status) != 0)
        return error_set(err, errno, "%s: %s", folder, strerror(errno));
    if (!S_ISDIR(status.st_mode))
        return error_set(err, ENOTDIR, "%s: %s", folder, strerror(ENOTDIR));
    for (size_t i = 0; i < ARRAY_LENGTH(known_files); i++) {
        const char *name = known_files[i].name;
        char path[PATH_MAX];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (name[strlen(name) - 1] == '/')
            add_folder(survey, path, name);
        else
            add_path(survey, path, name);
    }
    return 0;
}
