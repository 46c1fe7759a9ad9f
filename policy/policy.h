/* The policy library: text -> rules -> compiled policy -> decision.
 *
 * It has no globals, calls nothing of libc but mem* and str*, and does no I/O
 * of its own: files are reached through `struct policy_files`. The shim, the
 * command, the tests and the fuzzers all use this header. Functions return 0
 * or a negative errno; all are async-signal-safe if the callbacks they are
 * given are. The language is described in sunshim-policy(5). */
#ifndef SUNSHIM_POLICY_POLICY_H
#define SUNSHIM_POLICY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

/* --- Words ------------------------------------------------------------- */

/* What a call asks for; one bit each. AppArmor's names (apparmor.d(5), "unix
 * socket rules"). AUTOBIND exists in rule text only: it compiles to BIND of an
 * address of kind AUTO. */
enum policy_perm {
    POLICY_CREATE = 1 << 0,
    POLICY_BIND = 1 << 1,
    POLICY_LISTEN = 1 << 2,
    POLICY_ACCEPT = 1 << 3,
    POLICY_CONNECT = 1 << 4,
    POLICY_SEND = 1 << 5,
    POLICY_RECEIVE = 1 << 6,
    POLICY_GETATTR = 1 << 7,
    POLICY_SETATTR = 1 << 8,
    POLICY_GETOPT = 1 << 9,
    POLICY_SETOPT = 1 << 10,
    POLICY_SHUTDOWN = 1 << 11,
    POLICY_AUTOBIND = 1 << 12,
    POLICY_INHERIT = 1 << 13,
};
#define POLICY_PERM_COUNT 14
/* The permissions that have a peer; a rule with peer= is about these alone. */
#define POLICY_PEER_PERMS (POLICY_ACCEPT | POLICY_CONNECT | POLICY_SEND | POLICY_RECEIVE)

#define POLICY_FAMILIES 48 /* one more than AF_MAX has ever been (46 in 6.18) */

/* Names <-> numbers (words.c). The *_name functions return NULL for a number
 * without a name; the others -1 for an unknown word. */
const char *policy_perm_name(uint32_t one_bit);
const char *policy_family_name(int family); /* "unix", "inet", "inet6", "netlink", ... */
const char *policy_type_name(int type);     /* "stream", "dgram", "seqpacket", "raw", "rdm", "packet" */
const char *policy_errno_name(int err);     /* "EACCES" for 13 */
int32_t policy_perm_word(const char *word, size_t len); /* one bit or a set ("rw"); -1 */
int policy_family_word(const char *word, size_t len);
int policy_type_word(const char *word, size_t len);
int policy_errno_word(const char *word, size_t len);
/* "tcp" -> stream etc. are protocols; number or name. -1 unknown. */
int policy_protocol_word(const char *word, size_t len);

/* --- Reading ----------------------------------------------------------- */

struct policy_file {
    const char *text;
    size_t len;
};

/* How the parser reaches files. */
struct policy_files {
    void *ctx;
    /* Reads the whole of `path`. The text stays valid until policy_compile()
     * has returned. -ENOENT, -EISDIR, -EFBIG (over POLICY_TEXT_MAX), ... */
    int (*read)(void *ctx, const char *path, struct policy_file *out);
    /* The names in the directory `path`, as one run of NUL-terminated strings
     * of `len` bytes in all, in any order. -ENOTDIR where it is a file. */
    int (*list)(void *ctx, const char *path, struct policy_file *out);
};

/* Limits, each reported with its value when hit. */
#define POLICY_TEXT_MAX (16u << 20)   /* bytes of text, all files of a policy together */
#define POLICY_INCLUDE_DEPTH 64       /* nested includes */
#define POLICY_RULES_MAX 200000u      /* after expansion of variables */
#define POLICY_NAME_MAX 4096          /* bytes of a name in a rule */
#define POLICY_INJECTS_MAX 256u       /* inject rules of a policy, and of all policies of a run together */

enum policy_severity { POLICY_ERROR, POLICY_WARNING, POLICY_NOTE };

struct policy_diag {
    enum policy_severity severity;
    const char *file;        /* as opened */
    unsigned line, column;   /* from 1; column counts bytes; 0: whole file */
    unsigned width;          /* bytes the caret line should underline, >= 1 */
    const char *source;      /* the source line, not terminated */
    size_t source_len;
    const char *message;     /* one sentence, no full stop, names value and limit */
    const char *suggestion;  /* "did you mean 'stream'?" or NULL */
};

enum {
    POLICY_INPUT_APPARMOR = 1 << 0,  /* AppArmor's own meaning (--apparmor) */
    POLICY_INPUT_KEEP_TEXT = 1 << 1, /* keep each rule's source text for explain */
    POLICY_INPUT_NOTES = 1 << 2,     /* also report notes (skipped rules) and lint warnings */
};

struct policy_input {
    const char *name;  /* file name for diagnostics and records */
    const char *text;  /* the policy */
    size_t len;
    const char *dir;   /* where relative includes start; NULL: no relative includes */
    const struct policy_files *files; /* NULL: no includes at all */
    const char *const *search;        /* directories for <...>, NULL-terminated; may be NULL */
    /* Values of the predefined variables; NULL: undefined. */
    const char *home, *uid, *runtime_dir, *tmpdir;
    unsigned flags;
    void (*report)(void *ctx, const struct policy_diag *); /* NULL: silent */
    void *report_ctx;
};

/* Parses and compiles. On success *blob is the compiled policy (8-aligned,
 * position-independent, in the arena's memory) of *len bytes. -EINVAL: errors
 * were reported, all of them; -ENOMEM: the arena is exhausted (reported too). */
int policy_compile(const struct policy_input *in, struct arena *arena, const void **blob, size_t *len);

/* --- Compiled policy --------------------------------------------------- */

/* A validated compiled policy seen from one process. Read-only after
 * policy_select; may be shared by threads. */
struct policy {
    const void *blob;
    size_t len;
    uint32_t profile; /* index of the chosen profile */
};

/* Checks every offset and count of a compiled policy (it may come from a file
 * that somebody damaged). -EINVAL: not a compiled policy, or of another
 * version. The blob must stay readable and unchanged as long as `p` is used. */
int policy_open(struct policy *p, const void *blob, size_t len);

/* Takes a compiled policy that was checked before, by policy_open() or by having
 * been compiled a moment ago: looks at magic, version and size only, so that a
 * process of a run pays nothing for rules it never asks about. */
int policy_adopt(struct policy *p, const void *blob, size_t len);

/* Chooses the profile: `name` if not NULL (-ENOENT when there is none), else the
 * most specific attachment that matches `exe`, else the bare rules alone. */
int policy_select(struct policy *p, const char *exe, const char *name);

/* "-" where the bare rules apply. */
const char *policy_profile_name(const struct policy *p);
/* The bare rules, which are profile 0, and the named ones: values for p->profile. */
uint32_t policy_profile_count(const struct policy *p);
/* The top-level file's name as given to policy_compile. */
const char *policy_name(const struct policy *p);

/* What a policy needs around it, all of its profiles together. O(1). */
enum {
    POLICY_USES_MEMORY = 1 << 0,  /* scope, scope=, label=: a run that remembers who bound what */
    POLICY_USES_INHERIT = 1 << 1, /* names the permission inherit */
    POLICY_USES_MAP = 1 << 2,     /* has map rules */
    POLICY_USES_INJECT = 1 << 3,  /* has inject rules */
};
uint32_t policy_uses(const struct policy *p);

/* Rules `map FROM -> TO,` of the profile in force. policy_map() follows the one with the
 * longest FROM that `path` (len bytes) is, or, where FROM ends in a slash, is or lies below:
 * writes the result, terminated, and returns its length; 0: no rule is about it;
 * -ENAMETOOLONG: `room` is too small. The result is a path, or "fd:NAME", which no rule of another policy is
 * about. `to` must not overlap `path`, and may be written to
 * whatever is returned. policy_unmap() is the way back, for paths alone: the longest TO. policy_map_rule():
 * the rule that policy_map() follows, or POLICY_RULE_NONE; `to` as there. policy_map_target(): the i-th
 * TO of the profile, terminated, with the slash it may end in, or "fd:NAME"; NULL: there are no more.
 * Async-signal-safe. */
long policy_map(const struct policy *p, const char *path, size_t len, char *to, size_t room);
long policy_unmap(const struct policy *p, const char *path, size_t len, char *to, size_t room);
uint32_t policy_map_rule(const struct policy *p, const char *path, size_t len, char *to, size_t room);
const char *policy_map_target(const struct policy *p, unsigned i);

/* Whether `name` (len bytes) can stand behind "fd:": letters, digits, '.', '_', '-', 1 to POLICY_PASSED_MAX
 * of them. */
enum { POLICY_PASSED_MAX = 64 };
bool policy_passed_name(const char *name, size_t len);

/* The i-th NAME of all that rules `map FROM -> fd:NAME,` lead to, in any profile of the policy, each once,
 * terminated; NULL: there are no more. `rule`: the first rule that leads there, for policy_rule(). Takes time
 * that goes with all map rules. */
const char *policy_map_passed(const struct policy *p, unsigned i, uint32_t *rule);

/* True when the chosen profile (with the bare rules) names inherit: otherwise every
 * inherited socket is allowed. O(1). */
bool policy_mediates_inherit(const struct policy *p);

/* --- Decision ---------------------------------------------------------- */

enum policy_addr_kind {
    POLICY_ADDR_UNKNOWN,  /* cannot be known here */
    POLICY_ADDR_NONE,     /* unnamed */
    POLICY_ADDR_AUTO,     /* bind asked the kernel for a name (autobind) */
    POLICY_ADDR_ABSTRACT, /* bytes after the leading NUL */
    POLICY_ADDR_PATHNAME, /* canonical absolute path; bytes NULL: not resolved */
    POLICY_ADDR_INET,     /* 4 bytes, network order, and a port */
    POLICY_ADDR_INET6,    /* 16 bytes and a port; never v4-mapped */
    POLICY_ADDR_OTHER,    /* another family's address: no condition matches it */
};

struct policy_addr {
    enum policy_addr_kind kind;
    uint16_t port;      /* host order */
    uint32_t len;       /* of bytes */
    const void *bytes;  /* not terminated */
};

/* Where a peer belongs, seen from the run that a policy was given to. */
enum policy_scope { POLICY_SCOPE_UNKNOWN, POLICY_SCOPE_INSIDE, POLICY_SCOPE_OUTSIDE };

struct policy_query {
    uint32_t perm;   /* exactly one enum policy_perm */
    int family;      /* AF_*; -1 unknown */
    int type;        /* SOCK_* without flags; -1 unknown */
    int protocol;    /* -1 unknown */
    bool pair;       /* CREATE: by socketpair(2); only inject rules ask */
    struct policy_addr local, peer;
    const char *label; /* the peer's label; NULL unknown */
    enum policy_scope bound; /* who bound the peer's socket: peer=(scope=...) */
    enum policy_scope made;  /* who created it: `scope pathname abstract,` */
    bool uid_known;
    uint32_t uid;      /* the peer's effective uid; with accept and receive */
    const char *exe;   /* the peer's executable, canonical; NULL unknown; likewise */
    int fd;            /* INHERIT: the descriptor's number; -1 unknown */
    bool exempt;       /* INHERIT: only rules that name the descriptor by fd= are about it */
};

#define POLICY_RULE_NONE UINT32_MAX

enum policy_outcome {
    POLICY_ALLOWED,   /* nothing to say */
    POLICY_AUDITED,   /* allowed, and a rule wants it on record */
    POLICY_COMPLAIN,  /* would be denied; the profile complains instead */
    POLICY_DENIED,    /* denied, on record */
    POLICY_QUIET,     /* denied, not on record */
};

struct policy_verdict {
    enum policy_outcome outcome;
    int err;        /* errno of a denial (EACCES or the rule's), also for COMPLAIN */
    uint32_t rule;  /* the deciding rule; POLICY_RULE_NONE: nothing matched */
    bool explicit_deny; /* a deny rule matched (complain does not relax it) */
};

/* What a verdict on (perm, family) can depend on. */
enum {
    POLICY_NEEDS_FAMILY = 1 << 0,     /* only for family -1: families differ */
    POLICY_NEEDS_TYPE = 1 << 1,
    POLICY_NEEDS_PROTOCOL = 1 << 2,
    POLICY_NEEDS_LOCAL = 1 << 3,      /* the kind or value of the local address */
    POLICY_NEEDS_LOCAL_PATH = 1 << 4, /* if that is a pathname: its text */
    POLICY_NEEDS_PEER = 1 << 5,
    POLICY_NEEDS_PEER_PATH = 1 << 6,
    POLICY_NEEDS_LABEL = 1 << 7,
    POLICY_NEEDS_BOUND = 1 << 8,
    POLICY_NEEDS_MADE = 1 << 9,
    POLICY_NEEDS_UID = 1 << 10,
    POLICY_NEEDS_EXE = 1 << 11,
};

/* Facts to gather before policy_decide; facts not named here may stay unknown
 * without changing the outcome, errno or the deciding rule (but for which of
 * several rules a plain ALLOWED names). NEEDS_FAMILY comes alone: ask again
 * with the family. O(1). */
uint32_t policy_needs(const struct policy *p, uint32_t perm, int family);

/* The same for a call without an address, on what is connected already: scope
 * statements have nothing to say there, and query.made is INSIDE. */
uint32_t policy_needs_connected(const struct policy *p, uint32_t perm, int family);

/* Decides. Deny beats allow whatever the order; nothing matching is a denial
 * with EACCES; of several matching denies the first in the file decides, of
 * several matching allows the first (of those that audit, if any does). What is
 * unknown never satisfies an allow rule and always satisfies a deny rule. Cost
 * goes with the length of the names, not with the number of rules. Async-signal-
 * safe, no allocation, under 1 KiB of stack. */
void policy_decide(const struct policy *p, const struct policy_query *q, struct policy_verdict *v);

/* --- Faults ------------------------------------------------------------ */

/* Who counts the calls that an inject rule is about. */
enum policy_each { POLICY_EACH_DEFAULT, POLICY_EACH_PROCESS, POLICY_EACH_DOMAIN };

/* An inject rule: what it does to a call that every layer allows, and to which of
 * those it matches. Part of the compiled policy. */
struct policy_inject {
    uint64_t delay;             /* nanoseconds before the call goes on, or fails */
    uint64_t seed;
    uint64_t first, last, step; /* when=: of the calls it matches, counted from 1 */
    uint32_t chance;            /* billionths */
    uint32_t size;              /* short=: bytes that are sent or received at most; 0: all */
    int32_t err;                /* errno that the call fails with; 0: none */
    uint32_t number;            /* among the inject rules of the policy, from 0 */
    uint32_t rule;              /* for policy_rule() */
    uint16_t needs;             /* POLICY_NEEDS_ of its conditions */
    uint8_t each;               /* enum policy_each */
    uint8_t reserved;
};

/* Those of all profiles together, in the order of their numbers; NULL: no such number. */
uint32_t policy_inject_count(const struct policy *p);
const struct policy_inject *policy_inject(const struct policy *p, uint32_t number);

#define POLICY_INJECTS (1u << 16)

/* 0: no inject rule of the chosen profile is about (perm, family). Else POLICY_INJECTS and the
 * facts to gather, as policy_needs() has them. */
uint32_t policy_inject_needs(const struct policy *p, uint32_t perm, int family);

/* The next inject rule of the chosen profile that matches the query, in file order; NULL:
 * there are no more. *at is 0 at first. What is unknown matches no condition.
 * Async-signal-safe. */
const struct policy_inject *policy_inject_next(const struct policy *p, const struct policy_query *q, uint32_t *at);

/* Whether the rule acts on the hit-th call that it matches, counted from 1. The same seed
 * always gives the same answers. */
bool policy_inject_fires(const struct policy_inject *i, uint64_t hit);

/* --- Explaining -------------------------------------------------------- */

struct policy_rule_info {
    const char *file;  /* as opened */
    unsigned line;     /* where the rule starts */
    const char *text;  /* its source text, "" unless POLICY_INPUT_KEEP_TEXT */
    size_t text_len;
    bool deny;
    bool inject;       /* neither allows nor denies; no profile counts it as active */
};

/* False when there is no such rule. */
bool policy_rule(const struct policy *p, uint32_t rule, struct policy_rule_info *out);
/* Rules are numbered from 0 in file order, bare rules included. */
uint32_t policy_rule_count(const struct policy *p);
/* True when the rule belongs to the chosen profile (or is bare). */
bool policy_rule_active(const struct policy *p, uint32_t rule);

/* Which condition of a rule keeps it from matching the query, first in this
 * order; used by explain for the nearest miss, and by tests as a slow oracle. */
enum policy_miss {
    POLICY_MATCHES,
    POLICY_MISS_FAMILY,
    POLICY_MISS_PERM,
    POLICY_MISS_TYPE,
    POLICY_MISS_PROTOCOL,
    POLICY_MISS_LOCAL,
    POLICY_MISS_PEER,
    POLICY_MISS_LABEL,
    POLICY_MISS_SCOPE,
    POLICY_MISS_UID,
    POLICY_MISS_EXE,
    POLICY_MISS_FD,
};
enum policy_miss policy_rule_miss(const struct policy *p, uint32_t rule, const struct policy_query *q);

#endif
