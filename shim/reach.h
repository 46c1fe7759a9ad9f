/* Getting a connect or a send to a pathname that does not fit sun_path.
 *
 * First through a pin of the file and /proc. Without a free descriptor or without
 * /proc through an alias, where there is a run; else by a helper thread. */
#ifndef SUNSHIM_SHIM_REACH_H
#define SUNSHIM_SHIM_REACH_H

#include "mediate.h"

/* What mediate() allowed is made possible: r->via is then what the kernel can be given, and
 * r->pin may be open. REACH_HELPED: nothing can, reach_helped() has to make the call.
 * -errno: of the path, as the kernel's for a short one. One load for a short name. */
enum { REACH_DIRECT = 0, REACH_HELPED = 1, REACH_JUDGED = 2 /* the same by reach_judged() */ };
int reach_long(struct request *r);

static inline int reach(struct request *r)
{
    return r->target && address_is_long(r->target) && r->pin.fd < 0 ? reach_long(r) : REACH_DIRECT;
}

/* connect(2), or sendmsg(2) of `msg` without its name, to r->target in a helper thread. Returns what
 * the call does, or -errno. Waits as the call would, in steps; a cancellation point, for which
 * the caller must have the target released. */
long reach_helped(struct request *r, const struct msghdr *msg, int flags);

/* mediate() said MEDIATE_FULL: it wants to look a path up, and this process has no free descriptor.
 * Decides, and makes the call as reach_helped() does, in a thread that gives one up. */
long reach_judged(struct request *r, const struct msghdr *msg, int flags);

/* Decides in such a thread about a call that needs no pin. As mediate(). */
int reach_mediate(struct request *r);

#endif
