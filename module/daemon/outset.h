/* outset.h - what is settled before the first part: options, descriptors, signals, the heap. */
#ifndef DAEMON_OUTSET_H
#define DAEMON_OUTSET_H

/* Answers an option, if there is one.  Returns the program's exit code, or -1 to go on. */
int outset_options(int argc, char **argv);

/* Before threads, sockets and libfcgi. */
void outset_prepare(void);

#endif
