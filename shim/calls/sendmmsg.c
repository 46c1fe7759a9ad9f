#include <string.h>
#include <sys/syscall.h>

#include "message.h"
#include "shim/domain.h"
#include "shim/inject.h"

/* As many as fit: with everything below it sendmmsg() stays under 4 KiB of stack. */
enum { CHUNK = 4, MESSAGES_MAX = 1024 /* UIO_MAXIOV: the kernel takes no more */ };

/* Messages that were judged and wait to be sent together. */
struct chunk {
    unsigned count;
    struct mmsghdr vec[CHUNK];
    struct pin pins[CHUNK];
    struct iovec part; /* of the last one, if it is to be sent in part */
    socklen_t given[CHUNK]; /* lengths of the names as the program gave them */
    unsigned char names[CHUNK][ADDRESS_MAX];
};

static int perform(enum via via, int fd, struct mmsghdr *vec, unsigned count, int flags)
{
    return via == VIA_LIBC ? real.sendmmsg(fd, vec, count, flags)
                           : (int)real.syscall(SYS_sendmmsg, fd, vec, count, flags);
}

static void close_pins(void *chunk)
{
    struct chunk *c = chunk;

    for (unsigned i = 0; i < CHUNK; i++)
        pin_close(&c->pins[i]);
}

enum { UNREADABLE = -2000, HELPED = 2000, SHORT }; /* no errno and not each other */

/* The address outlives the request it was judged in. */
static void keep_name(struct chunk *c, const struct request *r)
{
    struct msghdr *msg = &c->vec[c->count].msg_hdr;

    msg->msg_name = (void *)(uintptr_t)r->via;
    msg->msg_namelen = r->via_len;
    if (r->via_len && r->via != ADDRESS_UNREADABLE)
        msg->msg_name = memcpy(c->names[c->count], r->via, r->via_len);
}

/* One that has to be sent on its own: once those before it have gone. */
static int take_helped(struct chunk *c, struct request *r, int way, struct mmsghdr *msg, int flags)
{
    if (c->count) {
        address_release(r->target);
        return HELPED;
    }
    ssize_t sent = message_helped(r, way, &c->vec[0].msg_hdr, flags);
    if (sent < 0)
        return -errno;
    msg->msg_len = (unsigned)sent;
    return HELPED;
}

/* Judges one message and appends it. -errno: denied; or UNREADABLE; or HELPED: it was
 * sent, if it was the first, else it is to be taken again; or SHORT: the call ends with it. */
static int take(struct chunk *c, struct trace *t, struct mmsghdr *from, int flags)
{
    struct request r = request_of(t);
    struct address target;
    struct mmsghdr *to = &c->vec[c->count];

    if (copy_in(to, from, sizeof *to) < 0)
        return UNREADABLE;
    trace_named(t, to->msg_hdr.msg_name, to->msg_hdr.msg_namelen);
    message_passes(&to->msg_hdr);
    int err = message_judge(&r, &target, message_name_of(&to->msg_hdr), flags);
    if (err > 0)
        return take_helped(c, &r, err, from, flags);
    if (err < 0)
        return err;
    keep_name(c, &r);
    c->given[c->count] = r.pin.fd >= 0 ? r.given_len : to->msg_hdr.msg_namelen;
    c->pins[c->count++] = r.pin;
    if (!r.limit)
        return 0;
    inject_shorten(&to->msg_hdr, &c->part, 1, r.limit);
    return SHORT;
}

/* Of the first message: the kernel tells of no other. */
static __attribute__((noinline)) int failed(const struct chunk *c, int fd, int err)
{
    struct request r = request("sendmmsg", fd, POLICY_SEND);

    r.pin = c->pins[0];
    return mediate_failed(&r, err);
}

/* Sends what was taken; tells the program how much of each message went. */
static int flush(enum via via, int fd, struct chunk *c, struct mmsghdr *vec, int flags)
{
    int sent;

    CLEANUP_PUSH(close_pins, c);
    sent = perform(via, fd, c->vec, c->count, flags);
    if (sent < 0 && errno == EAFNOSUPPORT) { /* see mediate_retry() */
        c->vec[0].msg_hdr.msg_namelen = c->given[0];
        sent = perform(via, fd, c->vec, 1, flags);
    }
    if (sent < 0)
        errno = failed(c, fd, errno);
    for (int i = 0; i < sent; i++)
        vec[i].msg_len = c->vec[i].msg_len;
    CLEANUP_POP();
    return sent;
}

static void start(struct chunk *c)
{
    c->count = 0;
    for (unsigned i = 0; i < CHUNK; i++)
        c->pins[i] = PIN_NONE;
}

/* Messages before the first denied one are sent and counted; a denied first one
 * fails (sendmmsg(2): an error after the first message is not reported). */
static int send_judged(enum via via, struct trace *t, struct mmsghdr *vec, unsigned count, int flags)
{
    unsigned done = 0;
    int err = 0;

    while (done < count && (!err || err == HELPED)) {
        struct chunk c;

        start(&c);
        for (err = 0; c.count < CHUNK && done + c.count < count && !err;)
            err = take(&c, t, &vec[done + c.count], flags);
        if (c.count == 0 && err == UNREADABLE && !done) /* or a bad descriptor: the kernel knows */
            return perform(via, t->fd, ADDRESS_UNREADABLE, 1, flags);
        if (c.count == 0 && err == HELPED)
            done++;
        if (c.count == 0)
            continue;
        int sent = flush(via, t->fd, &c, vec + done, flags);
        if (sent < 0)
            return done ? (int)done : sent;
        done += (unsigned)sent;
        if ((unsigned)sent < c.count)
            return (int)done;
    }
    return done ? (int)done : fail(err);
}

/* Where nothing is judged the kernel refuses what is too long: then it is our turn. */
static bool is_done(int ret, const struct mmsghdr *vec, unsigned count)
{
    return ret >= 0 || !count || errno != EINVAL || !message_is_long(&vec->msg_hdr);
}

static int taken(enum via via, struct trace *t, struct mmsghdr *vec, unsigned count, int flags)
{
    if ((sends_are_free(flags, true) && !domain_remembers()) || count == 0) {
        int before = errno, ret = perform(via, t->fd, vec, count, flags);

        if (is_done(ret, vec, count))
            return ret;
        errno = before;
    }
    return send_judged(via, t, vec, count < MESSAGES_MAX ? count : MESSAGES_MAX, flags);
}

int call_sendmmsg(enum via via, int fd, struct mmsghdr *vec, unsigned count, int flags)
{
    struct trace t;

    trace_begin(&t, "sendmmsg", POLICY_SEND, fd);
    trace_number(&t, 0, "messages", count);
    return (int)trace_end(&t, taken(via, &t, vec, count, flags));
}

INTERPOSED int sendmmsg(int fd, struct mmsghdr *vec, unsigned count, int flags)
{
    if (state_pass() && !state->suspect_count) {
        int before = errno, ret = real.sendmmsg(fd, vec, count, flags);

        if (is_done(ret, vec, count))
            return ret;
        errno = before;
    }
    return call_sendmmsg(VIA_LIBC, fd, vec, count, flags);
}
