/* sheet.h - an advice as a text to read and to copy from.  Pure.
 *
 * What is to be copied stands as it is; all the rest are comments, "#" in front.
 */
#ifndef SETUP_SHEET_H
#define SETUP_SHEET_H

#include "base/buf.h"
#include "setup/advice.h"

/* Whether a file is in the folder; `path` is relative to it. */
typedef bool (*sheet_exists_fn)(void *context, const char *path);

struct sheet_folder {
    sheet_exists_fn exists;
    void *context;
};

/* The whole sheet. */
void sheet_append(struct buf *buf, struct survey *survey, const struct advice *advice,
                  const struct sheet_folder *folder);

/* Its parts: lines for a Dockerfile; what the platform wants beside them. */
void sheet_append_image(struct buf *buf, struct survey *survey, const struct advice *advice);
void sheet_append_worker(struct buf *buf, struct survey *survey, const struct advice *advice);
void sheet_append_gateway(struct buf *buf, const struct advice *advice);
void sheet_append_files(struct buf *buf, const struct advice *advice,
                        const struct sheet_folder *folder);

#endif
