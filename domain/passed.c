#include "passed.h"

#include <string.h>

/* Moves behind the digits. False: there are none, or the number is too large. */
static bool number(const char **at, uint64_t most, uint64_t *out)
{
    const char *first = *at;

    for (*out = 0; **at >= '0' && **at <= '9'; ++*at) {
        unsigned digit = (unsigned)(**at - '0');

        if (*out > (most - digit) / 10)
            return false;
        *out = *out * 10 + digit;
    }
    return *at != first;
}

static bool read_entry(const char *at, struct passed *out)
{
    uint64_t n[4] = {0};
    unsigned count = 0;

    do {
        if (!number(&at, count < 2 ? INT32_MAX : UINT64_MAX, &n[count]))
            return false;
        count++;
    } while (count < 4 && *at == ',' && at++);
    *out = (struct passed){.fd = (int)n[0], .pid = (int)n[1], .dev = n[2], .ino = n[3]};
    return (count == 1 || count == 4) && (*at == '\0' || *at == ':');
}

bool passed_find(const char *list, const char *name, size_t len, struct passed *out)
{
    for (const char *at = list; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL)
        if (strncmp(at, name, len) == 0 && at[len] == '=')
            return read_entry(at + len + 1, out);
    return false;
}
