/* A bind to a pathname that does not fit sun_path: where the socket file is made, and what
 * the kernel is told.
 *
 * The name that the kernel keeps is what peers see. Through an alias of the directory it is
 * short, unique and leads to the socket for everybody. Without a run it goes through /proc and
 * means something to this process alone. A last component that leaves no room is reserved
 * first, then a temporary name bound and renamed: an existing name must be known before the
 * bind, because a bound socket cannot be bound again. */
#ifndef SUNSHIM_SHIM_PLACE_H
#define SUNSHIM_SHIM_PLACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "domain/alias.h"
#include "pin.h"

struct place {
    struct sockaddr_un via; /* what bind(2) is to be given, via_len bytes */
    socklen_t via_len;
    const char *path; /* what was asked for; must last until place_end() */
    struct pin dir;   /* open while the bind goes through /proc */
    bool helped;      /* place_helped() has to make the call */
    bool alias;       /* peers see an alias */
    bool reserved;    /* `path` is there, as a socket that nobody is bound to */
    char name[ALIAS_NAME_MAX], temporary[ALIAS_TEMPORARY_MAX]; /* of the note, while reserved */
};

/* Prepares it. 0, or -errno as bind(2) would have for a short name; then nothing is left. */
int place_begin(struct place *p, const char *path);

/* The whole bind in a helper thread. 0 or -errno. */
int place_helped(const struct place *p, int fd);

/* After bind(2), which gave `err` (0 or -errno): gives the socket its name, or cleans up. Returns what
 * the program is to be told. */
int place_end(struct place *p, int fd, int err);

/* What `fd` was bound to where its own name does not tell: bound without a run by this process or the
 * one it was forked from. Copies to `to`; returns the length, 0: not known. One load where nothing is. */
size_t place_asked(int fd, char *to, size_t room);
bool place_any(void);

#endif
