/* Processes at the other end of a socket. Async-signal-safe; errno is left alone. */
#ifndef SUNSHIM_SHIM_PROCESS_H
#define SUNSHIM_SHIM_PROCESS_H

#include <stddef.h>

#include "identity.h"

/* The calling process, process `pid`, or the one that connected (or listened) at the other end of
 * the unix socket `fd`. By the inode of a pidfd, which is never used twice (Linux
 * 6.9), else by pid and start time. -errno: nobody knows. */
int process_self(struct identity *id);
int process_of(struct identity *id, int pid);
int process_peer(struct identity *id, int fd);

/* Credentials of the other end as SO_PEERCRED has them; -ENOTCONN: it has none (yet). */
struct peer_creds {
    int pid;
    unsigned uid, gid;
};
int process_creds(int fd, struct peer_creds *out);

/* Reads the name of the executable of process `pid` at the other end of `fd` (-1: no
 * way to see whether the pid is somebody else's by now) into buf, terminated. Its
 * length, or -errno. */
long process_exe(int pid, int fd, char *buf, size_t size);

#endif
