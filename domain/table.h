/* The memory of a run: who bound what. One file, mapped shared and writable by
 * every process of the run that needs it; DESIGN "The domain".
 *
 * A hash table of buckets of eight slots, each key at home in two of them, and in
 * four others where those are full: 100,000 entries find room in 131,072 slots.
 * Lock-free and crash-proof by claims (claim.h); entries are copied out and checked
 * (key, checksum, generation) on every read, so that neither a writer killed half
 * way nor a stray write of a host program gives anything but a miss. Nothing here
 * does I/O, allocates, or calls anything of libc but mem*. All of it is async-
 * signal-safe. */
#ifndef SUNSHIM_DOMAIN_TABLE_H
#define SUNSHIM_DOMAIN_TABLE_H

#include <stddef.h>

#include "claim.h"

#define TABLE_ENTRIES 131072u /* of a run: room for 100,000 bound sockets */
#define TABLE_PROFILES 8      /* layers of a run whose profile is remembered */
#define TABLE_KEY_MAX 192     /* bytes that a key may be made of */

/* What an entry is about; part of its key. */
enum table_kind {
    TABLE_PATHNAME = 1, /* st_dev, handle type, file handle */
    TABLE_ABSTRACT,     /* SO_NETNS_COOKIE, bytes of the name */
    TABLE_INET,         /* SO_NETNS_COOKIE, protocol, port, family, address */
    TABLE_SOCKET,       /* SO_COOKIE: `made` says where it was created */
    TABLE_PROCESS,      /* a process of the run, by what never comes again (inode of a pidfd) */
};

struct table_key {
    uint64_t word[2];
};

struct table_entry {
    uint64_t cookie;   /* SO_COOKIE of the socket that was bound */
    uint32_t ino;      /* its inode, as /proc/net/unix has it */
    int32_t pid, fd;   /* who bound it, and its number there then */
    uint8_t kind;      /* enum table_kind */
    uint8_t made;      /* enum policy_scope: where the socket was created */
    uint16_t profiles[TABLE_PROFILES]; /* of the binder, one for each layer of the run */
    uint32_t policies; /* fingerprint of the policies those numbers belong to */
};

/* A mapped table. table_open() sets the first four, whoever maps it the rest. */
struct table {
    void *at;          /* NULL: none */
    size_t size;
    uint32_t buckets;
    uint64_t secret[2];
    bool read_only;
    struct claim_owner (*self)(void); /* who the caller is now (after a fork, another) */
    /* Whether a process of the caller's own name space of process ids is surely gone. */
    bool (*dead)(uint32_t pid);
    /* Whether the socket of an entry exists no more, so that its slot may be used again;
     * asked only when there is no other place, and only about what processes of the
     * caller's own name space wrote. May be NULL. */
    bool (*gone)(const struct table_entry *e);
};

/* Bytes of a table with room for `entries`. */
size_t table_size(uint32_t entries);

/* Makes a table of zeroed memory. `secret`: random, so that nobody can make keys
 * collide. -EINVAL: the size is not one of table_size(). */
int table_format(void *at, size_t size, const uint64_t secret[2]);

/* Takes memory that somebody else formatted. -EINVAL: no table, damaged, or of
 * another size; -EPROTO: another version. `size` is that of the file when it was
 * mapped: what is cut off later is SIGBUS, as with every mapped file. */
int table_open(struct table *t, void *at, size_t size);

/* A key of `kind` from at most TABLE_KEY_MAX bytes. */
struct table_key table_key(const struct table *t, enum table_kind kind, const void *bytes, size_t len);

/* Adds an entry, in place of any other with this key: a key has one entry, the
 * newest. What was there stays valid until the new one is, also if the caller is
 * killed half way (except where all slots that it might use are alive: then it is
 * written over). -ENOSPC: they are, and none is of this key or gone; -EROFS. */
int table_put(const struct table *t, const struct table_key *key, const struct table_entry *e);

/* The entry with this key. */
bool table_get(const struct table *t, const struct table_key *key, struct table_entry *out);

/* Removes the entry with this key if it has this cookie (0: any cookie). */
void table_drop(const struct table *t, const struct table_key *key, uint64_t cookie);

/* Slot `i` of all, for listing: 0 <= i < table_slots(). False: nothing (valid) there. */
uint32_t table_slots(const struct table *t);
bool table_at(const struct table *t, uint32_t i, struct table_entry *out);

/* Binds that are on their way: between the system call and table_put() a socket
 * is bound and not yet known. table_begin() before bind(2) gives a ticket (-1: no
 * room, harmless), table_end() takes it back.
 *
 * Whoever is about to say that a socket is not of this run asks table_begun() first,
 * once: how many binds began. table_busy(): one of those may still be on its way, as
 * its process is alive (binds that began later are not of a socket that was there).
 * Ask it BEFORE the table_get() that finds nothing: only when it said no is the
 * socket surely not of this run; else look again, a limited number of times. */
int table_begin(const struct table *t);
void table_end(const struct table *t, int ticket);
/* Takes all tickets of this process back: of binds that exec cut off, or of another
 * process that had its pid. For one that has just begun, before its first bind. */
void table_forget(const struct table *t);
uint64_t table_begun(const struct table *t);
bool table_busy(const struct table *t, uint64_t begun);

#endif
