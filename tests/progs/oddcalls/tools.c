#include <stdarg.h>

#include "oddcalls.h"

void show_error(int err)
{
    if (err == UNTOUCHED)
        printf(" -");
    else
        printf(" %s", strerrorname_np(err) ? strerrorname_np(err) : "errno-changed");
}

void result(const char *what, long ret, int err)
{
    printf("%s -> %ld", what, ret < 0 ? ret : ret > 0 && ret < 100000 ? ret : 0);
    show_error(err);
    putchar('\n');
}

/* Names from an autobind differ each time. */
static bool random_name(const unsigned char *p, size_t n)
{
    return n == 6 && p[0] == 0 && strspn((const char *)p + 1, "0123456789abcdef") >= 5;
}

static void show_bytes(const unsigned char *p, size_t n)
{
    putchar(' ');
    for (size_t i = 0; i < n; i++)
        printf(p[i] > ' ' && p[i] < 127 ? "%c" : "\\%02x", p[i]);
}

void show_buffer(const unsigned char *buf, socklen_t len)
{
    size_t touched = 256;
    while (touched && buf[touched - 1] == 0xee)
        touched--;
    printf(" len=%d", (int)len);
    if (touched >= 8 && random_name(buf + 2, len == 8 ? 6 : 0))
        printf(" autobound");
    else if (touched >= 2 && (buf[0] == AF_INET || buf[0] == AF_INET6) && !buf[1])
        printf(" inet touched=%zu", touched);
    else
        show_bytes(buf, touched);
}

void show_name(const char *what, int (*call)(int, struct sockaddr *, socklen_t *), int fd, socklen_t len)
{
    unsigned char buf[256];
    memset(buf, 0xee, sizeof buf);
    errno = UNTOUCHED;
    int ret = call(fd, (struct sockaddr *)buf, &len), err = errno;
    printf("    %s -> %d", what, ret);
    show_error(err);
    show_buffer(buf, len);
    putchar('\n');
}

char *label(const char *format, ...)
{
    static char out[4][512];
    static int next;
    char *s = out[next++ % 4];
    va_list ap;
    va_start(ap, format);
    vsnprintf(s, sizeof *out, format, ap);
    va_end(ap);
    return s;
}

struct sockaddr_un *un_bytes(const char *path, size_t n)
{
    struct sockaddr_un *un = calloc(1, 256);
    un->sun_family = AF_UNIX;
    memcpy((char *)un + PATH_AT, path, n);
    return un;
}

int new_socket(int family, int type)
{
    int fd = socket(family, type | SOCK_NONBLOCK, 0);
    if (fd < 0)
        exit(2);
    return fd;
}

void drain(int fd)
{
    char buf[16];
    while (fd >= 0 && recv(fd, buf, sizeof buf, MSG_DONTWAIT) >= 0)
        ;
}
