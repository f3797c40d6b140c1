/* file.h - the YAML of a configuration: PROBITY_CONFIG's file and the text in PROBITY_CHECKS. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "config/node.h"
#include "config/snapshot.h"

/* Each is a place in the YAML, or has no `yaml` where nothing is said. */
struct config_parts {
    struct node sources; /* of the file */
    struct node checks;  /* of the file */
    struct node listed;  /* the list in PROBITY_CHECKS */
};

/* Reads both.  Returns 0; -EINVAL with `err` naming file, line and column; -ENOMEM; or what kept
 * the file from being read. */
int config_parts_read(struct snapshot *snapshot, struct config_parts *ret,
                      struct error *err) MUST_CHECK;

#endif
