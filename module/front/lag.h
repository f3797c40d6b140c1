/* lag.h - the longest turn of a loop in the last five to ten seconds.  Pure. */
#ifndef FRONT_LAG_H
#define FRONT_LAG_H

#include <stdint.h>

struct lag {
    int64_t since_ms;
    int64_t longest_us[2]; /* of this window and of the one before */
};

/* Takes in a turn that ended at `now_ms`; returns the longest one. */
int64_t lag_add(struct lag *lag, int64_t turn_us, int64_t now_ms);

#endif
