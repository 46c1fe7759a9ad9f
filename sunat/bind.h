/* The ways of a bind. All return 0, -errno or AT_HELPED. */
#ifndef SUNAT_BIND_H
#define SUNAT_BIND_H

#include "at.h"

/* In a directory where nobody else can, then renamed to `last` below `dir`, which is taken meanwhile.
 * `helper`: this is a helper thread with a directory and a table of its own. */
int bind_aside(int dir, const char *last, int sockfd, bool helper);

/* The whole bind in a helper thread. */
int bind_helped(const struct at *at, int sockfd);

#endif
