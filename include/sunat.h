/* sunat.h: UNIX sockets relative to directory descriptors, by paths of any length, and
 * sockets without a name. Linux; link with -lsunat.
 *
 * All calls return -1 and set errno on failure, as system calls do, are thread-safe and
 * async-signal-safe, leave the working directory and the umask of the process alone, and keep no
 * descriptor open. The ones that can wait (sunat_connect, sunat_sendmsg, connectat) are cancellation
 * points. Paths are NUL-terminated, of up to PATH_MAX bytes with the NUL; AT_FDCWD stands for the working
 * directory, and with an absolute path dirfd is ignored. A dirfd may have been opened with O_PATH.
 *
 * Under sunshim the calls are checked against its policy as bind, connect and sendmsg. */
#ifndef SUNAT_H
#define SUNAT_H

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/types.h>

/* <fcntl.h> has them with _POSIX_C_SOURCE, and the last with _GNU_SOURCE alone. */
#ifndef AT_FDCWD
#define AT_FDCWD (-100)
#endif
#ifndef AT_SYMLINK_NOFOLLOW
#define AT_SYMLINK_NOFOLLOW 0x100
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* sunat_bind_anon, sunat_bind_anonat: the socket can be given a name later, by sunat_link. */
#define SUNAT_LINKABLE 0x0001

/* Binds sockfd to a new socket file at `path` below dirfd. The last component is not followed:
 * EADDRINUSE where anything has that name, a dangling symbolic link too. flags: 0. */
int sunat_bind(int dirfd, int sockfd, const char *path, int flags);

/* Connects sockfd to the socket at `path` below dirfd. flags: AT_SYMLINK_NOFOLLOW (ELOOP where the
 * last component is a symbolic link); AT_EMPTY_PATH: with an empty path to the socket file that dirfd
 * itself is open on (O_PATH), whether it has a name or not. */
int sunat_connect(int dirfd, int sockfd, const char *path, int flags);

/* Sends `msg` to the socket at `path` below dirfd, as sendmsg(2) with msg_flags; msg_name has to be NULL
 * (EINVAL). flags: as sunat_connect. Returns the bytes sent. */
ssize_t sunat_sendmsg(int dirfd, int sockfd, const char *path, const struct msghdr *msg, int msg_flags, int flags);

/* Binds sockfd to a file without a name and returns an O_PATH | O_CLOEXEC descriptor of it, which is the
 * only way to reach the socket: sunat_connect(fd, s, "", AT_EMPTY_PATH). Whoever is passed it may
 * connect, whatever the umask and the user. flags: SUNAT_LINKABLE keeps a name in a private directory, with
 * permissions by the umask, until sunat_link or sunat_unlink. */
int sunat_bind_anon(int sockfd, int flags);

/* The same with the private directory below dirfd: a name can be given on the same file system
 * only. */
int sunat_bind_anonat(int dirfd, int sockfd, int flags);

/* Gives the socket file that `fd` is open on (O_PATH) the name `path` below dirfd, and takes away the one
 * that SUNAT_LINKABLE kept. EEXIST where something has that name; ENOENT: the file has no name any
 * more, and the kernel gives it no other; EXDEV: on another file system. */
int sunat_link(int fd, int dirfd, const char *path);

/* Takes away the name that SUNAT_LINKABLE kept: the socket is anonymous for good. EINVAL: there is
 * none. */
int sunat_unlink(int fd);

/* FreeBSD's calls of these names, for programs that use them. With AT_FDCWD they are bind(2) and
 * connect(2); else sockets of other families than AF_UNIX are EOPNOTSUPP. addrlen may exceed a sockaddr_un. */
int bindat(int fd, int s, const struct sockaddr *addr, socklen_t addrlen);
int connectat(int fd, int s, const struct sockaddr *addr, socklen_t addrlen);

#ifdef __cplusplus
}
#endif

#endif
