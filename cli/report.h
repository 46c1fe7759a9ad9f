/* What logs say, put together: who talked to whom, and by which rules. Private to cli/report*.c. */
#ifndef SUNSHIM_CLI_REPORT_H
#define SUNSHIM_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "records.h"

/* --- Strings, each once --------------------------------------------------------------- */

struct strings {
    char *bytes; /* all of them, each terminated */
    size_t len, room;
    size_t *at; /* where each begins; at[count] is where the last one ended */
    uint32_t count, places;
    uint32_t *hashed, hash_size; /* number + 1, open addressing */
};

/* The number of a string; "" is 0. */
uint32_t strings_add(struct strings *s, const void *bytes, size_t len);
const char *strings_get(const struct strings *s, uint32_t n);
size_t strings_len(const struct strings *s, uint32_t n);

/* --- What there is --------------------------------------------------------------------- */

enum { NOBODY = UINT32_MAX };

/* A program in a process; after an exec it is another one. */
struct process {
    int64_t pid;
    uint32_t exe; /* the key ends here */
    uint32_t comm;
    int64_t ppid; /* -1: not known */
    bool seen;    /* it wrote records; otherwise others' speak of it */
};
enum { PROCESS_KEY = offsetof(struct process, comm) };

/* What a socket is known by: its name, or, of one without, its inode. */
struct place {
    uint32_t name, family; /* the key */
    uint32_t type;
};
enum { PLACE_KEY = offsetof(struct place, type) };

enum verb { VERB_NONE, VERB_BIND, VERB_LISTEN, VERB_ACCEPT, VERB_CONNECT, VERB_SEND, VERB_RECEIVE, VERB_LEAK,
            VERB_MADE, VERB_HELD, VERBS };
extern const char *const verb_words[VERBS];

/* All that one process did with one socket in one way. */
struct link {
    uint32_t process, place, verb; /* the key */
    uint64_t calls, failed;        /* of TRACE records */
    uint64_t denied, injected, leaked, other;
    uint64_t bytes, duration;
};
enum { LINK_KEY = 3 * sizeof(uint32_t) };

/* One key of records; numbers and texts under the same key are two columns. */
struct column {
    uint32_t key;
    bool number;
    uint32_t count, room;
    uint32_t *row;
    int64_t *value;
};

struct row {
    int64_t time; /* microseconds since 1970 */
    uint32_t process, place;
    uint8_t verb, kind;
};

/* Kinds of records: of the rest the text is in the column "sunshim" all the same. */
enum kind { KIND_TRACE, KIND_DENIED, KIND_ALLOWED, KIND_AUDIT, KIND_INJECTED, KIND_LEAK, KIND_HINT, KIND_UNSEEN, KIND_OTHER,
            KINDS };
extern const char *const kind_words[KINDS];

/* A rule that a policy has or that records name. */
struct rule_use {
    uint32_t where; /* "FILE:LINE", the key */
    uint32_t file, line, text;
    bool known;                       /* it was found in a policy */
    bool deny, inject;
    uint64_t calls, records;          /* TRACE records, and others, that name it */
};

/* Things of one kind in the order in which they came, found by what they are. */
struct many {
    void *at;
    uint32_t count, room;
    uint32_t *hashed, hash_size;
};

struct report {
    struct strings strings;
    struct many processes, places, links, rules;
    struct row *rows;
    uint32_t row_count, row_room;
    struct column *columns;
    uint32_t column_count;
    uint64_t kinds[KINDS];
    uint64_t skipped; /* lines that were no records */
    int64_t last_time;
    uint8_t served[65536 / 8]; /* IP ports that somebody listened on, a bit for each */
};

#define process_at(r, i) (&((struct process *)(r)->processes.at)[i])
#define place_at(r, i) (&((struct place *)(r)->places.at)[i])
#define link_at(r, i) (&((struct link *)(r)->links.at)[i])
#define rule_at(r, i) (&((struct rule_use *)(r)->rules.at)[i])
enum { RULE_KEY = sizeof(uint32_t) };

/* The entry of `size` bytes that begins with the `key_size` bytes of `entry`; added if it is
 * not there. Its number. */
uint32_t many_add(struct many *m, const void *entry, size_t size, size_t key_size);

/* report_read.c: takes one log in; 0 or 125. report_order() is due after the last. */
int report_read(struct report *r, const char *path);
void report_order(struct report *r);

/* report_links.c: who did what to which socket. report_strangers(): those that only others'
 * records speak of; once, when all logs were read. */
void report_link(struct report *r, const struct record *rec, struct row *row);
void report_strangers(struct report *r);

/* report_columns.c: keeps what a record says. */
void report_columns(struct report *r, const struct record *rec, uint32_t row);
/* ... and one number about row `row`. */
void report_note(struct report *r, const char *key, uint32_t row, int64_t value);

/* report_rules.c: the policies' own lists of rules, as far as they can be read now. `named`
 * (NULL-terminated) were given by --policy: 125 when one of those cannot be read. */
struct options;
int report_rules(struct report *r, const struct options *named);
void report_rule_seen(struct report *r, const struct record *rec);

/* A line of the records that belong together: the same call of the same process, denied by the
 * same rule. */
struct group {
    uint32_t first, count; /* a row, and how many like it */
    int64_t from, to;      /* their times */
};
/* report_groups.c: those of one kind, most frequent first. */
struct group *report_groups(struct report *r, enum kind kind, uint32_t *count);

/* The text under `key` in a row, of *len bytes that may be anything, or NULL. */
const char *report_text(const struct report *r, uint32_t row, const char *key, size_t *len);
/* The number under it; `otherwise` without one. */
int64_t report_number(const struct report *r, uint32_t row, const char *key, int64_t otherwise);

/* The ways out. Those to stdout fail as all output does; the page is written to a file: 0 or 125. */
void report_print(struct report *r);
void report_dot(struct report *r);
void report_json(struct report *r, char *const *logs, int count);
int report_page(struct report *r, char *const *logs, int count, const char *path);

/* Names as text that is unambiguous and harmless wherever it is shown: what prints nothing,
 * misleads or is no UTF-8 is \xHH, a backslash is doubled. New memory. */
char *report_shown(const void *bytes, size_t len);

#endif
