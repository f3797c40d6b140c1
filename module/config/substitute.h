/* substitute.h - ${NAME} in a text of the YAML: what the environment says. */
#ifndef CONFIG_SUBSTITUTE_H
#define CONFIG_SUBSTITUTE_H

#include "config/snapshot.h"

/* Copies the text with every ${NAME} replaced, and with $${ for the characters ${ themselves; a
 * text without any is given back as it is.  `*unset` becomes the name of the first variable that is
 * not set or empty (then `*ret` is useless) and stays as it is otherwise. Returns 0; -EINVAL where
 * a ${ is not followed by a name and a brace; or -ENOMEM. */
int substitute(struct snapshot *snapshot, const char *text, const char **ret,
               const char **unset) MUST_CHECK;

/* Whether the text is made of nothing but such names: then there is nothing to hide in it. */
bool substitute_is_reference(const char *text);

#endif
