/* Numbers for texts, from 0 in the order in which they are first asked for. Private to cli/. */
#ifndef SUNSHIM_CLI_NUMBERS_H
#define SUNSHIM_CLI_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbers {
    struct numbered {
        char *bytes; /* terminated */
        size_t len;
    } *list;         /* by number */
    size_t count, room;
    uint32_t *buckets; /* a number + 1; 0: free */
};

/* Zero `n` first. */
size_t numbers_of(struct numbers *n, const char *bytes, size_t len);
bool numbers_has(const struct numbers *n, const char *bytes, size_t len);

#endif
