/* What the sending calls share: one message to one address. */
#ifndef SUNSHIM_SHIM_MESSAGE_H
#define SUNSHIM_SHIM_MESSAGE_H

#include "calls.h"
#include "shim/reach.h"

/* The name in a message as the program gave it. */
struct message_name {
    const void *at;
    socklen_t len;
    bool cut; /* of a longer one the kernel takes as much as fits (copy_msghdr_from_user) */
};

/* Judges a send of `name` (len 0 or NULL: to the connected peer) over r->fd. 0:
 * make the call with r->via, r->via_len, then pin_close(&r->pin); -errno: do not;
 * REACH_HELPED: or REACH_JUDGED: make it by message_helped(). r->via is NULL, ADDRESS_UNREADABLE, or in
 * `target`, which must live as long. */
int message_judge(struct request *r, struct address *target, struct message_name name, int flags);

ssize_t message_helped(struct request *r, int way, const struct msghdr *msg, int flags);

/* What a program passed without its being judged failed with EINVAL: the name may be
 * a path too long for the kernel, and the call is to be tried again the other way. */
bool message_is_long(const struct msghdr *msg);

/* The name of a message header. */
struct message_name message_name_of(const struct msghdr *msg);

/* Sockets that are about to be passed on in `msg` were made in this run, if they
 * were: whoever gets them has to know (remember.h). */
void message_passes(const struct msghdr *msg);

/* True when a send with these flags needs no look at all: granted for every
 * family, it opens no connection, and no socket can be bound by it. */
static inline bool sends_are_free(int flags, bool with_name)
{
    return state_free_at(with_name ? perm_index(POLICY_SEND) : FREE_CONNECTED, -1) &&
           (!(flags & MSG_FASTOPEN) || state_free(POLICY_CONNECT, -1)) && !(with_name && (state->asks_inet || state->maps || state->suspect_count)) &&
           !mediate_may_autobind();
}

#endif
