/* A short-lived thread of the kernel's for what this thread must not do itself:
 * change its working directory, or give up a number of its descriptor table.
 *
 * clone(2) with CLONE_VM|CLONE_VFORK|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM: the
 * caller stands still meanwhile, memory and thread-local storage are the same,
 * and sockets that are bound, listened on or connected carry this process's pid
 * (in a child made by vfork(2) they would carry one that is dead a moment later). */
#ifndef SUNSHIM_SHIM_HELPER_H
#define SUNSHIM_SHIM_HELPER_H

enum helper_own {
    HELPER_OWN_DIRECTORY = 1, /* shares the descriptors; chdir(2) and umask(2) are its own */
    HELPER_OWN_TABLE = 2,     /* shares the directory; descriptors opened and closed are its own */
};

/* Runs job(ctx) in such a thread, all signals but SIGSYS blocked, on a stack of its own of 64 KiB,
 * and returns what that returns; -errno where none could be made. `own`: one of the above or
 * both. The job makes raw system calls only (sys.h), is no cancellation point and
 * must not block: nothing but SIGKILL ends the wait. Async-signal-safe; errno is left alone. */
long helper_run(unsigned own, long (*job)(void *), void *ctx);

#endif
