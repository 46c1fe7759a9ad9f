/* From SUNSHIM_DOMAIN and SUNSHIM_POLICY to the layers of this process. */
#ifndef SUNSHIM_SHIM_LOAD_H
#define SUNSHIM_SHIM_LOAD_H

#include "environment.h"
#include "state.h"

/* Appends all layers, outermost first, with their profiles chosen. Does not
 * return when one cannot be had: a message, and exit status 125. */
void load_layers(struct state *s, const struct environment *env);

#endif
