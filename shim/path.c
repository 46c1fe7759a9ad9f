#include "path.h"

#include <errno.h>
#include <string.h>

#include "sys.h"

struct path_parts path_split(const char *path)
{
    size_t at = strlen(path);

    while (at && path[at - 1] == '/')
        at--;
    while (at && path[at - 1] != '/')
        at--;
    if (!at && path[0] == '/')
        return (struct path_parts){.last = path + strlen(path), .dir_len = 1};
    return (struct path_parts){.last = path + at, .dir_len = at > 1 ? at - 1 : at};
}

void path_directory(const struct path_parts *p, const char *path, char *to)
{
    size_t len = p->dir_len ? p->dir_len : 1;

    memcpy(to, p->dir_len ? path : ".", len);
    to[len] = '\0';
}

bool path_is_own(const char *path)
{
    return strncmp(path, "/proc/self/", 11) == 0 || strncmp(path, "/proc/thread-self/", 18) == 0 ||
           strncmp(path, "/dev/fd/", 8) == 0;
}

long path_absolute(const char *path, size_t len, char *to, size_t room)
{
    static const char proc[] = "/proc/";
    long before = 0;

    if (strncmp(path, proc, sizeof proc - 1) == 0 || path_is_own(path))
        return -ENOENT;
    if (path[0] != '/') {
        before = SYS2(SYS_getcwd, to, room);
        if (before < 0)
            return before == -ERANGE ? -ENAMETOOLONG : before;
        if (to[0] != '/') /* "(unreachable)/..." */
            return -ENOENT;
        if ((size_t)before + 2 >= room)
            return -ENAMETOOLONG;
        memcpy(to + before - 1, "/./", 3); /* over the terminator */
        before += 2;
    }
    if ((size_t)before + len >= room)
        return -ENAMETOOLONG;
    memcpy(to + before, path, len);
    to[(size_t)before + len] = '\0';
    return before + (long)len;
}
