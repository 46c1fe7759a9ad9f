#include "held.h"

#include <errno.h>
#include <string.h>

#include "policy/text.h"
#include "sys.h"

static void put_link(char *buf, size_t size, const struct table_entry *e)
{
    struct text t = text_into(buf, size);

    text_str(&t, "/proc/");
    text_unsigned(&t, (unsigned)e->pid);
    text_str(&t, "/fd/");
    text_unsigned(&t, (unsigned)e->fd);
    text_done(&t);
}

int held(const struct table_entry *e)
{
    char path[48], is[40], want[40];
    struct text t = text_into(want, sizeof want);

    put_link(path, sizeof path, e);
    text_str(&t, "socket:[");
    text_unsigned(&t, e->ino);
    text_byte(&t, ']');
    long len = sys_readlink(path, is, sizeof is);
    if (len < 0)
        return len == -ENOENT ? 0 : (int)len;
    return len == (long)text_len(&t) && memcmp(is, want, (size_t)len) == 0;
}
