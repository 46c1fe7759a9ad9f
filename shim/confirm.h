/* An entry in the memory of a run says what was; whether it still is, the kernel
 * knows. Async-signal-safe; errno is left alone. */
#ifndef SUNSHIM_SHIM_CONFIRM_H
#define SUNSHIM_SHIM_CONFIRM_H

#include "facts.h"
#include "identity.h"

/* A frame of its own, that is gone before the next one is needed: stacks are small. */
#define APART __attribute__((noinline))

/* What is asked for, and in which table. */
struct search {
    const struct table *table;
    const struct facts *facts;
    const struct request *request;
    const struct policy_addr *name; /* of the peer */
    struct identity id;
};

/* True when what `s` looks for is the socket of the entry that was found by s->id. */
bool confirm(const struct search *s, const struct table_entry *e);

#endif
