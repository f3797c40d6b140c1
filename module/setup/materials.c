/* materials.c - which file is for whom, and what in it is the application's. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/materials.h"

#include <assert.h>

#define SYSTEMD_ENV "deploy/systemd/probity.env"
#define KUBE_BASE   "deploy/kubernetes/base/"
#define KUBE_WORKER "deploy/kubernetes/worker/"

/* Where one file refers to another, both lie as they do here. */
const struct material_target material_targets[] = {
    { SURVEY_KUBERNETES, KUBE_BASE "kustomization.yaml", KUBE_BASE "kustomization.yaml",
      "Probity's settings", false },
    { SURVEY_KUBERNETES, KUBE_BASE "deployment.yaml", KUBE_BASE "deployment.yaml",
      "the application with Probity beside it", false },
    { SURVEY_KUBERNETES, KUBE_BASE "checks.yaml", KUBE_BASE "checks.yaml", "a check of the sidecar",
      false },
    { SURVEY_KUBERNETES, KUBE_BASE "service.yaml", KUBE_BASE "service.yaml", "traffic to nginx",
      false },
    { SURVEY_KUBERNETES, KUBE_BASE "serviceaccount.yaml", KUBE_BASE "serviceaccount.yaml",
      "an account without rights", false },
    { SURVEY_KUBERNETES, KUBE_BASE "poddisruptionbudget.yaml", KUBE_BASE "poddisruptionbudget.yaml",
      "one pod at a time", false },
    { SURVEY_KUBERNETES, KUBE_BASE "networkpolicy.yaml", KUBE_BASE "networkpolicy.yaml",
      "who may talk to whom", false },
    { SURVEY_KUBERNETES, KUBE_BASE "secret.example.yaml", KUBE_BASE "secret.example.yaml",
      "what is secret", false },
    { SURVEY_KUBERNETES, KUBE_WORKER "kustomization.yaml", KUBE_WORKER "kustomization.yaml",
      "the worker's", true },
    { SURVEY_KUBERNETES, KUBE_WORKER "deployment.yaml", KUBE_WORKER "deployment.yaml",
      "the worker, asked by the tool", true },
    { SURVEY_KUBERNETES, KUBE_WORKER "networkpolicy.yaml", KUBE_WORKER "networkpolicy.yaml",
      "whom the worker may talk to", true },
    { SURVEY_SYSTEMD, SYSTEMD_ENV, "probity.env", "goes to /etc/probity/probity.env", false },
};
const int material_target_count = ARRAY_LENGTH(material_targets);

const struct material_gap material_gaps[] = {
    { KUBE_BASE "kustomization.yaml", "PROBITY_SERVICE=app", "PROBITY_SERVICE=@SERVICE@" },
    { KUBE_BASE "kustomization.yaml", "PROBITY_APP=http://127.0.0.1:8000/health",
      "PROBITY_APP=http://127.0.0.1:@PORT@@HEALTH@" },
    { KUBE_BASE "deployment.yaml", "containerPort: 8000", "containerPort: @PORT@" },
    { KUBE_BASE "deployment.yaml", "value: \"8000\"", "value: \"@PORT@\"" },
    { KUBE_BASE "deployment.yaml", "path: /health\n", "path: @HEALTH@\n" },
    { SYSTEMD_ENV, "#PROBITY_SERVICE=app", "PROBITY_SERVICE=@SERVICE@" },
    { SYSTEMD_ENV, "#PROBITY_APP=http://127.0.0.1:8000/health",
      "PROBITY_APP=http://127.0.0.1:@PORT@@HEALTH@" },
};
const int material_gap_count = ARRAY_LENGTH(material_gaps);

bool material_is_wanted(const struct material_target *target, const struct advice *advice)
{
    return target->platform == advice->platform && (!target->is_workers || advice->has_worker);
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

static void append_filling(struct buf *buf, const char *filling, const struct advice *advice)
{
    struct slice rest = slice_of(filling);

    while (rest.length > 0) {
        struct slice name;

        buf_append(buf, slice_cut(&rest, '@'));
        name = slice_cut(&rest, '@');
        if (slice_equals_text(name, "SERVICE"))
            buf_append_text(buf, advice->service);
        else if (slice_equals_text(name, "PORT"))
            buf_append_uint(buf, (uint64_t)advice->port);
        else if (slice_equals_text(name, "HEALTH"))
            buf_append_text(buf, advice->health);
    }
}

static const struct material_gap *gap_at(const char *source, const char *text)
{
    for (int i = 0; i < material_gap_count; i++) {
        const struct material_gap *gap = &material_gaps[i];

        if (strcmp(gap->source, source) == 0
            && slice_starts_with(slice_of(text), slice_of(gap->text)))
            return gap;
    }
    return NULL;
}

void material_append(struct buf *buf, const char *source, const struct advice *advice)
{
    const char *text = material_text(source);

    while (*text != '\0') {
        const struct material_gap *gap = gap_at(source, text);

        if (gap == NULL) {
            buf_append_char(buf, *text++);
            continue;
        }
        append_filling(buf, gap->filling, advice);
        text += strlen(gap->text);
    }
}
