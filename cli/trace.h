/* sunshim trace: the parts of the command. A record goes through trace_chosen(), perhaps
 * through the summary or the names that are made the same, and becomes a line. Private to
 * cli/. */
#ifndef SUNSHIM_CLI_TRACE_H
#define SUNSHIM_CLI_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "options.h"
#include "records.h"
#include "ink.h"

/* --- Calls (trace_calls.c) --------------------------------------------------------------- */

/* What stands between the brackets of a call. */
enum trace_arguments {
    ARGS_SOCKET, /* family, type, protocol */
    ARGS_NAME,   /* descriptor, name of its own */
    ARGS_PEER,   /* descriptor, name of the other end */
    ARGS_FD,     /* descriptor */
    ARGS_BACKLOG,
    ARGS_SIZE,   /* descriptor, bytes */
    ARGS_TO,     /* descriptor, bytes, name of the other end */
    ARGS_MANY,   /* descriptor, messages, name of the other end */
    ARGS_OPTION,
    ARGS_HOW,
    ARGS_NONE,
};

struct trace_call {
    const char *name;
    enum trace_arguments arguments;
    bool socket; /* has a TRACE record: one of the C library's functions */
};

enum { TRACE_CALLS_MAX = 32 };
/* NULL: no call that is known. */
const struct trace_call *trace_call(const char *name);
/* Its place in the list, from 0. */
unsigned trace_call_number(const struct trace_call *c);
const struct trace_call *trace_call_at(unsigned number); /* NULL: there are no more */

/* Words for numbers, as "SOL_SOCKET" and "SO_REUSEADDR" (trace_options.c); NULL: none is known. */
const char *trace_level_name(int level);
const char *trace_option_name(int level, int option);

/* --- What strace users type (trace_habits.c) ---------------------------------------------- */

/* Adds what is taken and changes nothing, and what to use in place of others. */
void trace_habits(struct own_options *own);
/* What to use instead of an option, a letter or a long name without dashes; NULL: nothing is known. */
const char *trace_instead(const char *word);
/* The same for -e NAME=VALUE; NULL: it changes nothing. */
const char *trace_qualifier(const char *name, const char *value);
/* A call or a class of calls of the kernel, but not of sockets. */
bool trace_is_no_socket_call(const char *word);
/* What strace would make of -o, -A and -ff (`forks`: how many f). 0, or 125 after saying what to use. */
int trace_check_output(const char *output, bool append, unsigned forks);

/* --- Which records (trace_choose.c) ------------------------------------------------------- */

enum { TRACE_GLOBS_MAX = 64 };

struct trace_choice {
    uint32_t calls;      /* a bit for each number; all set when nothing was said */
    bool by_call;        /* something was */
    uint64_t families;   /* a bit for each AF_; 0: all */
    struct trace_glob *globs[TRACE_GLOBS_MAX];
    unsigned glob_count;
    bool failed, succeeded;
};

/* The values of -e, --family and --path. 0, or 125 after saying what is wrong. */
int trace_choose_calls(struct trace_choice *c, const char *text);
int trace_choose_families(struct trace_choice *c, const char *text);
int trace_choose_path(struct trace_choice *c, const char *glob);
bool trace_chosen(const struct trace_choice *c, const struct record *r);

/* --- One record (trace_line.c, trace_who.c, trace_note.c, trace_json.c) -------------------------------------- */

/* A call and what came of it, or that it waits. `denial`: the record of what a policy said, NULL: none. */
void trace_line(struct ink *t, const struct record *r, const struct record *denial);
/* Everything else that is on record: a leak, a hint, a program that is not seen. */
void trace_note(struct ink *t, const struct record *r);
/* Time, process, command. */
void trace_who(struct ink *t, const struct record *r);
/* "DENIED by FILE:LINE", "DENIED: no rule allows it", from a record with either form of rules. */
void trace_verdict(struct ink *t, const struct record *r, const char *verdict);
/* The name under `key` with its quotes, or an IP address under `ip` with its port. False: has neither. */
bool trace_name(struct ink *t, const struct record *r, const char *key, const char *ip, const char *port);
/* The record as the library writes it with --json. */
void trace_json(struct ink *t, const struct record *r);

/* --- Where to (trace_out.c) ---------------------------------------------------------------------- */

enum { TRACE_PENDING_MAX = 64 };

struct trace_output {
    int fd;
    int error;      /* errno of writing; 0 */
    struct ink ink; /* what is not written yet */
    /* Denials whose calls have not returned yet, the oldest first: one line shows both. */
    struct trace_pending {
        char *line;
        struct record record;
    } pending[TRACE_PENDING_MAX];
    unsigned pending_count;
};

/* The file of -o; NULL or "-": what is open as `standard`. A descriptor, or -1 with errno. */
int trace_out_open(const char *output, bool append, int standard);
/* A record as a line, perhaps later, with another one's. */
void trace_out_text(struct trace_output *t, const struct record *r);
void trace_out_rest(struct trace_output *t); /* what was held back */
void trace_out_ease(struct trace_output *t); /* writes, if much waits to be written */
void trace_out_write(struct trace_output *t);
int trace_out_end(struct trace_output *t); /* 0, or the errno of the first failure */

/* --- --waiting (trace_waits.c) -------------------------------------------------------------------- */

/* Whether the record is about a call that did not return (waits.h). */
bool trace_waits(const struct record *r);
/* A line of it, if it is chosen. */
void trace_wait(struct trace_output *t, const struct trace_choice *c, const struct record *r);

/* --- -c (trace_sum.c) ----------------------------------------------------------------------------- */

struct trace_sum;
struct trace_sum *trace_sum_new(void);
void trace_sum_add(struct trace_sum *s, const struct record *r);
/* `same`: without what is different each time. */
void trace_sum_text(struct ink *t, struct trace_sum *s, bool same);
void trace_sum_json(struct ink *t, struct trace_sum *s, bool same);

/* --- --normalize (trace_same.c, trace_hold.c) ------------------------------------------------------- */

/* Puts numbers in the order of their first use in place of what is different in each run.
 * Masked, all have the number 0: what is left tells whether two lines are the same. */
struct trace_same;
struct trace_same *trace_same_new(void);
/* Whose processes names may speak of: before the first trace_same(). */
void trace_same_process(struct trace_same *s, int64_t pid);
/* The number that a process has from now on. */
int64_t trace_same_pid(struct trace_same *s, int64_t pid);
/* `to` gets the record; its values live until the next call. */
void trace_same(struct trace_same *s, bool masked, const struct record *from, struct record *to);

/* Keeps records until the end of the run, and gives them back one process and thread after the
 * other, in an order that does not depend on who was faster. */
struct trace_hold;
struct trace_hold *trace_hold_new(void);
void trace_hold_add(struct trace_hold *h, const struct record *r, const char *line, size_t len);
void trace_hold_each(struct trace_hold *h, void (*each)(void *ctx, const struct record *r), void *ctx);

#endif
