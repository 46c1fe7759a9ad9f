#include "readback.h"

#include <string.h>

#include "map.h"

static bool is_path(const struct address *a)
{
    return a->family == AF_UNIX && a->name.kind == POLICY_ADDR_PATHNAME;
}

size_t readback_name(const struct address *a, int own, char *to, size_t room)
{
    const size_t half = room / 2;

    if (!is_path(a))
        return 0;
    size_t len = alias_resolve(a->name.bytes, a->name.len, false, to, half);
    if (!len && own >= 0)
        len = place_asked(own, to, half);
    if (!state->maps)
        return len;
    long mapped = len ? map_back(to, len, to + half, half) : map_back(a->name.bytes, a->name.len, to + half, half);
    if (mapped <= 0)
        return len;
    memmove(to, to + half, (size_t)mapped + 1);
    return (size_t)mapped;
}

size_t readback_absolute(const struct address *a, char *to, size_t room)
{
    return is_path(a) ? alias_resolve(a->name.bytes, a->name.len, true, to, room) : 0;
}
