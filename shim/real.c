#include "real.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct real_calls real;

static const struct {
    const char *name;
    size_t offset;
} names[] = {
#define CALL(f) {#f, offsetof(struct real_calls, f)}
    CALL(socket),     CALL(socketpair), CALL(bind),        CALL(listen),      CALL(accept),
    CALL(accept4),    CALL(connect),    CALL(send),        CALL(sendto),      CALL(sendmsg),
    CALL(sendmmsg),   CALL(recv),       CALL(recvfrom),    CALL(recvmsg),     CALL(recvmmsg),
    CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt), CALL(shutdown),
    CALL(syscall),
#undef CALL
    {"__recv_chk", offsetof(struct real_calls, recv_chk)},
    {"__recvfrom_chk", offsetof(struct real_calls, recvfrom_chk)},
};

void real_find(void)
{
    struct real_calls found = {0};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        void *function = dlsym(RTLD_NEXT, names[i].name);

        memcpy((char *)&found + names[i].offset, &function, sizeof function);
    }
    /* Whoever races here writes the same values. */
    real = found;
}
