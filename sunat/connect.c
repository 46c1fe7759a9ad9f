#include "target.h"

SUNAT_PUBLIC int sunat_connect(int dirfd, int sockfd, const char *path, int flags)
{
    struct target t = {.sockfd = sockfd, .flags = flags};
    int before = errno;
    long ret = flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) ? -EINVAL : at_init(&t.at, dirfd, path, flags & AT_EMPTY_PATH);

    return (int)at_result(ret < 0 ? ret : target_call(&t), before);
}
