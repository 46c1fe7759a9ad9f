#include "whole.h"

#include "map.h"
#include "record.h"
#include "repair.h"
#include "scratch.h"

enum { PATH_BYTES = 4096, FULL = 107 };

static int map(struct address *a, const char *operation)
{
    char *to = scratch_take();

    if (!to)
        return -ENOMEM;
    long len = map_path(a->name.bytes, to, PATH_BYTES);
    if (len == -ENOENT)
        record_path(operation, -ENOENT, a->name.bytes, "the descriptor that a map rule leads to is not passed (any more)");
    if (len <= 0) {
        scratch_give(to);
        return (int)len;
    }
    address_release(a);
    a->longer = to;
    address_rename(a, to, (size_t)len);
    return 0;
}

int whole_make(struct address *a, const char *operation, bool binds)
{
    const char *whole;

    if (a->name.kind != POLICY_ADDR_PATHNAME)
        return 0;
    if (a->name.len >= FULL && !address_is_long(a) && (state->suspect_count || state->maps) &&
        repair_path(operation, a->name.bytes, a->name.len, binds, &whole) == REPAIR_MADE)
        address_rename(a, whole, __builtin_strlen(whole));
    return state->maps ? map(a, operation) : 0;
}
