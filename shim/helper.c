/* The helper thread is the kernel's alone: the C library does not know of it, so it
 * cannot be cancelled, is in nobody's list of threads, and costs no thread-local storage. */
#include "shim/helper.h"

#include <errno.h>
#include <linux/sched.h>

#include "shim/sys.h"

/* The guard is as large as the largest page of any machine. */
enum { STACK = 64 << 10, GUARD = 64 << 10 };

#ifdef __SANITIZE_THREAD__
#define sys_unmap munmap /* else the sanitizer takes the next stack for this one */
#endif

struct task {
    unsigned own;
    long (*job)(void *);
    void *ctx;
    long ret;
};

/* In the helper. A handler for SIGSYS must not land on the alternate stack: the caller may be using it. */
static void work(struct task *task)
{
    const stack_t none = {.ss_flags = SS_DISABLE};

    SYS2(SYS_sigaltstack, &none, NULL);
    task->ret = task->job(task->ctx);
    /* The caller goes on before the kernel has cleared a table up: what it closes next would stay open a moment longer. */
    if (task->own & HELPER_OWN_TABLE)
        SYS3(SYS_close_range, 0, ~0U, 0);
}

/* clone(2); the child calls run(task) on a stack that ends at `top`, and is gone. No C after
 * run(): a function that never returns would leave its mark in what sanitizers keep for each thread.
 * The frame pointer is cleared for those who walk the stack. */
#if defined(__x86_64__)
static long start(unsigned long flags, void *top, void (*run)(struct task *), struct task *task)
{
    register struct task *r9 __asm__("r9") = task;
    register void (*r12)(struct task *) __asm__("r12") = run;
    register long r10 __asm__("r10") = 0, r8 __asm__("r8") = 0;
    long ret;

    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "mov %%r9, %%rdi\n\t"
                     "call *%%r12\n\t"
                     "xor %%edi, %%edi\n\t"
                     "mov %[exit], %%eax\n\t"
                     "syscall\n\t"
                     "ud2\n"
                     "1:"
                     : "=a"(ret)
                     : "a"((long)SYS_clone), "D"(flags), "S"(top), "d"(0L), "r"(r10), "r"(r8), "r"(r9), "r"(r12),
                       [exit] "i"(SYS_exit)
                     : "rcx", "r11", "cc", "memory");
    return ret;
}
#elif defined(__aarch64__)
static long start(unsigned long flags, void *top, void (*run)(struct task *), struct task *task)
{
    register long x8 __asm__("x8") = SYS_clone, x0 __asm__("x0") = (long)flags, x1 __asm__("x1") = (long)top;
    register long x2 __asm__("x2") = 0, x3 __asm__("x3") = 0, x4 __asm__("x4") = 0;
    register struct task *x5 __asm__("x5") = task;
    register void (*x6)(struct task *) __asm__("x6") = run;

    __asm__ volatile("svc 0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x29, xzr\n\t"
                     "mov x0, x5\n\t"
                     "blr x6\n\t"
                     "mov x0, xzr\n\t"
                     "mov x8, %[exit]\n\t"
                     "svc 0\n\t"
                     "brk 0\n"
                     "1:"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5), "r"(x6), [exit] "i"(SYS_exit)
                     : "cc", "memory");
    return x0;
}
#else
static long start(unsigned long flags, void *top, void (*run)(struct task *), struct task *task)
{
    register long a7 __asm__("a7") = SYS_clone, a0 __asm__("a0") = (long)flags, a1 __asm__("a1") = (long)top;
    register long a2 __asm__("a2") = 0, a3 __asm__("a3") = 0, a4 __asm__("a4") = 0;
    register struct task *a5 __asm__("a5") = task;
    register void (*a6)(struct task *) __asm__("a6") = run;

    __asm__ volatile("ecall\n\t"
                     "bnez a0, 1f\n\t"
                     "mv s0, zero\n\t"
                     "mv a0, a5\n\t"
                     "jalr a6\n\t"
                     "li a0, 0\n\t"
                     "li a7, %[exit]\n\t"
                     "ecall\n\t"
                     "ebreak\n"
                     "1:"
                     : "+r"(a0)
                     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a6), [exit] "i"(SYS_exit)
                     : "memory");
    return a0;
}
#endif

static long on_stack(char *stack, struct task *task)
{
    unsigned long flags = CLONE_VM | CLONE_VFORK | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;

    flags |= task->own & HELPER_OWN_DIRECTORY ? 0 : CLONE_FS;
    flags |= task->own & HELPER_OWN_TABLE ? 0 : CLONE_FILES;
    long ret = sys_protect(stack + GUARD, STACK, PROT_READ | PROT_WRITE);
    if (ret >= 0)
        ret = start(flags, stack + GUARD + STACK, work, task);
    return ret < 0 ? ret : task->ret;
}

/* Signals are blocked before anything is there that a handler could leave behind by siglongjmp(3).
 * SIGSYS stays: a program that filters its own system calls would be killed by the first that traps. */
long helper_run(unsigned own, long (*job)(void *), void *ctx)
{
    const uint64_t most = ~((uint64_t)1 << (SIGSYS - 1));
    struct task task = {.own = own, .job = job, .ctx = ctx};
    uint64_t before;
    long ret = -ENOMEM;

    sys_sigmask(SIG_BLOCK, &most, &before);
    char *stack = sys_map(GUARD + STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1);
    if (stack) {
        ret = on_stack(stack, &task);
        sys_unmap(stack, GUARD + STACK);
    }
    sys_sigmask(SIG_SETMASK, &before, NULL);
    return ret;
}
