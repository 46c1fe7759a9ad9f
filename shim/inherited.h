/* Sockets that the program was started with. */
#ifndef SUNSHIM_SHIM_INHERITED_H
#define SUNSHIM_SHIM_INHERITED_H

#include "state.h"

/* Looks at every open descriptor: families go to free_admit(), and a socket with
 * SO_PASSCRED or SO_PASSPIDFD switches the autobind probe on. Without /proc the
 * worst is assumed. */
void inherited_look(struct state *s);

#endif
