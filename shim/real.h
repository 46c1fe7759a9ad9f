/* The calls that the program meant: the next definition after ours in the
 * search order (the C library's, or another preloaded library's).
 *
 * Found once, by real_find(); afterwards read-only. They are used rather than
 * bare system calls because they are cancellation points, set errno, and let
 * other preloaded libraries see the call. */
#ifndef SUNSHIM_SHIM_REAL_H
#define SUNSHIM_SHIM_REAL_H

#include <spawn.h>
#include <sys/socket.h>
#include <time.h>

struct real_calls {
    int (*socket)(int, int, int);
    int (*socketpair)(int, int, int, int[2]);
    int (*bind)(int, const struct sockaddr *, socklen_t);
    int (*listen)(int, int);
    int (*accept)(int, struct sockaddr *, socklen_t *);
    int (*accept4)(int, struct sockaddr *, socklen_t *, int);
    int (*connect)(int, const struct sockaddr *, socklen_t);
    ssize_t (*send)(int, const void *, size_t, int);
    ssize_t (*sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    ssize_t (*sendmsg)(int, const struct msghdr *, int);
    int (*sendmmsg)(int, struct mmsghdr *, unsigned, int);
    ssize_t (*recv)(int, void *, size_t, int);
    ssize_t (*recvfrom)(int, void *, size_t, int, struct sockaddr *, socklen_t *);
    ssize_t (*recvmsg)(int, struct msghdr *, int);
    int (*recvmmsg)(int, struct mmsghdr *, unsigned, int, struct timespec *);
    ssize_t (*recv_chk)(int, void *, size_t, size_t, int);
    ssize_t (*recvfrom_chk)(int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *);
    int (*getsockname)(int, struct sockaddr *, socklen_t *);
    int (*getpeername)(int, struct sockaddr *, socklen_t *);
    int (*getsockopt)(int, int, int, void *, socklen_t *);
    int (*setsockopt)(int, int, int, const void *, socklen_t);
    int (*shutdown)(int, int);
    long (*syscall)(long, ...);
    int (*system)(const char *);
    void *(*popen)(const char *, const char *); /* a FILE, which nobody here looks into */
    int (*execve)(const char *, char *const[], char *const[]);
    int (*execvpe)(const char *, char *const[], char *const[]);
    int (*fexecve)(int, char *const[], char *const[]);
    int (*execveat)(int, const char *, char *const[], char *const[], int); /* NULL before glibc 2.34 */
    int (*posix_spawn)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                       char *const[], char *const[]);
    int (*posix_spawnp)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                        char *const[], char *const[]);
};

extern struct real_calls real;

/* Fills `real`. Idempotent. Async-signal-safe wherever the C library has the usual
 * symbol tables (else dlsym() is asked, in the constructor or in a call before). */
void real_find(void);

/* The same for one name, that of a function; NULL: there is none. Nothing is kept. */
void *real_next(const char *name);

/* The path by which the loader knows this library; "" when it is part of the program. */
const char *real_self(void);

#endif
