/* The run that this one is started in. Private to cli/. */
#ifndef SUNSHIM_CLI_OUTER_H
#define SUNSHIM_CLI_OUTER_H

#include "policy/layers.h"

/* The layers of the domain that SUNSHIM_DOMAIN names, outermost first, into
 * `layers` (room for LAYERS_MAX), and its file's LAYERS_ into *flags (LAYERS_NO_MEMORY
 * without a domain); they stay valid until exit. Their number, 0
 * without a domain, or -1 after saying why they cannot be had: dropping them
 * would let a program out by starting another sunshim. */
int outer_layers(struct layer *layers, uint32_t *flags);

/* The directory of that run, absolute and without symbolic links, or NULL without one.
 * 0, or 125 after saying why it cannot be told. */
int outer_directory(const char **dir);

#endif
