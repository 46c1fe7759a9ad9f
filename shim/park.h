/* Pins that a siglongjmp left behind.
 *
 * A handler may jump out of a blocked connect or send; then nobody closes the
 * pin. Each thread notes the pin it holds in a small shared table; when it pins
 * again and finds a note of a call that is no longer on its stack, it closes the
 * descriptor if that still is the noted file. At most one per thread is parked.
 * No locks, no thread-local storage: a thread is known by its thread pointer. */
#ifndef SUNSHIM_SHIM_PARK_H
#define SUNSHIM_SHIM_PARK_H

#include <stddef.h>

/* Notes that the calling thread holds the O_PATH descriptor `fd` of the file
 * called `name`. Returns a ticket, -1 when there is no room to note it or the
 * name is not known (then a jump leaks the descriptor). */
int park_enter(int fd, const char *name, size_t len);

/* Takes the note back; comes before the descriptor is closed. */
void park_leave(int ticket);

/* Closes what this thread left behind, if it did. */
void park_sweep(void);

#endif
