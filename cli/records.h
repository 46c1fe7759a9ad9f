/* Records read back: from a log, as text or JSON, or line by line from a run that is being
 * watched. Private to cli/. */
#ifndef SUNSHIM_CLI_RECORDS_H
#define SUNSHIM_CLI_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "query.h"

enum { FIELDS_MAX = 64 };

/* One key and its value, escapes undone: a name's bytes are what they were (of JSON, the
 * value of NAME_hex stands in place of NAME's; an array's elements are joined by newlines). */
struct field {
    const char *key; /* terminated */
    const char *value; /* terminated, and may hold NUL bytes before that */
    size_t len;
    bool word;       /* stood without quotes: a number, auto, none. addr="none" is a name, addr=none is not */
};

struct record {
    struct field fields[FIELDS_MAX];
    unsigned count;
    unsigned char where[64]; /* their places, by key (records.c) */
    char *room;      /* what the fields point into */
    size_t room_size;
};

/* Reads one line (with or without newline) in any form that sunshim writes (text, JSON, for
 * AppArmor's readers) or that the kernel writes for AppArmor; keys of the last two are given
 * ours. False: no record (another program's line in the log, a torn one). The fields are valid
 * until the next record_read() into the same `r`; zero `r` first. */
bool record_read(struct record *r, const char *line, size_t len);
/* The same for a line of keys and values that need not say what kind of record it is. */
bool record_parse(struct record *r, const char *line, size_t len);
void record_free(struct record *r);

const struct field *record_field(const struct record *r, const char *key); /* NULL: has none */
const char *record_text(const struct record *r, const char *key);          /* "": has none */
int64_t record_number(const struct record *r, const char *key, int64_t otherwise);
bool record_is(const struct record *r, const char *what); /* sunshim="WHAT" */
/* Nanoseconds since 1970 of time=; 0: has none. */
int64_t record_time(const struct record *r);

/* The question that the call of a record put to a policy. False: it asked nothing (no
 * requested=). The bytes belong to `r`. As `sunshim explain -` understands it. */
bool record_query(const struct record *r, struct policy_query *q);
/* As if it had asked for that one alone. */
bool record_query_perm(const struct record *r, uint32_t perm, struct policy_query *q);

/* Reads a log file ("-": standard input) line by line, lines of any length (those over 64 KiB
 * are no records). *skipped counts lines that are no records. 0, or 125 after saying why not. */
int records_each(const char *path, void (*each)(void *ctx, const struct record *r, const char *line, size_t len), void *ctx,
                 uint64_t *skipped);
/* The same for who shows them as they come, as from tail(1): `pause` after all that are there for now. */
int records_follow(const char *path, void (*each)(void *ctx, const struct record *r, const char *line, size_t len),
                   void (*pause)(void *ctx), void *ctx, uint64_t *skipped);

#endif
