/* Inject rules: calls that every layer allows are broken on purpose.
 *
 * Every rule that matches a call counts it, also when another one acts. Counts are of the run
 * that the rule's policy was given to (domain/counts.h), or of the process. */
#ifndef SUNSHIM_SHIM_INJECT_H
#define SUNSHIM_SHIM_INJECT_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "facts.h"

/* Finds where the layers count, and sets state->injects. Constructor only, after
 * domain_map(). */
void inject_start(struct state *s, const char *domain);

/* Where a call has to wait for its peer, rules that do not ask about it are for the time before. */
enum inject_when { INJECT_ONCE, INJECT_WAITING, INJECT_PEER };

/* The first rule that acts decides: 0 or -errno, and r->broken, r->delay and r->limit. Goes on record. */
int inject(struct facts *f, struct request *r, enum inject_when when);

/* Sleeps r->delay, once. Handlers run meanwhile; nothing ends it early. */
void inject_sleep(struct request *r);

/* Of a message as the program gave it, `limit` bytes at most: its vector is then `parts`, which
 * has room for `room`. A vector that cannot be read stays, for the kernel to say so. */
void inject_shorten(struct msghdr *msg, struct iovec *parts, size_t room, size_t limit);

static inline size_t inject_size(const struct request *r, size_t size)
{
    return r->limit && size > r->limit ? r->limit : size;
}

#endif
