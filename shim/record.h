/* Stage 5, record: one line for each thing worth saying.
 *
 * Signals are blocked from taking the buffer to giving it back, so that nothing
 * can jump out of the middle, and so that a log nobody reads cannot kill the
 * program by SIGPIPE. Async-signal-safe; errno is left alone. */
#ifndef SUNSHIM_SHIM_RECORD_H
#define SUNSHIM_SHIM_RECORD_H

#include "format.h"
#include "policy/policy.h"

/* `v` of `p` on `q`, asked for by `operation`. Its outcome decides the kind. */
void record_verdict(const char *operation, const struct policy_query *q, const struct policy_verdict *v,
                    const struct policy *p);

/* The kind of such a record: "DENIED", "ALLOWED", "AUDIT". */
const char *record_word(enum policy_outcome outcome);

/* The same about a socket that the program was started with. */
void record_inherited(const struct policy_query *q, const struct policy_verdict *v, const struct policy *p,
                      const struct record_socket *s);

/* INJECTED: `i` of `p` breaks the hit-th call that it matches. */
void record_injected(const char *operation, const struct policy_query *q, const struct policy_inject *i, uint64_t hit,
                     const struct policy *p);

/* A LEAK: such a socket, which no policy (p: one of them, or NULL) had a word about. */
void record_leak(const struct policy_query *q, const struct policy *p, const struct record_socket *s);

/* UNSEEN: `path` is about to be executed, and its calls will not be seen. */
void record_unseen(const char *path, const char *why);

/* A HINT: sunshim itself could not do what it had to; `err` (negative) is what
 * the caller gets. */
void record_trouble(const char *operation, int err, const char *hint);
/* The same about a file or a directory, `path`. */
void record_path(const char *operation, int err, const char *path, const char *hint);

/* TRACE: a call that has returned. */
void record_call(const char *operation, const struct policy_query *q, const struct record_call *call);

/* A HINT: a program cut an address. The caller counts it. */
void record_cut(const char *operation, const struct record_cut *cut, const char *hint);

#endif
