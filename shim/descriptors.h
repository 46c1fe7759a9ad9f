/* The open descriptors of this process, as /proc has them. */
#ifndef SUNSHIM_SHIM_DESCRIPTORS_H
#define SUNSHIM_SHIM_DESCRIPTORS_H

/* Calls `visit` with each open descriptor's number, but for the one used to look.
 * It may close or replace the descriptor. Negative errno: /proc is not there, or no
 * descriptor is free; some may have been visited. Async-signal-safe. */
int descriptors_each(void (*visit)(void *ctx, int fd), void *ctx);

#endif
