/* The interposed calls behind their public names.
 *
 * Each takes what the call takes, says how the call is to be made in the end, and
 * returns as the call does: a result, or -1 with errno. syscall(2) comes in here
 * as well, and every future way of catching a call would. */
#ifndef SUNSHIM_SHIM_CALLS_H
#define SUNSHIM_SHIM_CALLS_H

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>

#include "shim/cleanup.h"
#include "shim/mediate.h"
#include "shim/real.h"
#include "shim/state.h"

#define INTERPOSED __attribute__((visibility("default")))

enum via {
    VIA_LIBC,    /* by the function of that name: a cancellation point where it is one */
    VIA_SYSCALL, /* by syscall(2), as the program did */
};

/* The only place where a mediated call's failure becomes errno. `err` is negative. */
static inline int fail(int err)
{
    errno = -err;
    return -1;
}

int call_socket(enum via via, int domain, int type, int protocol);
int call_socketpair(enum via via, int domain, int type, int protocol, int sv[2]);
int call_bind(enum via via, int fd, const struct sockaddr *addr, socklen_t len);
int call_connect(enum via via, int fd, const struct sockaddr *addr, socklen_t len);
int call_listen(enum via via, int fd, int backlog);
int call_shutdown(enum via via, int fd, int how);
int call_accept(enum via via, int fd, struct sockaddr *addr, socklen_t *len);
int call_accept4(enum via via, int fd, struct sockaddr *addr, socklen_t *len, int flags);
ssize_t call_sendto(enum via via, int fd, const void *buf, size_t size, int flags, const struct sockaddr *addr,
                    socklen_t len);
ssize_t call_sendmsg(enum via via, int fd, const struct msghdr *msg, int flags);
int call_sendmmsg(enum via via, int fd, struct mmsghdr *vec, unsigned count, int flags);
ssize_t call_recvfrom(enum via via, int fd, void *buf, size_t size, int flags, struct sockaddr *addr,
                      socklen_t *len);
ssize_t call_recvmsg(enum via via, int fd, struct msghdr *msg, int flags);
int call_recvmmsg(enum via via, int fd, struct mmsghdr *vec, unsigned count, int flags, struct timespec *timeout);
int call_getsockname(enum via via, int fd, struct sockaddr *addr, socklen_t *len);
int call_getpeername(enum via via, int fd, struct sockaddr *addr, socklen_t *len);
int call_getsockopt(enum via via, int fd, int level, int option, void *value, socklen_t *len);
int call_execve(enum via via, const char *path, char *const argv[], char *const envp[]);
int call_execveat(enum via via, int fd, const char *path, char *const argv[], char *const envp[], int flags);
int call_setsockopt(enum via via, int fd, int level, int option, const void *value, socklen_t len);

#endif
