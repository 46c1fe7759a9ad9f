#include <string.h>

#include "cli.h"

enum { LONGEST = 32 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters must be added, dropped, changed or swapped with their
 * neighbour to turn one word into the other. */
static unsigned distance(const char *a, size_t alen, const char *b, size_t blen)
{
    unsigned d[LONGEST + 1][LONGEST + 1];

    for (unsigned i = 0; i <= alen; i++)
        d[i][0] = i;
    for (unsigned j = 0; j <= blen; j++)
        d[0][j] = j;
    for (unsigned i = 1; i <= alen; i++)
        for (unsigned j = 1; j <= blen; j++) {
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[alen][blen];
}

const char *suggest(const char *typed, const char *const *words)
{
    const char *best = NULL;
    size_t len = strlen(typed);
    unsigned nearest = len < 4 ? 2 : 3; /* further away is another word */

    for (; *words && len <= LONGEST; words++) {
        unsigned far = distance(typed, len, *words, strlen(*words));

        if (far < nearest) {
            nearest = far;
            best = *words;
        }
    }
    return best;
}
