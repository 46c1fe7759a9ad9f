/* The name by which the kernel finds a descriptor of ours. */
#ifndef SUNSHIM_SHIM_PROCFD_H
#define SUNSHIM_SHIM_PROCFD_H

#include <stdbool.h>
#include <stddef.h>

/* Room for procfd_path(). */
#define PROCFD_SIZE 40

/* "/proc/thread-self/fd/N", terminated; returns its length. The thread's own
 * directory: another thread may have another descriptor table, and the main
 * thread may be gone (proc(5)). Async-signal-safe. */
size_t procfd_path(int fd, char *buffer, size_t size);

/* Whether that name, of an open descriptor, leads anywhere: without /proc it does not. Also where
 * the file has a name that is longer than the kernel tells. */
bool procfd_works(const char *link);

#endif
