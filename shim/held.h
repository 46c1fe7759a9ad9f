/* Whether whoever bound a socket still has it where it was. */
#ifndef SUNSHIM_SHIM_HELD_H
#define SUNSHIM_SHIM_HELD_H

#include "domain/table.h"

/* 1: that descriptor of that process is that socket; 0: it is not, or there is no such
 * process any more; -errno: nobody tells us. Others may have the socket as well. */
int held(const struct table_entry *e);

#endif
