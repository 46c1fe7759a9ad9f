/* Stage 1, classify: a socket address as the program or the kernel gave it.
 *
 * An address always travels with its length. The program's memory is read once,
 * here; decision and call both use the copy, so that another thread cannot
 * change it between them. */
#ifndef SUNSHIM_SHIM_ADDRESS_H
#define SUNSHIM_SHIM_ADDRESS_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "policy/policy.h"

/* sockaddr_storage's size, and a NUL behind a sun_path that fills it. */
#define ADDRESS_MAX ((socklen_t)sizeof(struct sockaddr_storage))

/* An addrlen that may mean a full sun_path (107 bytes and no NUL), and the kernel's limit. */
enum { ADDRESS_FULL = 109, ADDRESS_UN_MAX = sizeof(struct sockaddr_un) };

struct address {
    struct policy_addr name; /* points into raw, or to a longer name */
    int family;              /* as a policy sees it: a v4-mapped one is AF_INET; AF_UNSPEC stays */
    bool valid;              /* false: the kernel itself refuses it */
    socklen_t len;
    char *longer;            /* scratch: holds a name that does not fit sun_path; or NULL */
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        unsigned char bytes[sizeof(struct sockaddr_storage) + 1];
    } raw;
};

/* Copies `len` bytes of the program's memory. -EFAULT where they cannot be read;
 * never a signal. No system call for the main thread's stack and the program's
 * own data, else one for each page touched (at most two). */
int copy_in(void *to, const void *from, size_t len);

/* True only for memory of the main thread's stack in use: readable and writable. */
bool on_main_stack(const void *at, size_t len);

/* Handed to the kernel in place of memory that could not be read: the kernel must
 * find the same, even if another thread maps something there meanwhile. */
#define ADDRESS_UNREADABLE ((void *)(uintptr_t)1)

/* Where an address comes from decides what its edge cases mean. */
enum address_source {
    ADDRESS_BIND,   /* bind(2): no name asks for autobind */
    ADDRESS_TARGET, /* connect(2), sendto(2), ...: no name is refused */
    ADDRESS_KERNEL, /* read back: no name is unnamed, and 111 bytes are a sun_path without NUL */
};

/* A pathname that the kernel cannot be given as it is. */
static inline bool address_is_long(const struct address *a)
{
    return a->name.kind == POLICY_ADDR_PATHNAME && a->name.len > sizeof a->raw.un.sun_path;
}

/* Puts another pathname in its place, which must last as long (or is `longer`'s). */
void address_rename(struct address *a, const char *path, size_t len);

/* Gives the memory of a long name back; harmless on others. What raw holds stays. */
void address_release(struct address *a);

/* Reads and classifies the program's address. -EFAULT; -EINVAL for a length the kernel
 * does not take (it will say so itself), but for a pathname of up to PATH_MAX;
 * -ENAMETOOLONG beyond that. What it read has to be released. */
int address_read(struct address *a, const struct sockaddr *from, socklen_t len, enum address_source source);

/* Whether `err` of address_read() is an error of our own, for a unix socket: the kernel
 * would have another one for such an address. Else it is to be asked, with
 * ADDRESS_UNREADABLE and this length. */
bool address_refused_here(int err, int fd);
static inline socklen_t address_refused_len(int err, socklen_t len)
{
    return err == -EFAULT && len > ADDRESS_MAX ? (socklen_t)ADDRESS_UN_MAX : len;
}

/* Classifies a->raw, a->len bytes. */
void address_classify(struct address *a, enum address_source source);

/* The socket's own name, and its peer's. Negative errno as the system calls;
 * no peer is not an error: kind NONE. */
int address_own(struct address *a, int fd);
int address_peer(struct address *a, int fd);

/* AF_UNSPEC in a call that takes the socket's family instead (unix(7) does not;
 * __inet_bind and udp_sendmsg in the kernel do). */
void address_unspec_is_inet(struct address *a, enum address_source source);

#endif
