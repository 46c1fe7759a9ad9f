/* The file of a pathname socket: there, gone, or another one by now. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cli.h"
#include "who.h"

#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200
#endif

/* What outlives the name (DESIGN "Identity"): "TYPE:HEX"; NULL where there is none. */
static char *handle_of(const char *path)
{
    struct {
        struct file_handle head;
        unsigned char room[MAX_HANDLE_SZ];
    } h = {.head.handle_bytes = MAX_HANDLE_SZ};
    int mount;

    if (name_to_handle_at(AT_FDCWD, path, &h.head, &mount, 0) &&
        (h.head.handle_bytes = MAX_HANDLE_SZ, name_to_handle_at(AT_FDCWD, path, &h.head, &mount, AT_HANDLE_FID)))
        return NULL;
    char *text = allocate(16 + 2 * (size_t)h.head.handle_bytes), *out = text;
    out += sprintf(out, "%d:", h.head.handle_type);
    for (unsigned i = 0; i < h.head.handle_bytes; i++)
        out += sprintf(out, "%02x", h.room[i]);
    return text;
}

static uint32_t device(dev_t dev)
{
    return major(dev) << 20 | minor(dev);
}

struct file_id file_id_of(const struct stat *file, const struct stat *dir)
{
    return (struct file_id){.is_socket = S_ISSOCK(file->st_mode),
                            .ino = (uint32_t)file->st_ino,
                            .dev = {device(file->st_dev), dir ? device(dir->st_dev) : 0}};
}

int file_identify(const char *path, struct file_id *id)
{
    const char *slash = strrchr(path, '/');
    struct stat st, dir;
    int err = lstat(path, &st) ? errno : 0;

    *id = (struct file_id){.is_socket = false};
    if (!err)
        *id = file_id_of(&st, stat(slash ? format_new("%.*s", (int)(slash - path) + 1, path) : ".", &dir) ? NULL : &dir);
    return err;
}

static bool same_device(const struct file_id *id, const struct sock *s)
{
    return s->dev == id->dev[0] || s->dev == id->dev[1];
}

bool file_is_of(const struct file_id *id, const struct sock *s)
{
    return s->has_file && id->is_socket && id->ino == s->file_ino && same_device(id, s);
}

/* The name as a holder would find it: it may have another root, or have bound a
 * relative name. */
static char *seen_by(int pid, const struct name *n)
{
    return format_new("/proc/%d/%s/%.*s", pid, *n->bytes == '/' ? "root" : "cwd", (int)n->len, n->bytes);
}

static bool look_as_holder(const struct answer *a, const struct sock *s, struct file_state *f)
{
    size_t count;
    const struct holder *h = holders_find(&a->holders, s->ino, &count);
    struct file_id id;

    for (size_t i = 0; i < count; i++) {
        char *path = i && h[i].pid == h[i - 1].pid ? NULL : seen_by(h[i].pid, &s->name);

        if (!path || file_identify(path, &id) || !file_is_of(&id, s))
            continue;
        f->word = "there";
        f->why = format_new("seen from process %d", h[i].pid);
        f->handle = handle_of(path);
        return true;
    }
    return false;
}

static const char *kind_of(const struct stat *st)
{
    return S_ISSOCK(st->st_mode)   ? "another socket"
           : S_ISDIR(st->st_mode)  ? "a directory"
           : S_ISLNK(st->st_mode)  ? "a symbolic link"
           : S_ISREG(st->st_mode)  ? "a regular file"
                                   : "another file";
}

struct file_state file_state(const struct answer *a, const struct sock *s)
{
    struct file_state f = {"unclear", format_new("%s", ""), NULL};
    char *path = format_new("%.*s", (int)s->name.len, s->name.bytes);
    struct file_id id;
    struct stat st;
    int err = lstat(path, &st) ? errno : file_identify(path, &id);

    if (*path == '/' && !err && file_is_of(&id, s)) {
        f.word = "there";
        f.handle = handle_of(path);
    } else if (look_as_holder(a, s, &f)) {
        return f;
    } else if (*path != '/') {
        f.why = format_new("relative to a directory that is not known");
    } else if (err == ENOENT || err == ENOTDIR) {
        f.word = s->asked_file ? "moved" : "gone";
    } else if (err) {
        f.why = format_new("%s", strerror(err));
    } else if (!s->has_file) {
        f.why = format_new("%s is there", S_ISSOCK(st.st_mode) ? "a socket" : kind_of(&st));
    } else if (!S_ISSOCK(st.st_mode) || same_device(&id, s)) {
        f.word = "replaced";
        f.why = format_new("%s has its name now", kind_of(&st));
    } else {
        /* On some file systems (btrfs) the kernel and stat(2) name different devices. */
        f.why = format_new("a socket is there, on another device");
    }
    return f;
}
