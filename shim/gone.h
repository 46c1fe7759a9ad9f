/* A directory that disappeared: the kernel says no more than ENOENT, and the program shows
 * a short name that leads nowhere. */
#ifndef SUNSHIM_SHIM_GONE_H
#define SUNSHIM_SHIM_GONE_H

#include "address.h"

/* Puts on record, once for a name, that the directory of `a` is not there, if that is why
 * `operation` failed with `err` (negative), and the name is a long one or leads through an
 * alias. errno is left alone. */
void gone_note(const char *operation, int err, const struct address *a);

/* The same of an address that nobody has read yet; `err` is positive. */
void gone_look(const char *operation, int err, const struct sockaddr *addr, socklen_t len);

#endif
