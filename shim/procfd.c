#include "procfd.h"

#include <errno.h>

#include "policy/text.h"
#include "sys.h"

size_t procfd_path(int fd, char *buffer, size_t size)
{
    struct text t = text_into(buffer, size);

    text_str(&t, "/proc/thread-self/fd/");
    text_unsigned(&t, (unsigned)fd);
    text_done(&t);
    return text_len(&t);
}

bool procfd_works(const char *link)
{
    char byte;
    long n = sys_readlink(link, &byte, 1);

    return n > 0 || n == -ENAMETOOLONG;
}
