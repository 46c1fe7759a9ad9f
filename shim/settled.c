#include "settled.h"

#include <stdatomic.h>

#include "sys.h"

#ifndef SO_COOKIE
#define SO_COOKIE 57
#endif

/* One word an entry, so that it is never seen half written: the cookie above,
 * the permissions below. */
enum { ENTRIES = 256, PERM_BITS = 14 };

static _Atomic uint64_t entries[ENTRIES];
static atomic_bool used;
static atomic_uint age; /* how often something was forgotten */

uint64_t settled_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t len = sizeof cookie;

    if (SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0 || cookie >> (64 - PERM_BITS))
        return 0;
    return cookie;
}

static _Atomic uint64_t *entry_of(uint64_t cookie)
{
    return &entries[(cookie * 0x9e3779b97f4a7c15u) >> 56]; /* 8 bits: ENTRIES */
}

bool settled_has(uint64_t cookie, uint32_t perm)
{
    uint64_t entry = atomic_load_explicit(entry_of(cookie), memory_order_relaxed);

    return cookie && entry >> PERM_BITS == cookie && (entry & perm);
}

unsigned settled_age(void)
{
    return atomic_load(&age);
}

void settled_add(uint64_t cookie, uint32_t perm, unsigned since)
{
    _Atomic uint64_t *entry = entry_of(cookie);
    uint64_t before = atomic_load_explicit(entry, memory_order_relaxed);
    uint64_t perms = before >> PERM_BITS == cookie ? before & ((1u << PERM_BITS) - 1) : 0;

    if (!cookie)
        return;
    atomic_store(&used, true);
    /* When another thread was faster, its entry is as good. */
    uint64_t after = cookie << PERM_BITS | perms | perm;
    if (atomic_compare_exchange_strong(entry, &before, after) && atomic_load(&age) != since)
        atomic_compare_exchange_strong(entry, &after, 0);
}

void settled_forget(int fd)
{
    atomic_fetch_add(&age, 1); /* before the look: an entry made since then takes itself back */
    if (!atomic_load(&used))
        return;
    uint64_t cookie = settled_cookie(fd);
    _Atomic uint64_t *entry = entry_of(cookie);
    uint64_t before = atomic_load_explicit(entry, memory_order_relaxed);

    if (cookie && before >> PERM_BITS == cookie)
        atomic_compare_exchange_strong(entry, &before, 0);
}
