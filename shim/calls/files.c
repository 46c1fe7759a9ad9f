/* The public names of the file calls; files_call.c is what they do.
 *
 * No header of the C library is included: it would declare them once more, with
 * structures that mean nothing here. */
#include "files.h"

#define INTERPOSED __attribute__((visibility("default")))

#define CALL(result, by, name, parameters, ...) \
    INTERPOSED result name parameters;          \
    INTERPOSED result name parameters           \
    {                                           \
        return by(__VA_ARGS__, FILE_##name);    \
    }
#define CALL1(r, by, name, A) CALL(r, by, name, (A a), (long)a, 0, 0, 0, 0)
#define CALL2(r, by, name, A, B) CALL(r, by, name, (A a, B b), (long)a, (long)b, 0, 0, 0)
#define CALL3(r, by, name, A, B, C) CALL(r, by, name, (A a, B b, C c), (long)a, (long)b, (long)c, 0, 0)
#define CALL4(r, by, name, A, B, C, D) CALL(r, by, name, (A a, B b, C c, D d), (long)a, (long)b, (long)c, (long)d, 0)
#define CALL5(r, by, name, A, B, C, D, E) \
    CALL(r, by, name, (A a, B b, C c, D d, E e), (long)a, (long)b, (long)c, (long)d, (long)e)
#define INT(n, name, ...) CALL##n(int, file_call_int, name, __VA_ARGS__)
#define LONG(n, name, ...) CALL##n(long, file_call, name, __VA_ARGS__)
#define POINTER(n, name, ...) CALL##n(void *, file_call_pointer, name, __VA_ARGS__)

/* The same call under another name: offsets have 64 bits in any case. */
#define ALSO(other, name) extern __typeof__(name) other __attribute__((alias(#name), visibility("default")))

typedef const char *path;

INT(1, unlink, path)
INT(3, unlinkat, int, path, int)
INT(1, remove, path)
INT(1, rmdir, path)
INT(2, rename, path, path)
INT(4, renameat, int, path, int, path)
INT(5, renameat2, int, path, int, path, unsigned)
INT(2, link, path, path)
INT(5, linkat, int, path, int, path, int)
INT(2, symlink, const char *, path)
INT(3, symlinkat, const char *, int, path)
LONG(3, readlink, path, char *, unsigned long)
LONG(4, readlinkat, int, path, char *, unsigned long)
LONG(4, __readlink_chk, path, char *, unsigned long, unsigned long)
LONG(5, __readlinkat_chk, int, path, char *, unsigned long, unsigned long)
INT(2, chmod, path, unsigned)
INT(4, fchmodat, int, path, unsigned, int)
INT(3, chown, path, unsigned, unsigned)
INT(3, lchown, path, unsigned, unsigned)
INT(5, fchownat, int, path, unsigned, unsigned, int)
INT(2, stat, path, void *)
INT(2, lstat, path, void *)
INT(4, fstatat, int, path, void *, int)
INT(5, statx, int, path, int, unsigned, void *)
/* What stat() and its like were before glibc 2.33; the first argument is the structure's version. */
INT(3, __xstat, int, path, void *)
INT(3, __lxstat, int, path, void *)
INT(5, __fxstatat, int, int, path, void *, int)
INT(2, access, path, int)
INT(4, faccessat, int, path, int, int)
INT(2, euidaccess, path, int)
INT(2, creat, path, unsigned)
INT(2, __open_2, path, int)
INT(3, __openat_2, int, path, int)
POINTER(2, fopen, path, const char *)
POINTER(1, opendir, path)
INT(2, mkdir, path, unsigned)
INT(3, mkdirat, int, path, unsigned)
INT(3, mknod, path, unsigned, unsigned long)
INT(4, mknodat, int, path, unsigned, unsigned long)
INT(2, mkfifo, path, unsigned)
INT(3, mkfifoat, int, path, unsigned)
INT(3, inotify_add_watch, int, path, unsigned)
INT(1, chdir, path)
INT(4, utimensat, int, path, const void *, int)
LONG(4, getxattr, path, const char *, void *, unsigned long)
LONG(4, lgetxattr, path, const char *, void *, unsigned long)

/* Declared with `...` in truth. The mode is where a third or fourth argument is, on all
 * machines of sys.h; when there is none, what stands there is handed on and nobody looks at it. */
INT(3, open, path, int, unsigned)
INT(4, openat, int, path, int, unsigned)

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
