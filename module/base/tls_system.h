/* tls_system.h - where this system keeps the authorities that it trusts.
 *
 * OpenSSL looks where its builder said, and a program that is carried into another image, with the
 * libraries of its own, finds nothing there.
 */
#ifndef BASE_TLS_SYSTEM_H
#define BASE_TLS_SYSTEM_H

/* At most one of them is set; both are NULL where the system has no authorities.  Paths below the
 * root; they live for ever. */
struct tls_system {
    const char *folder; /* holds certificates under the hashes of their names */
    const char *file;   /* holds all of them */
};

/* Looks below `root`, which is "" for the system itself.  A folder comes first: it is searched by
 * the name of each issuer, where a file, read whole, takes a megabyte.  Any thread. */
void tls_system_find(const char *root, struct tls_system *ret);

#endif
