#include "target.h"

SUNAT_PUBLIC ssize_t sunat_sendmsg(int dirfd, int sockfd, const char *path, const struct msghdr *msg, int msg_flags, int flags)
{
    struct target t = {.sockfd = sockfd, .flags = flags, .msg = msg, .msg_flags = msg_flags};
    int before = errno;
    long ret = at_init(&t.at, dirfd, path, flags & AT_EMPTY_PATH);

    if (!msg)
        ret = -EFAULT;
    else if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) || msg->msg_name)
        ret = -EINVAL;
    return at_result(ret < 0 ? ret : target_call(&t), before);
}
