#include "shim/spare.h"

#include <stdbool.h>
#include <string.h>

#include "shim/path.h"
#include "shim/sys.h"

/* Whether `fd` is sent along. */
static bool passes(struct msghdr *msg, int fd)
{
    for (struct cmsghdr *c = msg ? CMSG_FIRSTHDR(msg) : NULL; c; c = CMSG_NXTHDR(msg, c)) {
        size_t left = msg->msg_controllen - (size_t)((char *)c - (char *)msg->msg_control);

        if (c->cmsg_len > left)
            return false; /* the kernel refuses it */
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            for (size_t at = CMSG_LEN(0); at + sizeof fd <= c->cmsg_len; at += sizeof fd)
                if (memcmp((char *)c + at, &fd, sizeof fd) == 0)
                    return true;
    }
    return false;
}

static bool is_kept(const int keep[SPARE_KEEPS], int fd)
{
    return fd == keep[0] || fd == keep[1] || fd == keep[2];
}

int spare_find(const int keep[SPARE_KEEPS], struct msghdr *msg)
{
    enum { STANDARD = 3, NUMBERS = 512 /* more than SCM_MAX_FD */ };

    for (int i = STANDARD; i < NUMBERS + STANDARD; i++) {
        int fd = i % NUMBERS;

        if (!is_kept(keep, fd) && sys_getflags(fd) >= 0 && !passes(msg, fd))
            return fd;
    }
    return -1;
}

int spare_named(const char *path)
{
    const char *digit = !path_is_own(path) ? "" : path[1] == 'd' ? path + 5 : strchr(path + 6, '/') + 1;
    int fd = -1;

    if (strncmp(digit, "fd/", 3) != 0)
        return -1;
    for (digit += 3; *digit >= '0' && *digit <= '9' && fd < 1 << 24; digit++)
        fd = (fd < 0 ? 0 : fd * 10) + (*digit - '0');
    return fd;
}
