/* What an address leads to, in the form that the memory of a run knows it by
 * (DESIGN "Identity"; table.h). Async-signal-safe; errno is left alone. */
#ifndef SUNSHIM_SHIM_IDENTITY_H
#define SUNSHIM_SHIM_IDENTITY_H

#include "address.h"
#include "domain/table.h"

enum { IDENTITY_MAX = 144 }; /* device, and a file handle with its head of 8 bytes and at most 128 */

struct identity {
    enum table_kind kind;
    uint32_t len;
    unsigned char bytes[IDENTITY_MAX] __attribute__((aligned(8)));
};

/* A socket file: device and file handle. (Device and inode number are not enough:
 * file systems hand the number out again at once.) Of the O_PATH descriptor `pin`,
 * or of `path`, whose last component is not followed. -errno: it has no handle, or
 * is not there; -ENOTSOCK: another kind of file. */
int identity_of_pin(struct identity *id, int pin);
int identity_of_path(struct identity *id, const char *path);

/* An abstract name as seen by the socket `fd`: each network name space has its own. */
int identity_of_abstract(struct identity *id, int fd, const struct policy_addr *name);

/* An address and port of inet, for sockets like `fd` (its name space and type).
 * `any`: the wildcard address of that family instead. */
int identity_of_inet(struct identity *id, int fd, const struct policy_addr *name, bool any);

/* A socket by its SO_COOKIE; -errno: it has none. */
int identity_of_socket(struct identity *id, int fd);

/* The process that `pidfd` refers to; needs file handles of processes by inode
 * number (pidfs, Linux 6.9). */
int identity_of_process(struct identity *id, int pidfd);

static inline struct table_key identity_key(const struct table *t, const struct identity *id)
{
    return table_key(t, id->kind, id->bytes, id->len);
}

#endif
