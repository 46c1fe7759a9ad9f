#include "unseen.h"

#include <fnmatch.h>
#include <string.h>

const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool unseen_allowed(const struct options *o, const char *path)
{
    for (unsigned i = 0; i < o->unseen_count; i++)
        if (!fnmatch(o->unseen[i], strchr(o->unseen[i], '/') ? path : base_name(path), 0))
            return true;
    return false;
}
