/* System calls made by the shim for itself.
 *
 * Straight to the kernel: no errno, no cancellation point, no thread-local
 * storage, nothing another preloaded library could have interposed. All return
 * a value >= 0 or a negative errno and are async-signal-safe. What the program
 * asked for is not done here but through the C library (real.h). */
#ifndef SUNSHIM_SHIM_SYS_H
#define SUNSHIM_SHIM_SYS_H

#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76 /* Linux 6.5; not in older headers */
#endif

#if defined(__x86_64__) && !defined(__ILP32__)
static inline long sys6(long n, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long ret;

    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}
#elif defined(__aarch64__)
static inline long sys6(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}
#elif defined(__riscv) && __riscv_xlen == 64
static inline long sys6(long n, long a, long b, long c, long d, long e, long f)
{
    register long a7 __asm__("a7") = n, a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d, a4 __asm__("a4") = e, a5 __asm__("a5") = f;

    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
                     : "memory");
    return a0;
}
#else
#error "sunshim needs a system call stub for this machine (x86-64, aarch64 and riscv64 are there)"
#endif

#define SYS6(n, a, b, c, d, e, f) sys6((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SYS5(n, a, b, c, d, e) SYS6(n, a, b, c, d, e, 0)
#define SYS4(n, a, b, c, d) SYS6(n, a, b, c, d, 0, 0)
#define SYS3(n, a, b, c) SYS6(n, a, b, c, 0, 0, 0)
#define SYS2(n, a, b) SYS6(n, a, b, 0, 0, 0, 0)
#define SYS1(n, a) SYS6(n, a, 0, 0, 0, 0, 0)
#define SYS0(n) SYS6(n, 0, 0, 0, 0, 0, 0)

static inline int sys_openat(int dir, const char *path, int flags, unsigned mode)
{
    return (int)SYS4(SYS_openat, dir, path, flags, mode);
}

static inline int sys_openat2(int dir, const char *path, const struct open_how *how)
{
    return (int)SYS4(SYS_openat2, dir, path, how, sizeof *how);
}

static inline int sys_close(int fd)
{
    return (int)SYS1(SYS_close, fd);
}

static inline long sys_read(int fd, void *buf, size_t len)
{
    return SYS3(SYS_read, fd, buf, len);
}

static inline long sys_write(int fd, const void *buf, size_t len)
{
    return SYS3(SYS_write, fd, buf, len);
}

static inline long sys_readlink(const char *path, char *buf, size_t size)
{
    return SYS4(SYS_readlinkat, AT_FDCWD, path, buf, size);
}

static inline int sys_fstat(int fd, struct stat *st)
{
    return (int)SYS2(SYS_fstat, fd, st);
}

static inline long sys_getdents(int fd, void *buf, size_t size)
{
    return SYS3(SYS_getdents64, fd, buf, size);
}

static inline int sys_getflags(int fd)
{
    return (int)SYS3(SYS_fcntl, fd, F_GETFL, 0);
}

static inline void *sys_map(size_t len, int prot, int flags, int fd)
{
    long at = SYS6(SYS_mmap, 0, len, prot, flags, fd, 0);

    return at < 0 && at > -4096 ? NULL : (void *)at;
}

static inline void sys_unmap(const void *at, size_t len)
{
    SYS2(SYS_munmap, at, len);
}

static inline int sys_protect(const void *at, size_t len, int prot)
{
    return (int)SYS3(SYS_mprotect, at, len, prot);
}

static inline int sys_getpid(void)
{
    return (int)SYS0(SYS_getpid);
}

static inline int sys_getppid(void)
{
    return (int)SYS0(SYS_getppid);
}

/* A socket option with a number for a value, 0 where it fails: 0 or -errno. */
int sys_getsockopt_int(int fd, int option, int *value);

static inline int sys_getsockname(int fd, void *addr, socklen_t *len)
{
    return (int)SYS3(SYS_getsockname, fd, addr, len);
}

static inline int sys_getpeername(int fd, void *addr, socklen_t *len)
{
    return (int)SYS3(SYS_getpeername, fd, addr, len);
}

/* The kernel's signal set, not the C library's: 64 signals, SIGCANCEL among them. */
static inline void sys_sigmask(int how, const uint64_t *set, uint64_t *old)
{
    SYS4(SYS_rt_sigprocmask, how, set, old, sizeof *set);
}

static inline _Noreturn void sys_exit(int status)
{
    for (;;)
        SYS1(SYS_exit_group, status);
}

#endif
