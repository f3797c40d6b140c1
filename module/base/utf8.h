/* utf8.h - is this UTF-8?  By the well-formed byte sequences of Unicode 15, table 3-7. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

/* How many bytes the first character takes: 1 to 4, or 0 when the bytes are not UTF-8. */
size_t utf8_width(struct slice text);

bool utf8_valid(struct slice text);

#endif
