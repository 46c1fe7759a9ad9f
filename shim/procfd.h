/* The name by which the kernel finds a descriptor of ours. */
#ifndef SUNSHIM_SHIM_PROCFD_H
#define SUNSHIM_SHIM_PROCFD_H

#include <stddef.h>

/* Room for procfd_path(). */
#define PROCFD_SIZE 40

/* "/proc/thread-self/fd/N", terminated; returns its length. The thread's own
 * directory: another thread may have another descriptor table, and the main
 * thread may be gone (proc(5)). Async-signal-safe. */
size_t procfd_path(int fd, char *buffer, size_t size);

#endif
