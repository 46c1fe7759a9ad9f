/* Builds the index of a profile's rules. Private to policy/. */
#ifndef SUNSHIM_POLICY_INDEX_H
#define SUNSHIM_POLICY_INDEX_H

#include "build.h"

/* Lays out the records whose number 0 means "none". */
void index_start(struct build *b);
/* Fills slots, groups and roots of `p`, whose rules are laid out. */
void index_profile(struct build *b, struct blob_profile *p);

#endif
