/* The tracking ring: how sockets came to be. A file of a run, mapped shared.
 *
 * Of fixed size; where a cookie's bucket is full, the oldest entry gives way. Lock-
 * free and crash-proof as the table (claim.h, table.h). All of it is async-
 * signal-safe. */
#ifndef SUNSHIM_DOMAIN_RING_H
#define SUNSHIM_DOMAIN_RING_H

#include <stddef.h>

#include "claim.h"

#define RING_ENTRIES 16384u
#define RING_NAME 116 /* longer names are cut in the middle */

enum ring_origin { RING_UNKNOWN, RING_SOCKET, RING_SOCKETPAIR, RING_ACCEPT, RING_RECEIVED };
enum ring_name_kind { RING_NO_NAME, RING_PATHNAME, RING_ABSTRACT };

struct ring_entry {
    uint64_t cookie;      /* SO_COOKIE; never 0 */
    uint64_t time;        /* of creation, nanoseconds since 1970 */
    uint64_t from_cookie; /* of the listener, or of the socket it was received over; 0: none */
    uint32_t ino;         /* inode; 0: not known */
    uint32_t from_ino;    /* inode of the listener or carrier; 0: not known */
    int32_t pid;          /* who created it (RING_RECEIVED: who sent it; 0 not known) */
    int32_t passed_pid;   /* who last sent it by SCM_RIGHTS; 0: nobody, or not known */
    uint32_t passed_ino;  /* over which socket */
    uint8_t origin;       /* enum ring_origin */
    uint8_t family, type;
    uint8_t cloexec;      /* it was created with SOCK_CLOEXEC */
    uint8_t name_kind;    /* enum ring_name_kind: what it was bound to, even if since unlinked */
    uint8_t name_len;
    char comm[16];        /* of pid; not terminated when full */
    char name[RING_NAME];
};

struct ring {
    void *at; /* NULL: none */
    size_t size;
    uint32_t buckets;
    bool read_only;
    struct claim_owner (*self)(void); /* as in table.h */
    bool (*dead)(uint32_t pid);
};

/* Bytes of the smallest ring with room for so many entries, within the limits of the format. */
size_t ring_size(uint32_t entries);
/* Makes zeroed memory of that size an empty ring. 0, or -EINVAL for another size. */
int ring_format(void *at, size_t size);
/* -EINVAL, -EPROTO as table_open(). Sets the first three; whoever maps it the rest. */
int ring_open(struct ring *r, void *at, size_t size);

/* Writes an entry in place of what is known of its cookie (where its bucket is full,
 * over it: a writer killed half way forgets it). Never fails: at worst something
 * else is forgotten, or (all slots just being written) this. */
void ring_put(const struct ring *r, const struct ring_entry *e);
/* Copies what is known of a cookie. False: nothing. */
bool ring_get(const struct ring *r, uint64_t cookie, struct ring_entry *out);

/* For whoever looks at all entries: their places are from 0 to ring_slots() - 1. False: none is there. */
uint32_t ring_slots(const struct ring *r);
bool ring_at(const struct ring *r, uint32_t i, struct ring_entry *out);

#endif
