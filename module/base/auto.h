/* auto.h - scope-exit destructors: one function serves explicit calls and the end of a scope. */
#ifndef BASE_AUTO_H
#define BASE_AUTO_H

/* AUTO(thing_free) struct thing *thing = NULL; calls thing_free(&thing) when the scope ends.
 * Destructors take a pointer to the variable, accept NULL in it and set it to NULL. */
#define AUTO(destructor) __attribute__((cleanup(destructor)))

#define MUST_CHECK __attribute__((warn_unused_result))

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* free() as a destructor for any pointer. */
void auto_free(void *pointer_to_pointer);

/* close() as a destructor for a descriptor; leaves -1. */
void auto_close(int *fd);

#endif
