/* Asking the kernel about unix sockets: sock_diag(7), unix_diag. Works without
 * privileges and sees the sockets of the caller's own network namespace. Takes a
 * descriptor for a moment. Async-signal-safe; errno is left alone. */
#ifndef SUNSHIM_SHIM_DIAG_H
#define SUNSHIM_SHIM_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct diag_unix {
    uint64_t cookie;
    uint8_t type, state;
    uint32_t peer_ino;   /* 0: none */
    uint32_t file_ino, file_dev; /* of a pathname socket: its file; dev as major<<20|minor; 0: none */
    uint8_t name_len;    /* 0: unnamed */
    char name[108];      /* as in sun_path: an abstract one starts with NUL */
};

/* -ENOENT: there is no such socket. Others: it cannot be asked. */
int diag_unix(uint32_t ino, struct diag_unix *out);

/* Whether `st` is of the file that the socket is bound to. On overlays and btrfs numbers may differ: false. */
bool diag_is_file(const struct diag_unix *socket, const struct stat *st);

/* Whether any socket of the name space that `fd` is in has this abstract name (its
 * bytes after the NUL): 0, or -ENOENT. Others: it cannot be told. Goes through all
 * unix sockets there are. */
int diag_unix_named(const void *name, size_t len, int fd);

#endif
