/* sheet_files.c - whole files for the platform: those of deploy/, filled in. */
/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "setup/materials.h"
#include "setup/sheet.h"

enum { FILE_BYTES = 64 * 1024 };

/* What is there already stays as it is, and the new one is what to compare it with. */
static void append_file(struct buf *buf, const struct material_target *target,
                        const struct advice *advice, bool exists)
{
    AUTO(buf_done) struct buf text;

    buf_init(&text, FILE_BYTES);
    material_append(&text, target->source, advice);
    buf_printf(buf, "#\n# ---- %s (%s)\n# %s\n", target->path, target->words,
               exists ? "There already, and left alone: take over what it lacks."
                      : "A new file, which --write makes:");
    if (target->is_long)
        buf_printf(buf, "# (too long to be shown here: %s of Probity's folder)\n", target->source);
    else
        buf_append(buf, buf_slice(&text));
    buf->failed = buf->failed || !buf_ok(&text);
}

void sheet_append_files(struct buf *buf, const struct advice *advice,
                        const struct sheet_folder *folder)
{
    for (int i = 0; i < material_target_count; i++) {
        const struct material_target *target = &material_targets[i];

        if (material_is_wanted(target, advice))
            append_file(buf, target, advice, folder->exists(folder->context, target->path));
    }
}
