#include "identity.h"

#include <errno.h>
#include <string.h>

#include "settled.h"
#include "sys.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif
#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200 /* Linux 6.5: a handle to compare by, which overlay has as well */
#endif
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

/* struct file_handle of fcntl.h, with room. */
struct handle {
    uint32_t bytes;
    int32_t type;
    unsigned char data[128];
};

_Static_assert(sizeof(uint64_t) + sizeof(struct handle) <= IDENTITY_MAX, "a device and a handle must fit");

static void add(struct identity *id, const void *bytes, size_t len)
{
    memcpy(id->bytes + id->len, bytes, len);
    id->len += (uint32_t)len;
}

static int read_handle(struct handle *h, int dir, const char *path, int flags)
{
    int mount;

    h->bytes = sizeof h->data;
    long err = SYS5(SYS_name_to_handle_at, dir, path, h, &mount, flags | AT_HANDLE_FID);
    if (err == -EINVAL) { /* an older kernel does not know the flag */
        h->bytes = sizeof h->data;
        err = SYS5(SYS_name_to_handle_at, dir, path, h, &mount, flags);
    }
    return (int)err;
}

static int of_file(struct identity *id, int dir, const char *path, int flags)
{
    struct handle *h = (void *)(id->bytes + sizeof(uint64_t)); /* in place: stacks are small */
    struct stat st;
    int err = (int)SYS4(SYS_newfstatat, dir, path, &st, flags | AT_SYMLINK_NOFOLLOW);

    if (err < 0)
        return err;
    if (!S_ISSOCK(st.st_mode))
        return -ENOTSOCK;
    err = read_handle(h, dir, path, flags);
    if (err < 0)
        return err;
    uint64_t device = st.st_dev;
    memcpy(id->bytes, &device, sizeof device);
    id->kind = TABLE_PATHNAME;
    id->len = (uint32_t)(sizeof device + offsetof(struct handle, data) + (h->bytes <= sizeof h->data ? h->bytes : 0));
    return 0;
}

int identity_of_pin(struct identity *id, int pin)
{
    return of_file(id, pin, "", AT_EMPTY_PATH);
}

int identity_of_path(struct identity *id, const char *path)
{
    return of_file(id, AT_FDCWD, path, 0);
}

/* 0 where the kernel does not tell: then names of all name spaces look alike here
 * and what is found is confirmed by asking for the socket. */
static uint64_t netns_of(int fd)
{
    uint64_t cookie = 0;
    socklen_t len = sizeof cookie;

    return SYS5(SYS_getsockopt, fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0 ? 0 : cookie;
}

int identity_of_abstract(struct identity *id, int fd, const struct policy_addr *name)
{
    uint64_t space = netns_of(fd);

    id->kind = TABLE_ABSTRACT;
    id->len = 0;
    add(id, &space, sizeof space);
    add(id, name->bytes, name->len);
    return 0;
}

int identity_of_inet(struct identity *id, int fd, const struct policy_addr *name, bool any)
{
    static const unsigned char zeros[16];
    struct {
        uint64_t space;
        uint16_t type, port;
        uint32_t len;
    } head = {.space = netns_of(fd), .port = name->port, .len = name->len};
    int type;
    int err = sys_getsockopt_int(fd, SO_TYPE, &type);

    if (err < 0)
        return err;
    head.type = (uint16_t)type;
    id->kind = TABLE_INET;
    id->len = 0;
    add(id, &head, sizeof head);
    add(id, any ? zeros : name->bytes, name->len);
    return 0;
}

int identity_of_socket(struct identity *id, int fd)
{
    uint64_t cookie = settled_cookie(fd);

    id->kind = TABLE_SOCKET;
    id->len = 0;
    add(id, &cookie, sizeof cookie);
    return cookie ? 0 : -EBADF;
}

int identity_of_process(struct identity *id, int pidfd)
{
    struct stat st;
    struct {
        uint64_t type;
        char rest[128];
    } fs; /* struct statfs */
    int err = (int)SYS2(SYS_fstatfs, pidfd, &fs);

    if (err >= 0)
        err = sys_fstat(pidfd, &st);
    if (err < 0)
        return err;
    if (fs.type != PID_FS_MAGIC) /* one inode for all, before */
        return -EOPNOTSUPP;
    uint64_t ino = st.st_ino;
    id->kind = TABLE_PROCESS;
    id->len = 0;
    add(id, &ino, sizeof ino);
    return 0;
}
