#include "pin.h"

#include <errno.h>
#include <string.h>

#include "park.h"
#include "procfd.h"
#include "scratch.h"
#include "sys.h"

enum { PATH_BYTES = 4096 };

void name_release(struct name *n)
{
    scratch_give(n->scratch);
    n->scratch = NULL;
    n->at = NULL;
    n->len = 0;
}

void pin_close(struct pin *pin)
{
    if (pin->fd < 0)
        return;
    park_leave(pin->ticket);
    sys_close(pin->fd);
    *pin = PIN_NONE;
}

/* True when the text of `path` is the name its file has if there is no symlink
 * on the way: absolute, without empty, "." and ".." components. */
static bool plain(const char *path)
{
    if (path[0] != '/')
        return false;
    for (const char *p = path; *p; p++)
        if (p[0] == '/' && (p[1] == '/' || p[1] == '\0' ||
                            (p[1] == '.' && (p[2] == '/' || p[2] == '\0' ||
                                             (p[2] == '.' && (p[3] == '/' || p[3] == '\0'))))))
            return p[1] == '\0' && p == path;
    return true;
}

/* Takes the name out of a readlink of the pin. False: it is not a name. */
static bool name_of_link(int fd, struct name *name, const char *text, size_t len)
{
    static const char deleted[] = " (deleted)";
    const size_t tail = sizeof deleted - 1;

    if (text[0] != '/')
        return false; /* "(unreachable)/...": outside our root directory */
    if (len > tail && memcmp(text + len - tail, deleted, tail) == 0) {
        struct stat st = {0};

        /* A file may really be called that. */
        if (sys_fstat(fd, &st) < 0 || st.st_nlink == 0) {
            name->none = S_ISSOCK(st.st_mode);
            return false;
        }
    }
    name->at = text;
    name->len = (uint32_t)len;
    return true;
}

/* A file without a name, which only a descriptor can lead to. */
static bool leads_to_none(const char *path)
{
    struct stat st;

    return SYS4(SYS_newfstatat, AT_FDCWD, path, &st, 0) == 0 && st.st_nlink == 0;
}

/* Reads the pin's name back. -ENOENT: the file has none any more, and was looked for by name. */
static int read_back(const struct pin *pin, struct name *name, const char *path)
{
    char link[PROCFD_SIZE];
    char *buffer = name->near;

    procfd_path(pin->fd, link, sizeof link);
    long len = sys_readlink(link, buffer, sizeof name->near);
    if (len == (long)sizeof name->near) {
        buffer = name->scratch = scratch_take();
        if (!buffer)
            return -ENOMEM;
        len = sys_readlink(link, buffer, PATH_BYTES);
    }
    if (len < 0)
        return 0; /* no /proc: pinned, but without a name */
    if (!name_of_link(pin->fd, name, buffer, (size_t)len) && buffer[0] == '/') {
        name_release(name);
        name->none = name->none && leads_to_none(path);
        return name->none ? 0 : -ENOENT;
    }
    return 0;
}

static int open_pin(struct pin *pin, struct name *name, const char *path, int flags)
{
    const struct open_how how = {
        .flags = (unsigned)(O_PATH | O_CLOEXEC | flags),
        .resolve = RESOLVE_NO_SYMLINKS,
    };
    int fd = -ELOOP;
    bool literal = plain(path) && !pin_may_be_none(path); /* those are links */

    *pin = PIN_NONE;
    name->at = NULL;
    name->scratch = NULL;
    name->none = false;
    park_sweep();
    if (literal)
        fd = sys_openat2(AT_FDCWD, path, &how);
    /* A symlink on the way, or a kernel or sandbox without openat2(2). */
    if (fd == -ELOOP || fd == -ENOSYS || fd == -EPERM) {
        literal = false;
        fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC | flags, 0);
    }
    if (fd < 0)
        return fd;
    pin->fd = fd;
    if (literal) {
        name->at = path;
        name->len = (uint32_t)strlen(path);
        return 0;
    }
    int err = read_back(pin, name, path);
    if (err)
        pin_close(pin);
    return err;
}

int pin_file(struct pin *pin, struct name *name, const char *path)
{
    int err = open_pin(pin, name, path, 0);

    if (!err)
        pin->ticket = park_enter(pin->fd, name->at, name->len);
    return err;
}

/* Appends "/last" to the directory's name. */
static int append_last(struct name *name, const char *last, size_t last_len)
{
    size_t dir_len = name->len == 1 ? 0 : name->len; /* "/" + "/x" is "/x" */

    if (dir_len + 1 + last_len > PATH_BYTES)
        return -ENAMETOOLONG;
    char *to = name->scratch ? name->scratch : name->near;
    if (!name->scratch && dir_len + 1 + last_len >= sizeof name->near) {
        to = name->scratch = scratch_take();
        if (!to)
            return -ENOMEM;
    }
    if (to != name->at)
        memcpy(to, name->at, dir_len);
    to[dir_len] = '/';
    memcpy(to + dir_len + 1, last, last_len);
    to[dir_len + 1 + last_len] = '\0';
    name->at = to;
    name->len = (uint32_t)(dir_len + 1 + last_len);
    return 0;
}

static int new_name_in(struct name *name, const char *dir, const char *last, size_t last_len)
{
    struct pin pin;
    int err = open_pin(&pin, name, dir, O_DIRECTORY);

    if (err)
        return err;
    if (name->at)
        err = append_last(name, last, last_len);
    pin_close(&pin);
    if (err)
        name_release(name);
    return err;
}

int pin_new_name(struct name *name, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    size_t last_len = strlen(last), dir_len = slash ? (size_t)(slash - path) : 0;
    char near[sizeof name->near], *dir = near;

    name->at = NULL;
    name->scratch = NULL;
    name->none = false;
    if (!last_len || !strcmp(last, ".") || !strcmp(last, ".."))
        return -ENOTSUP;
    while (dir_len > 1 && path[dir_len - 1] == '/')
        dir_len--;
    if (dir_len >= sizeof near && !(dir = scratch_take()))
        return -ENOMEM;
    memcpy(dir, slash ? path : ".", dir_len ? dir_len : 1);
    dir[dir_len ? dir_len : 1] = '\0';
    int err = new_name_in(name, dir, last, last_len);
    if (dir != near)
        scratch_give(dir);
    return err;
}
