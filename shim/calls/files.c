/* The public names of the file calls; files_call.c is what they do.
 *
 * Each hands on five registers, however many arguments it has: what nobody passed nobody
 * looks at, and a function of that name that is not the C library's gets all of its own
 * (some libraries have a remove() or link() for their lists). For the same reason the mode of
 * open(), which may be there or not, needs no care.
 *
 * No header of the C library is included: it would declare them once more. */
#include "files.h"

#define INTERPOSED __attribute__((visibility("default")))

#define FILE_FUNCTION(name, paths)                                \
    INTERPOSED long name(long a, long b, long c, long d, long e); \
    INTERPOSED long name(long a, long b, long c, long d, long e)  \
    {                                                             \
        return file_call(a, b, c, d, e, FILE_##name);             \
    }

FILE_CALLS(FILE_FUNCTION)

/* The same call under another name: offsets have 64 bits in any case. */
#define ALSO(other, name) extern __typeof__(name) other __attribute__((alias(#name), visibility("default")))

ALSO(open64, open);
ALSO(openat64, openat);
ALSO(creat64, creat);
ALSO(__open64_2, __open_2);
ALSO(__openat64_2, __openat_2);
ALSO(fopen64, fopen);
ALSO(stat64, stat);
ALSO(lstat64, lstat);
ALSO(fstatat64, fstatat);
ALSO(__xstat64, __xstat);
ALSO(__lxstat64, __lxstat);
ALSO(__fxstatat64, __fxstatat);
ALSO(eaccess, euidaccess);
