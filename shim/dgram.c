#include "dgram.h"

#include <stdatomic.h>
#include <sys/socket.h>

enum { NUMBERS = 1024 };

static atomic_uchar made[NUMBERS];

void dgram_note(int fd, int type)
{
    if (fd >= 0 && fd < NUMBERS)
        atomic_store_explicit(&made[fd], type == SOCK_DGRAM, memory_order_relaxed);
}

bool dgram_is(int fd)
{
    return fd >= 0 && fd < NUMBERS && atomic_load_explicit(&made[fd], memory_order_relaxed);
}
