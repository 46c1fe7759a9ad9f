/* Records as lines: DESIGN "Records" and sunshim(1), "RECORDS". */
#ifndef SUNSHIM_SHIM_FORMAT_H
#define SUNSHIM_SHIM_FORMAT_H

#include <time.h>

#include "domain/ring.h"
#include "policy/policy.h"
#include "policy/text.h"

/* A socket that came across exec, and how it came to be. */
struct record_socket {
    int fd;
    uint32_t inode, peer_inode;       /* 0: not known */
    int peer_pid;                     /* likewise */
    const struct ring_entry *origin;  /* zeros: not known */
};

/* An address that a program cut to fit sun_path. */
struct record_cut {
    const char *addr;
    size_t len, limit;     /* bytes it has, and most that anybody can use */
    const char *intended;  /* NULL: nobody knows */
    const char *or_this;   /* or so nobody knows which; NULL */
};

enum { RECORD_RULES = 4 };

/* A call that has returned (trace.h). */
struct record_call {
    int fd, peer_pid;                 /* peer_pid 0: not known */
    long result;
    int err;                          /* positive; 0: none */
    struct timespec began;
    uint64_t duration;                /* nanoseconds */
    const struct policy_addr *given;  /* the name in the call, where it is not the one in the query; NULL */
    const struct policy_addr *bound;  /* the name that an autobind produced; NULL */
    const char *verdict;              /* NULL: none */
    const char *const *keys;          /* two numbers of the call; NULL: none */
    const int64_t *values;
    unsigned rule_count;
    struct policy_rule_info rules[RECORD_RULES]; /* file NULL: none */
};

struct record {
    const char *what;       /* "DENIED", "ALLOWED", "AUDIT", "INJECTED", "TRACE", "HINT", "LEAK", "UNSEEN" */
    const char *operation;
    struct timespec time;
    int pid, ppid, tid;                   /* tid 0: not told */
    const char *comm, *exe;
    const struct policy_query *query;     /* NULL: the record is about no address */
    const struct policy_verdict *verdict; /* NULL likewise */
    const struct record_socket *socket;   /* NULL: about no inherited one */
    const struct record_cut *cut;         /* NULL: about no cut address */
    const struct record_call *call;       /* NULL: about no call that was traced */
    const struct policy_inject *inject;   /* NULL: no such rule acted */
    uint64_t hit;                         /* number of the call among those that it matched */
    const char *profile, *policy;
    bool ruled;                           /* rule_file, rule_line name the deciding rule */
    const char *rule_file;
    unsigned rule_line;
    const char *name, *info;              /* a program that will not be seen, and why; or NULL. Or a path alone */
    int err;                              /* positive; 0: no error */
    const char *hint;                     /* or NULL */
    char *room;                           /* FORMAT_ROOM bytes to put values together in */
    size_t longest;                       /* characters a value may have: QUOTE_USUAL, QUOTE_TIGHT */
};

#define FORMAT_ROOM 2048

/* Each appends one line with its newline. Async-signal-safe. */
void format_text(struct text *t, const struct record *r);
void format_json(struct text *t, const struct record *r);
void format_apparmor(struct text *t, const struct record *r);

/* An address in the words of unix(7) and AppArmor; NULL where a record says nothing of it. */
const char *addr_word(const struct policy_addr *a); /* "none", "auto" */
/* In front of a name: "@" of an abstract one, and "./" where a relative path would look like one, or like a word. */
const char *addr_prefix(const struct policy_addr *a);
static inline bool addr_is_inet(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_INET || a->kind == POLICY_ADDR_INET6;
}
/* A name with text: abstract, or a pathname that is known. */
static inline bool addr_is_name(const struct policy_addr *a)
{
    return a->kind == POLICY_ADDR_ABSTRACT || (a->kind == POLICY_ADDR_PATHNAME && a->bytes);
}

/* How a socket came to be: "socket", ... "unknown"; by which command, as far as known. */
const char *origin_word(const struct ring_entry *e);
size_t origin_comm_len(const struct ring_entry *e);

/* 2026-01-31T03:02:11.481223Z */
void format_time(struct text *t, const struct timespec *ts);

#endif
