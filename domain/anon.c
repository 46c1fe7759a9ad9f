#include "anon.h"

#include <string.h>

static const char through[] = "/proc/thread-self/fd/";

void anon_name(uint64_t bits, char name[ANON_NAME_MAX])
{
    char *at = name + sizeof ANON_PREFIX - 1;

    memcpy(name, ANON_PREFIX, sizeof ANON_PREFIX - 1);
    for (unsigned i = 0; i < ANON_DIGITS; i++, bits <<= 4)
        *at++ = "0123456789abcdef"[bits >> 60];
    *at = '\0';
}

/* What stands before the last part; -1: something else. */
static long head_of(const char *name, size_t len)
{
    size_t at = sizeof through - 1;

    if (len <= at || memcmp(name, through, at) != 0)
        return len && name[0] == '/' ? -1 : 0;
    while (at < len && name[at] >= '0' && name[at] <= '9')
        at++;
    return at > sizeof through - 1 && at < len && name[at] == '/' ? (long)at + 1 : -1;
}

bool anon_is(const char *name, size_t len)
{
    long head = head_of(name, len);
    const size_t prefix = sizeof ANON_PREFIX - 1;

    if (head < 0 || len - (size_t)head != prefix + ANON_DIGITS || memcmp(name + head, ANON_PREFIX, prefix) != 0)
        return false;
    for (const char *digit = name + head + prefix; digit < name + len; digit++)
        if (!(*digit >= '0' && *digit <= '9') && !(*digit >= 'a' && *digit <= 'f'))
            return false;
    return true;
}
