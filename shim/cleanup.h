/* Runs `routine` when the call in between is cancelled, or left by siglongjmp().
 * Not pthread_cleanup_push(): what that one notes stays behind after a jump, and
 * pthread_exit() later falls over it. glibc's older functions know about jumps. */
#ifndef SUNSHIM_SHIM_CLEANUP_H
#define SUNSHIM_SHIM_CLEANUP_H

#include <pthread.h>

#ifdef __GLIBC__
void _pthread_cleanup_push(struct _pthread_cleanup_buffer *buffer, void (*routine)(void *), void *arg);
void _pthread_cleanup_pop(struct _pthread_cleanup_buffer *buffer, int execute);

#define CLEANUP_PUSH(routine, arg)             \
    struct _pthread_cleanup_buffer cleanup_;   \
    _pthread_cleanup_push(&cleanup_, (routine), (arg))
#define CLEANUP_POP() _pthread_cleanup_pop(&cleanup_, 1)
#else
#define CLEANUP_PUSH(routine, arg) pthread_cleanup_push((routine), (arg))
#define CLEANUP_POP() pthread_cleanup_pop(1)
#endif

#endif
