/* migrations.h - the files of sql/, built into the programs by sql/embed.sh. */
#ifndef LEDGER_MIGRATIONS_H
#define LEDGER_MIGRATIONS_H

#define MIGRATION_CHECKSUM_BYTES 65

struct migration {
    int revision; /* 1, 2, …: without gaps */
    const char *name;
    const char *oldest_program; /* the oldest version that may write the schema from here on */
    const char *up;
    const char *down;
};

extern const struct migration migrations[];
extern const int migration_count;

/* SHA-256 of the two files, in hex. */
void migration_checksum(const struct migration *migration, char text[MIGRATION_CHECKSUM_BYTES]);

#endif
