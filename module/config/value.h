/* value.h - reads one scalar as people write it.  Pure. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "base/slice.h"
#include "config/keys.h"

#include <stdbool.h>
#include <stdint.h>

/* "500ms", "1.5s", "2m", "1h", "1d"; a plain number is seconds.  At most 100 years.  False when it
 * is none, or finer than a millisecond. */
bool value_parse_duration(struct slice text, int64_t *ret_ms);

/* true/false, yes/no, on/off, 1/0, in any case. */
bool value_parse_flag(struct slice text, bool *ret);

/* The value of a word of the list, in any case. */
bool value_parse_choice(struct slice text, const struct config_choice *choices, int *ret);

/* A port from 1 to 65535, also as Kubernetes injects it ("tcp://10.0.0.1:6379"). */
bool value_parse_port(struct slice text, uint16_t *ret);

/* Removes blanks and line ends around the value, and one pair of quotes around that. */
struct slice value_unwrap(struct slice text);

/* The next word of a list separated by commas or blanks; empty at its end. */
struct slice value_cut_word(struct slice *rest);

enum { VALUE_WORD_BYTES = 48 };

/* How many letters must change to make `a` of `b`; of longer words the beginning counts. */
int value_distance(const char *a, const char *b);

#define VALUE_DURATION_BYTES 24

/* Writes a duration in its largest whole unit: "1500 ms", "5 s", "2 min", "1 h". */
void value_format_duration(int64_t duration_ms, char text[VALUE_DURATION_BYTES]);

#endif
