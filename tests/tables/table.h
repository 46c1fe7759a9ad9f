/* Reads tests/tables/decisions.txt; its format is described there. */
#ifndef TESTS_TABLES_TABLE_H
#define TESTS_TABLES_TABLE_H

#include <stdbool.h>

enum { TABLE_SECTIONS = 250, TABLE_ROWS = 2000 };

struct row {
    int number; /* from 1, over the whole table */
    int line;   /* in the file */
    const char *operation, *family, *type, *protocol, *local, *peer;
    const char *verdict, *err;
    int rule;             /* line of the policy; 0: none */
    const char *facts;    /* what else is known, as keys of `sunshim explain`; may be "" */
    const char *not_live; /* why it cannot be performed; NULL: it can */
};

struct section {
    const char *sentence, *profile; /* profile: NULL where none is forced */
    char *policy;
    int first, rows; /* indexes into table.rows */
};

struct table {
    struct section sections[TABLE_SECTIONS];
    struct row rows[TABLE_ROWS];
    int section_count, row_count;
};

/* $T in the file becomes `directory`, $U its last component, $I the user's id and $E
 * the probe's executable. Fails the test when the file is malformed. */
const struct table *table_read(const char *path, const char *directory, const char *probe);
/* The value of a row's fact, NULL where it has none. */
const char *row_fact(const struct row *r, const char *key);

bool row_denied(const struct row *r);   /* deny or quiet */
bool row_recorded(const struct row *r); /* deny or audit */

#endif
