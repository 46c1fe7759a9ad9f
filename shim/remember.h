/* Writing down who bound what, for every run this process is in. Async-signal-safe;
 * errno is left alone. */
#ifndef SUNSHIM_SHIM_REMEMBER_H
#define SUNSHIM_SHIM_REMEMBER_H

#include "address.h"
#include "domain.h"

/* Around a call that binds: others who look for the socket in between wait. */
struct binding {
    int16_t tickets[RUNS_MAX];
};
void remember_begin(struct binding *b);
void remember_end(const struct binding *b);

/* `fd` has just been bound to `asked` (as the program gave it; NULL: the kernel gave
 * it a name by itself). 0, or -ENOSPC: a run's memory is full. */
int remember_bound(int fd, const struct address *asked);

/* Listening and sending bind an inet socket that has no port yet. It is done a moment
 * earlier here, so that others can be told. */
void remember_unbound(int fd);

/* This process connects or listens: others will see it at the other end. Nothing
 * is done where no policy of a run asks who that is, and nothing twice. */
void remember_process(void);
static inline void remember_process_once(void)
{
    if (__builtin_expect(state->asks_process, 0) && !domain_noted())
        remember_process();
}

/* Where an unbound unix socket was made matters when it is bound later. `fd` came
 * from somewhere else: outside, for each run of which no process has sent it. */
void remember_came(int fd);
/* `fd` is about to be sent. */
void remember_sent(int fd);
/* The constructor: what the first process of the innermost run was started with was
 * made outside it. */
void remember_inherited(void);
/* The same: the sockets of run --anon were made for this run. `names`: theirs in SUNSHIM_FDS, with
 * colons between. */
void remember_launched(const char *names);

#endif
