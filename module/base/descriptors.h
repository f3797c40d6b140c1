/* descriptors.h - the first three descriptors, which not everybody who starts us leaves open. */
#ifndef BASE_DESCRIPTORS_H
#define BASE_DESCRIPTORS_H

/* Opens /dev/null for what is missing among them.  Else the next file or socket would get such a
 * number, and what we print, or log, would be written to a Postgres.  Before anything is opened. */
void descriptors_fill_standard(void);

#endif
