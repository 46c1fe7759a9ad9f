/* Path names as text: the parts that matter to a call that makes or finds a file. */
#ifndef SUNSHIM_SHIM_PATH_H
#define SUNSHIM_SHIM_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* A path as the kernel takes it apart: the directory, and the last component with the
 * slashes behind it. Points into the path. */
struct path_parts {
    const char *last; /* "" where the path is all slashes */
    size_t dir_len;   /* bytes of the path that are the directory; 0: "." */
};
struct path_parts path_split(const char *path);

/* The directory as text, terminated, into `to` (PATH_MAX bytes). */
void path_directory(const struct path_parts *p, const char *path, char *to);

/* Whether a path leads somewhere else in each process: below /proc/self, /proc/thread-self or /dev/fd. */
bool path_is_own(const char *path);

/* An absolute name for `path`: itself, or "CWD/./path", where the working directory's part
 * ends with the first "/./" (domain/alias.h). `len` bytes of it. Returns the length;
 * -errno: too long, the directory has no name, or the name means something else to each process. */
long path_absolute(const char *path, size_t len, char *to, size_t room);

#endif
