/* sunshim learn: from records to the smallest policy that allows what they tell of.
 * Private to cli/learn*.c.
 *
 * records -> facts (learn_ask.c, learn_facts.c) -> patterns of names (learn_names.c, learn_random.c,
 * learn_series.c) and ports (learn_ports.c) -> rules (learn_rules.c) -> those that are needed
 * (learn_check.c, learn_trial.c) -> text (learn_variables.c, learn_write.c, learn_file.c). */
#ifndef SUNSHIM_CLI_LEARN_H
#define SUNSHIM_CLI_LEARN_H

#include <stdio.h>

#include "load.h"
#include "records.h"

/* How far a name is generalised; sunshim(1) tells these numbers. A place of a name that
 * changes from run to run becomes a glob of as many bytes of the same kind, never '/', and a
 * number one of at most 7 or 10 digits. What needs more is listed as it was. */
enum {
    LEARN_PLACES_MAX = 4,  /* places in one name */
    LEARN_LITERAL_MIN = 4, /* bytes that stay as they are, slashes aside */
    LEARN_ALIKE_MIN = 3,   /* names of one run that differ in a number alone, to be a series */
    LEARN_EXAMPLES = 3,    /* names shown with a rule */
    LEARN_PROGRAMS = 8,    /* programs shown with a rule */
    LEARN_RANDOM_MAX = 40, /* bytes of a place */
    LEARN_INT_DIGITS = 10, /* of a number that is no longer one of many */
    LEARN_DIGITS_MAX = 20, /* of any number */
};

struct learned_rule;

/* One call as often as it was made alike. */
struct fact {
    struct policy_query q;
    const char *comm, *exe;
    unsigned run;      /* which LOG, from 0 */
    uint64_t traced, told; /* TRACE records; others about it */
    bool lost;         /* the kernel found no file of that name */
    bool idle;         /* an accept or receive that got nothing */
    bool inside;       /* the peer's address is one of the run's own that the kernel chose */
    bool skip;         /* the policy that is extended allows it, or no rule can */
    struct learned_rule *rule;
    struct fact *next; /* of the same hash */
};

/* A number of times: the larger where a call has records of both kinds. */
static inline uint64_t fact_count(const struct fact *f)
{
    return f->traced > f->told ? f->traced : f->told;
}

/* A unix socket's name, in all facts that have it. */
struct name {
    enum policy_addr_kind kind; /* PATHNAME or ABSTRACT */
    const char *bytes;
    size_t len;
    uint64_t runs;     /* bit N: run N had it; runs from 63 on share the last */
    char *mask;        /* what each byte stands for: learn_names.c */
    char *before;      /* that, where it was a pattern at first: name_as_it_was(); NULL */
    size_t home;       /* bytes in front that a variable stands for */
    const char *variable;
    char *text;        /* as a rule writes it */
    bool pattern;      /* not this name alone */
    bool refused;      /* it would have been too wide */
    bool listens;      /* somebody listens or accepts there */
};

struct learned {
    struct fact **facts;
    size_t fact_count, fact_room;
    struct fact *buckets[4096];
    struct name *names;
    size_t name_count;
    uint8_t *pids;     /* a bit for each that was seen */
    uint8_t *autos;    /* ... for each autobind's name that a bind made, as a number of 5 hexadecimal digits */
    uint8_t *ports;    /* flags by 2 kinds of socket and 65536 numbers: learn_ports.c */
    struct learned_rule **rules;
    size_t rule_count, rule_room;
    unsigned runs;
    const char *old_text; /* the policy that is extended; NULL: none */
    const char *how;   /* the command line, for the first comment */
    uint64_t calls, denied, refused, unclear; /* refused: by a deny rule of the policy that is extended */
    bool with_denied;  /* what no rule allowed is wanted, too */
};

/* learn_ask.c: whether the record is of a socket call, and what that asked; how many questions, 0
 * when it does not say. Names stay in the record. */
enum { LEARN_QUESTIONS = 16 };
bool learn_is_call(const struct record *r);
unsigned learn_ask(const struct record *r, struct policy_query q[LEARN_QUESTIONS]);

/* learn_facts.c: what a record tells, as of run number `l->runs`. */
void learn_record(struct learned *l, const struct record *r);
bool learn_is_pid(const struct learned *l, uint32_t pid);

/* Once all records were taken. */
void learn_autobinds(struct learned *l);
void learn_resolve(struct learned *l);

/* learn_ports.c */
void ports_note(struct learned *l, const struct policy_query *q, bool worked);
bool port_is_kernels(const struct learned *l, const struct policy_query *q, const struct policy_addr *a, bool peer);
bool port_is_ours(const struct learned *l, int type, uint16_t port);    /* somebody in the run had it from the kernel */
bool port_listens(const struct learned *l, int type, uint16_t port);    /* ... listens or accepts there */
bool port_is_bound(const struct learned *l, int type, uint16_t port);   /* ... bound it by number */
bool port_is_open(const struct learned *l, int type, uint16_t port);    /* ... on all addresses */
void ports_range(unsigned *low, unsigned *high);

/* learn_names.c: the patterns of all names; then that of one. */
void names_settle(struct learned *l, const struct policy_input *around);
const struct name *name_of(const struct learned *l, const struct policy_addr *a);
bool name_is_auto(const struct policy_addr *a); /* as an autobind makes them */
int name_order(const void *a, const void *b);      /* for qsort(3): by kind and bytes */
size_t name_digits(const struct name *n, size_t at); /* how many digits stand there that nothing is known of */
/* learn_series.c: marks what can only be seen in several of them. */
void names_compare(struct learned *l);
/* Takes back that the name was made a pattern (false: it was none, or that was tried), and takes
 * that back. */
bool name_as_it_was(const struct learned *l, const struct policy_addr *a);
bool name_as_pattern(const struct learned *l, const struct policy_addr *a);

/* learn_variables.c: what stands for a place of a name, by its MARK_ and its bytes. */
const char *place_name(const struct learned *l, char mark, size_t len);
/* Definitions of the variables that `text` uses, as lines; "" for none. */
const char *names_variables(const struct learned *l, const char *text);

/* learn_random.c: marks in `mask` (len bytes) which bytes of a name somebody drew by lot, or counts. */
void mark_random(const char *name, size_t len, bool temporary, char *mask);
enum { MARK_NONE = 0, MARK_PID = 'p', MARK_INT = 'i', MARK_RANDOM = 'r', MARK_UUID = 'x', MARK_UID = 'u', MARK_LONG = 'l',
       MARK_BASE36 = 'b' };

/* learn_rules.c */
enum rule_class { RULE_INCLUDE, RULE_AUTOBIND, RULE_OWN, RULE_PEER, RULE_PAIR, RULE_NETWORK };
struct learned_rule {
    enum rule_class order;
    const char *key;   /* what tells it from others: the text without permissions */
    const char *head, *tail; /* "unix", " peer=(addr=/x)" */
    uint32_t perms, needed; /* needed: those of which that is known */
    bool dropped;      /* others do without it */
    const char *key_to_house; /* why it is one; NULL */
    struct fact **facts;
    size_t fact_count, fact_room;
};
void rules_make(struct learned *l);
void rules_sort(struct learned *l);
void rule_widen(struct learned *l, struct fact *f); /* one without names for it */
void rule_write(FILE *to, const struct learned_rule *r);
bool rule_speaks_of(const struct fact *f, const struct policy_addr **a); /* the address that its rule names */

/* learn_check.c */
struct old_policy {
    const char *path, *text; /* NULL: none is extended */
    size_t len;
};
/* Marks what `old` allows already. 0 or 125. */
int check_old(struct learned *l, const struct policy_input *around, const struct old_policy *old);
/* Drops rules and permissions that are not needed, and proves that the rest is enough.
 * 0 or 125 after saying what is wrong. */
int check_rules(struct learned *l, const struct policy_input *around, const struct old_policy *old);

/* learn_write.c: the policy as text: what is extended, then the rules. `comments`: with what was
 * seen. */
char *learned_text(const struct learned *l, const struct old_policy *old, bool comments);
/* As rules and comments can hold it: odd bytes as \xHH. */
const char *plain_name(const struct policy_addr *a);
const char *plain_text(const char *text);

/* learn_file.c: writes `text`, and not half of it; "-" is standard output. `fresh`: a file that has come to be
 * meanwhile stays, and the text is left beside it. 0 or 125. */
int file_replace(const char *path, const char *text, bool fresh);

#endif
