/* A directory that nobody else can enter, for a socket file that nobody else is to touch yet. */
#ifndef SUNAT_PRIVATE_H
#define SUNAT_PRIVATE_H

#include "domain/anon.h"

enum { PRIVATE_WHERE_MAX = 24 }; /* "/run/user/4294967295/" */

struct private {
    int fd;
    char from_inside[3 + ANON_NAME_MAX]; /* its own name as it is seen from it: "../NAME" */
    char name[ANON_NAME_MAX];            /* of the file, still to be made */
};

/* Makes it at `where` (terminated, "" or with a slash at its end) below `parent`, and opens it. 0 or -errno:
 * -EPERM where what is made is not ours, or somebody keeps exchanging it; AT_HELPED: no free descriptor. */
int private_make(int parent, const char *where, struct private *p);

/* Whether the directory that `fd` is open on is one of ours that nobody else can enter. 0 or
 * -errno, -EAGAIN: it is not; *mode is what its owner may. */
int private_check(int fd, unsigned *mode);

/* Closes it. */
void private_close(struct private *p);

/* Removes the file, if it is there, and the directory, and closes it. */
void private_remove(struct private *p);

#endif
