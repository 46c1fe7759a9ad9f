/* connect(2) or sendmsg(2) to a path below a directory descriptor. */
#ifndef SUNAT_TARGET_H
#define SUNAT_TARGET_H

#include "at.h"

struct target {
    struct at at;
    int sockfd, flags;
    const struct msghdr *msg; /* NULL: connect */
    int msg_flags;
    /* While the call is on its way: */
    int pin;    /* -1: none */
    char *room; /* NULL: not in use */
    struct at_addr addr;
};

/* What the call does, or -errno. A cancellation point, at which nothing is left behind. */
long target_call(struct target *t);

/* The same by a helper thread, for target_call(): t->room is there. */
long target_helped(struct target *t);

#endif
