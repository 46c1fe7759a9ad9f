/* Who a peer is, as a run remembers it: inside or outside, and under which profile
 * its socket was bound. */
#ifndef SUNSHIM_SHIM_SCOPE_H
#define SUNSHIM_SHIM_SCOPE_H

#include "facts.h"

#define SCOPE_NEEDS (POLICY_NEEDS_BOUND | POLICY_NEEDS_MADE | POLICY_NEEDS_LABEL)
/* What is known of a peer once its address is. */
#define KNOWN_PEER (POLICY_NEEDS_PEER | POLICY_NEEDS_PEER_PATH | SCOPE_NEEDS)
#define ABOUT_PEER (KNOWN_PEER | POLICY_NEEDS_UID | POLICY_NEEDS_EXE)

/* Puts f->query.bound, made and label as the run of `layer` sees the peer of `r`.
 * Targets must be pinned where they are pathnames. */
void scope_fill(struct facts *f, const struct request *r, const struct active_layer *layer);

/* A peer that was denied only for being outside may not be there at all: then the
 * kernel's own answer to that, negative; or SCOPE_KERNEL: let the kernel answer (a file
 * of another kind, a connected peer that has gone); or SCOPE_AGAIN: the run has bound it meanwhile,
 * scope_fill() and decide once more. 0: it is there, or nobody can tell. */
enum { SCOPE_KERNEL = 1, SCOPE_AGAIN };
int scope_absent(struct facts *f, const struct request *r, const struct active_layer *layer);

#endif
