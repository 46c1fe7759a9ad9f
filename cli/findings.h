/* What went wrong in a run, from its records: one case for each denial, leak, cut address
 * and program that was not seen. The same from the same program again is counted, not
 * listed. Private to cli/. */
#ifndef SUNSHIM_CLI_FINDINGS_H
#define SUNSHIM_CLI_FINDINGS_H

#include <stdint.h>

#include "options.h"
#include "records.h"
#include "verdicts.h"

enum { FINDINGS_MAX = 10000 };

struct findings {
    void *known;           /* a tree of search.h */
    struct finding *first, **last; /* in the order in which they were found */
    unsigned count;
    uint64_t unlisted;     /* beyond FINDINGS_MAX */
};

/* A record of the run, and its line. */
void findings_see(struct findings *f, const struct options *o, const struct record *r, const char *line, size_t len);
/* A program that was not seen; NULL. */
const char *findings_unseen(const struct findings *f);
/* A case for each. */
void findings_judge(const struct findings *f, struct verdicts *v);

#endif
