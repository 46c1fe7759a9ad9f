/* The name of a socket that is to have none.
 *
 * The kernel binds to a path or not at all. sunat_bind_anon makes a private directory of this name, binds
 * a file of this name in it, opens that and removes both: the kernel keeps the name
 * "/proc/thread-self/fd/N/.sunat-0123456789abcdef", which leads nowhere (a helper thread binds by the last part
 * alone). The library takes sockets with such a name for unnamed. Pure. */
#ifndef SUNSHIM_DOMAIN_ANON_H
#define SUNSHIM_DOMAIN_ANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANON_PREFIX ".sunat-"
enum { ANON_DIGITS = 16, ANON_NAME_MAX = sizeof ANON_PREFIX + ANON_DIGITS /* with its NUL */ };

/* Writes the name for these bits. */
void anon_name(uint64_t bits, char name[ANON_NAME_MAX]);

/* Whether `name` (len bytes) is of that form: the last part alone, or below a descriptor of
 * /proc/thread-self/fd. */
bool anon_is(const char *name, size_t len);

#endif
