#include "park.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "procfd.h"
#include "scratch.h"
#include "sys.h"

enum { SEATS = 64, REACH = 4 };

struct seat {
    _Atomic uintptr_t thread; /* 0: free */
    uintptr_t frame;          /* of the call that holds the pin */
    uint64_t hash;            /* of the file's name */
    int fd;
};

static struct seat seats[SEATS];

static uintptr_t this_thread(void)
{
#if defined(__x86_64__)
    uintptr_t self; /* clang 14 lacks __builtin_thread_pointer here */

    __asm__("mov %%fs:0, %0" : "=r"(self));
    return self;
#else
    return (uintptr_t)__builtin_thread_pointer();
#endif
}

static unsigned first_seat(uintptr_t thread)
{
    return (unsigned)(((uint64_t)thread * 0x9e3779b97f4a7c15u) >> 58); /* 6 bits: SEATS */
}

/* Tells one name from another; nobody gains by a collision. */
static uint64_t name_hash(const char *name, size_t len)
{
    uint64_t hash = len;

    for (; len >= 8; name += 8, len -= 8) {
        uint64_t word;

        memcpy(&word, name, 8);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    for (; len; name++, len--)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return hash;
}

int park_enter(int fd, const char *name, size_t len)
{
    uintptr_t thread = this_thread();
    unsigned first = first_seat(thread);

    for (unsigned i = 0; name && i < REACH; i++) {
        struct seat *s = &seats[(first + i) % SEATS];
        uintptr_t nobody = 0;

        if (!atomic_compare_exchange_strong(&s->thread, &nobody, thread))
            continue;
        s->frame = (uintptr_t)__builtin_frame_address(0);
        s->hash = name_hash(name, len);
        s->fd = fd;
        return (int)(s - seats);
    }
    return -1;
}

void park_leave(int ticket)
{
    if (ticket < 0)
        return;
    seats[ticket].fd = -1;
    atomic_store_explicit(&seats[ticket].thread, 0, memory_order_release);
}

/* A signal handler may be calling in the middle of the call that wrote the note:
 * then that call's frame is further up the same stack, or the handler runs on
 * a stack of its own. */
static bool abandoned(const struct seat *s)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), top = this_thread();
    stack_t alternate;

    /* A thread's own stack lies below its thread pointer. (With SS_AUTODISARM the
     * kernel does not say that the handler has another stack.) */
    if (here < s->frame || (here < top) != (s->frame < top))
        return false;
    return SYS2(SYS_sigaltstack, NULL, &alternate) == 0 && !(alternate.ss_flags & SS_ONSTACK);
}

static bool still_that_file(const struct seat *s)
{
    int flags = sys_getflags(s->fd);
    char link[PROCFD_SIZE], *text;
    bool same = false;

    if (flags < 0 || !(flags & O_PATH) || !(text = scratch_take()))
        return false;
    procfd_path(s->fd, link, sizeof link);
    long len = sys_readlink(link, text, SCRATCH_SIZE);
    if (len > 0 && len < SCRATCH_SIZE)
        same = name_hash(text, (size_t)len) == s->hash;
    scratch_give(text);
    return same;
}

void park_sweep(void)
{
    uintptr_t thread = this_thread();
    unsigned first = first_seat(thread);

    for (unsigned i = 0; i < REACH; i++) {
        struct seat *s = &seats[(first + i) % SEATS];

        if (atomic_load_explicit(&s->thread, memory_order_relaxed) != thread || !abandoned(s))
            continue;
        int fd = still_that_file(s) ? s->fd : -1;
        park_leave((int)(s - seats));
        if (fd >= 0)
            sys_close(fd);
    }
}
