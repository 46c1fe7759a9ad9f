/* Waiting for a call that a helper thread makes.
 *
 * Nobody can interrupt a helper, so that it must not wait itself: the call is made again and
 * again, and the caller sleeps in between, where signals and cancellation reach it. */
#ifndef SUNSHIM_SHIM_PATIENCE_H
#define SUNSHIM_SHIM_PATIENCE_H

#include <stdbool.h>
#include <sys/socket.h>

struct patience {
    int fd;        /* the socket */
    bool connects; /* else it sends */
    int flags;     /* of the send */
    /* Makes the call in a helper, a send with MSG_DONTWAIT: what it does, or -errno. */
    long (*attempt)(void *ctx);
    void *ctx;
    bool ran; /* set by attempt(): what it returned is the call's */
    int (*cancels)(int, const struct sockaddr *, socklen_t); /* connect(2) as a cancellation point */
};

/* Attempts until the call is through or would itself have ended: the socket's time-out, O_NONBLOCK, a signal
 * handler. Returns what the call does, or -errno. Async-signal-safe; leaves errno alone. */
long patience_wait(struct patience *p);

#endif
