/* Calls that take the name of a file: the policies' `map` rules and, in realpath(3),
 * the aliases of --shorten apply to it.
 *
 * Everything calls these: signal handlers, children of vfork(), allocators, other
 * libraries before our constructor. With neither on they go straight to the next
 * definition, which is looked up at the first call and not, sixty names long, at
 * every exec. */
#ifndef SUNSHIM_SHIM_FILES_H
#define SUNSHIM_SHIM_FILES_H

#define FILE_POINTER 128 /* gives a pointer: NULL is failure */

/* Name, and which of its arguments are names of files (bit 0 is the first). */
#define FILE_CALLS(X)                                                                                    \
    X(unlink, 1) X(unlinkat, 2) X(remove, 1) X(rmdir, 1)                                                 \
    X(rename, 3) X(renameat, 10) X(renameat2, 10)                                                        \
    X(link, 3) X(linkat, 10)                                                                         \
    X(readlink, 1) X(readlinkat, 2) X(__readlink_chk, 1) X(__readlinkat_chk, 2)                          \
    X(chmod, 1) X(fchmodat, 2) X(chown, 1) X(lchown, 1) X(fchownat, 2)                                   \
    X(stat, 1) X(lstat, 1) X(fstatat, 2) X(statx, 2) /* before glibc 2.33: */                            \
    X(__xstat, 2) X(__lxstat, 2) X(__fxstatat, 4)                                                        \
    X(access, 1) X(faccessat, 2) X(euidaccess, 1)                                                        \
    X(open, 1) X(openat, 2) X(creat, 1) X(__open_2, 1) X(__openat_2, 2)                                  \
    X(fopen, 1 | FILE_POINTER) X(opendir, 1 | FILE_POINTER)                                              \
    X(mkdir, 1) X(mkdirat, 2) X(mknod, 1) X(mknodat, 2) X(mkfifo, 1) X(mkfifoat, 2)                      \
    X(inotify_add_watch, 2) X(chdir, 1) X(utimensat, 2) X(getxattr, 1) X(lgetxattr, 1) /* ls, touch */
/* Used in files_realpath.c. What a link says is text, not a name. */
#define FILE_OTHERS(X) X(realpath, 0) X(__realpath_chk, 0) X(strdup, 0) X(symlink, 2) X(symlinkat, 4)

enum file_call {
#define FILE_NUMBER(name, paths) FILE_##name,
    FILE_CALLS(FILE_NUMBER) FILE_OTHERS(FILE_NUMBER) FILE_CALL_COUNT
};

/* Before the end of our constructor names are what they are. */
#define files_ready() (atomic_load_explicit(&state_gate, memory_order_acquire) >= GATE_PASS)

/* Makes the call through its next definition. Arguments and result are as wide as
 * registers: on all machines of sys.h functions take up to six integers or pointers there. */
long file_call(long a, long b, long c, long d, long e, enum file_call which);

#endif
