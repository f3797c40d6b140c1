/* signals.h - signals as something the main thread asks for, never as an interruption. */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include <stdint.h>

/* Blocks what ends, reloads or stops the program for this and every later thread, and gives SIGPIPE
 * a handler that does nothing.  Before other threads exist, and before libfcgi, which would install
 * handlers of its own over what is default or ignored. */
void signals_block(void);

/* Waits for a blocked signal, at most `within_ms`.  Returns its number, or 0.  Main thread only. */
int signals_wait(int64_t within_ms);

#endif
