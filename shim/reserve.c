#include "shim/reserve.h"

#include <errno.h>

#include "shim/sys.h"

int reserve(int dir, const char *path)
{
    long err = SYS4(SYS_mknodat, dir, path, S_IFSOCK | 0777, 0);

    return err == -EEXIST ? -EADDRINUSE : (int)err;
}

uint64_t reserve_bits(void)
{
    uint64_t bits;
    struct timespec now;

    if (SYS3(SYS_getrandom, &bits, sizeof bits, 1 /* GRND_NONBLOCK */) == sizeof bits)
        return bits;
    SYS2(SYS_clock_gettime, CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_nsec << 32 ^ (uint64_t)SYS0(SYS_gettid) ^ (uint64_t)now.tv_sec << 12;
}
