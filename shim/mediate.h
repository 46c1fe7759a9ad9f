/* The way of a call: classify -> resolve -> decide -> perform -> record.
 *
 * An interposed function fills a struct request, calls mediate(), and makes the
 * call if that says so, with the address that came back. Everything here is
 * async-signal-safe, leaves errno alone, and keeps to about 2 KiB of stack. */
#ifndef SUNSHIM_SHIM_MEDIATE_H
#define SUNSHIM_SHIM_MEDIATE_H

#include <errno.h>

#include "address.h"
#include "pin.h"
#include "policy/policy.h"
#include "state.h"
#include "trace.h"

struct request {
    const char *operation;      /* the call's name, for the record */
    int fd;                     /* meaningless with POLICY_CREATE: the call makes the socket */
    uint32_t perm;
    int family, type, protocol; /* -1: not known yet */
    struct address *target;     /* the address in the call: bind's own, else the peer's; or NULL */
    struct trace *trace;        /* what is told of the call; or NULL */
    int other;                  /* a connection that was just accepted; -1 */
    bool pair;                  /* POLICY_CREATE: socketpair(2) */
    bool again;                 /* judged once more while it waits: what it was allowed is on record */
    bool sender_known;          /* who sent what was just received, as the kernel told: */
    int sender_pid;
    unsigned sender_uid;

    /* Filled by mediate(): */
    struct pin pin;             /* to be closed after the call */
    const struct sockaddr *via; /* the address to pass on; NULL without target */
    socklen_t via_len;
    socklen_t given_len;        /* the length of the address in the call */

    /* By an inject rule (inject.h): */
    bool broken;                /* one acted; what mediate() returned is its errno */
    uint32_t limit;             /* bytes to send or receive at most; 0: as many as the program says */
    uint64_t delay;             /* nanoseconds, until they are slept */
};

/* The request of a call that is traced, if calls are. */
static inline struct request request_of(struct trace *t)
{
    return (struct request){
        .operation = t->operation, .fd = t->fd, .perm = t->perm, .family = -1, .type = -1, .protocol = -1,
        .trace = t, .other = -1, .pin = PIN_NONE,
    };
}

static inline struct request request(const char *operation, int fd, uint32_t perm)
{
    return (struct request){
        .operation = operation, .fd = fd, .perm = perm, .family = -1, .type = -1, .protocol = -1,
        .other = -1, .pin = PIN_NONE,
    };
}

/* What mediate() found. Negative: -errno; the call is not made. */
enum {
    MEDIATE_PROCEED = 0,
    MEDIATE_LATER = 1, /* accept, receive: make the call, then ask mediate_peer() */
    MEDIATE_FULL = -4096, /* a path is to be looked up, and there is no free descriptor (reach.h); no errno,
                             because a rule may give any */
};

/* Decides. After MEDIATE_PROCEED, r->via and r->via_len are what to pass on, and
 * r->pin may be open. Denials are on record when this returns. What the kernel
 * itself refuses (bad descriptor, wrong family) proceeds, so that the error is
 * the kernel's. */
int mediate(struct request *r);

/* Sets r->via: to the pin's name, if there is one. */
void mediate_aim(struct request *r);

/* After MEDIATE_LATER, before the call waits: inject rules that do not ask about the peer. 0 or
 * -errno, with r->broken. */
int mediate_wait(struct request *r);

/* The second half of MEDIATE_LATER: `peer` is who it turned out to be. */
int mediate_peer(struct request *r, const struct address *peer);

/* True when a call may bind a socket on its way and that may be refused. */
static inline bool mediate_may_autobind(void)
{
    return state->autobind_matters && state_strangers() &&
           atomic_load_explicit(&state_autobind_probe, memory_order_relaxed);
}

/* Implicit autobind (unix(7)): an unbound socket with SO_PASSCRED or SO_PASSPIDFD
 * is given a name by connect and by sends. Asks for the bind permission when
 * that is about to happen. 0 or -errno. */
int mediate_autobind(const struct request *r);

/* Asks for the bind permission of address kind AUTO on `fd`. 0 or -errno. */
int mediate_auto(const char *operation, int fd);

/* A call through a pin failed with `err` because the socket is of another family:
 * such a socket judges the length before the family, so ask it again with the
 * length that the program gave. */
static inline bool mediate_retry(const struct request *r, int err)
{
    return err == EAFNOSUPPORT && r->given_len != r->via_len;
}

/* What to tell the caller whose call through r->pin failed with `err` (positive).
 * Without /proc the pin cannot be used: EACCES, and a record that says so. */
int mediate_failed(const struct request *r, int err);

#endif
