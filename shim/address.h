/* Stage 1, classify: a socket address as the program or the kernel gave it.
 *
 * An address always travels with its length. The program's memory is read once,
 * here; decision and call both use the copy, so that another thread cannot
 * change it between them. */
#ifndef SUNSHIM_SHIM_ADDRESS_H
#define SUNSHIM_SHIM_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "policy/policy.h"

/* sockaddr_storage's size, and a NUL behind a sun_path that fills it. */
#define ADDRESS_MAX ((socklen_t)sizeof(struct sockaddr_storage))

struct address {
    struct policy_addr name; /* points into raw */
    int family;              /* as a policy sees it: a v4-mapped one is AF_INET; AF_UNSPEC stays */
    bool valid;              /* false: the kernel itself refuses it */
    socklen_t len;
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

/* Reads and classifies the program's address. -EFAULT, or -EINVAL for a length
 * the kernel does not take (it will say so itself). */
int address_read(struct address *a, const struct sockaddr *from, socklen_t len, enum address_source source);

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
