/* The way to the socket, the directory that it is in, the file that is there. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"

bool may_change(int dir)
{
    return dir >= 0 && !faccessat(dir, ".", W_OK | X_OK, AT_EACCESS);
}

bool may_remove(const struct walk *w)
{
    uid_t me = geteuid();

    return may_change(w->dir) &&
           (!(w->dir_st.st_mode & S_ISVTX) || !me || w->st.st_uid == me || w->dir_st.st_uid == me);
}

static char *owner_of(const struct stat *st)
{
    return format_new("mode %04o, owner %u", st->st_mode & 07777, st->st_uid);
}

/* Modes are the owner's business. */
static void permission(struct doctor *d, const char *word, const struct stat *st, const char *bits,
                       const char *name, const char *lacking, const char *needed)
{
    bool ours = st->st_uid == geteuid() || !geteuid();
    struct finding *f =
        finding_add(&d->findings, word, ours ? REMEDY : HOPELESS, "no %s permission on %s (%s)%s", lacking,
                    shown_short(name, 40), owner_of(st), needed);

    if (ours)
        remedy_add(f, "chmod u+%s %s", bits, shell_word(name));
    else
        remedy_add(f, "its owner could: chmod o+%s %s", bits, shell_word(name));
}

/* --- The way --------------------------------------------------------------------- */

static void missing(struct doctor *d)
{
    const struct walk *w = &d->walk;
    bool ours = may_change(w->dir);
    struct finding *f =
        finding_add(&d->findings, "missing", ours ? REMEDY : HOPELESS, "%s does not exist; %s does",
                    shown_short(w->stopped, 50), shown_short(w->dir_name, 50));

    if (w->link_count && w->ends_in_link)
        return;
    size_t end = d->len;
    while (end && d->path[end - 1] == '/')
        end--;
    while (end && d->path[end - 1] != '/')
        end--;
    if (ours)
        remedy_add(f, "mkdir -p %s", shell_word(format_new("%.*s", (int)end, d->path)));
    else
        remedy_add(f, "somebody who may write to %s has to make it", shown_short(w->dir_name, 40));
}

/* The last component is a link that leads nowhere: bind finds the link in its way. */
static void dangling(struct doctor *d)
{
    const struct walk *w = &d->walk;
    unsigned last = w->link_count - 1;
    struct finding *f =
        finding_add(&d->findings, "dangling-link", REMEDY,
                    "%s is a link to %s, which does not exist: bind finds the name taken",
                    shown_short(w->links[last].name, 30), shown_short(w->links[last].target, 30));

    remedy_add(f, "rm %s", shell_word(d->path));
    remedy_add(f, "start what makes %s", shown_short(w->links[last].target, 50));
}

static void looping(struct doctor *d)
{
    const struct walk *w = &d->walk;
    bool circle = w->link_count > LINKS_MAX;
    struct finding *f = finding_add(&d->findings, "loop", HOPELESS, "%s more than %d: %s",
                                    circle ? "symbolic links in a circle, or" : "the kernel does not follow",
                                    LINKS_MAX, shown_short(w->stopped, 40));

    remedy_add(f, "replace that link by one that leads somewhere");
}

static void in_the_way(struct doctor *d)
{
    const struct walk *w = &d->walk;
    bool slash = w->last && w->ends_in_slash;
    struct finding *f =
        finding_add(&d->findings, slash ? "slash" : "not-a-directory", slash ? REMEDY : HOPELESS,
                    "%s is not a directory", shown_short(w->stopped, 50));

    if (slash)
        remedy_add(f, "leave the slash at the end away");
    else
        remedy_add(f, "no socket can be below it: use another path");
}

static void check_way(struct doctor *d)
{
    const struct walk *w = &d->walk;
    struct finding *f;

    if (w->error == EACCES)
        permission(d, "no-search", &w->dir_st, "x", w->stopped, "search", "");
    else if (w->error == ENOTDIR)
        in_the_way(d);
    else if (w->error == ELOOP)
        looping(d);
    else if (w->error == ENOENT && w->ends_in_link)
        dangling(d);
    else if (w->error == ENOENT && !w->last)
        missing(d);
    else if (w->error && w->error != ENOENT && w->error != ENAMETOOLONG) {
        f = finding_add(&d->findings, "error", HOPELESS, "%s: %s", shown_short(w->stopped, 40),
                        strerror(w->error));
        remedy_add(f, "see that its file system works");
    }
}

/* --- The directory, where a bind would have to make the file ------------------------------ */

/* tmpfs needs none, and ext4 one only now and then. */
static enum severity without_blocks(int dir)
{
    struct statfs fs;

    if (fstatfs(dir, &fs) || (fs.f_type != TMPFS_MAGIC && fs.f_type != EXT4_SUPER_MAGIC))
        return REMEDY;
    return NOTE;
}

static void check_room(struct doctor *d, const struct statvfs *fs)
{
    bool inodes = fs->f_files && !(geteuid() ? fs->f_favail : fs->f_ffree);
    bool blocks = fs->f_blocks && !(geteuid() ? fs->f_bavail : fs->f_bfree);

    if (!inodes && !blocks)
        return;
    struct finding *f = finding_add(&d->findings, "no-room", inodes ? REMEDY : without_blocks(d->walk.dir),
                                    "the file system is full: no %s left for the socket's file",
                                    inodes ? "inodes" : "blocks");
    remedy_add(f, "remove something there, or use another directory");
}

/* Their mknod(2) is EPERM. */
static bool holds_no_sockets(int dir)
{
    static const long types[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,        MSDOS_SUPER_MAGIC,
                                 DEVPTS_SUPER_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
                                 DEBUGFS_MAGIC,      SECURITYFS_MAGIC};
    struct statfs fs;

    if (fstatfs(dir, &fs))
        return false;
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
        if ((long)fs.f_type == types[i])
            return true;
    return false;
}

static void check_directory(struct doctor *d)
{
    const struct walk *w = &d->walk;
    struct statvfs fs = {0};
    struct finding *f;

    if (!fstatvfs(w->dir, &fs) && fs.f_flag & ST_RDONLY) {
        f = finding_add(&d->findings, "read-only", HOPELESS,
                        "a read-only file system: no socket can be made in %s", shown_short(w->dir_name, 40));
        remedy_add(f, "use another directory: XDG_RUNTIME_DIR, or TMPDIR");
    } else if (holds_no_sockets(w->dir)) {
        f = finding_add(&d->findings, "no-sockets", HOPELESS,
                        "a file system of this kind holds no sockets: %s", shown_short(w->dir_name, 40));
        remedy_add(f, "use another directory: XDG_RUNTIME_DIR, or TMPDIR");
    } else if (!may_change(w->dir)) {
        permission(d, "no-write", &w->dir_st, "w", w->dir_name, "write", "");
    } else {
        check_room(d, &fs);
    }
    if (*d->path == '@') {
        f = finding_add(&d->findings, "abstract", NOTE,
                        "a file is meant; an abstract name is not looked at here");
        remedy_add(f, "sunshim who %s", shell_word(d->path));
    }
    if (w->ends_in_slash) {
        f = finding_add(&d->findings, "slash", REMEDY, "a slash at the end: bind refuses it");
        remedy_add(f, "leave the slash at the end away");
    }
}

/* --- The file that is there --------------------------------------------------------------- */

static const char *kind(mode_t mode)
{
    return S_ISDIR(mode)    ? "a directory"
           : S_ISREG(mode)  ? "a regular file"
           : S_ISFIFO(mode) ? "a FIFO"
           : S_ISCHR(mode)  ? "a character device"
           : S_ISBLK(mode)  ? "a block device"
                            : "another kind of file";
}

/* What programs that were given the directory would make of it. */
static void check_derived(struct doctor *d)
{
    struct finding *f = NULL;

    for (const struct known *k = known_names; k->program; k++) {
        size_t len = d->len - d->walk.ends_in_slash + strlen(k->appended);

        if (k->variable && len > SUN_USABLE)
            f = finding_add(&d->findings, "derived", NOTE, "as %s of %s: up to %zu bytes, %zu too many",
                            k->variable, k->program, len, len - SUN_USABLE);
    }
    remedy_add(f, "sunshim run --long-paths -- COMMAND");
}

static void other_file(struct doctor *d)
{
    struct finding *f = finding_add(&d->findings, "not-a-socket", REMEDY, "%s is there, not a socket",
                                    kind(d->walk.st.st_mode));

    if (!S_ISDIR(d->walk.st.st_mode)) {
        remedy_add(f, "use another name, or move it away");
        return;
    }
    remedy_add(f, "name the socket in it");
    check_derived(d);
}

static void check_socket_file(struct doctor *d)
{
    const struct walk *w = &d->walk;

    if (faccessat(w->dir, w->name, W_OK, AT_EACCESS) && errno == EACCES)
        permission(d, "no-write", &w->st, "w", d->path, "write", ", which connect needs");
    if (w->st.st_nlink > 1)
        finding_add(&d->findings, "hard-links", NOTE,
                    "the socket's file has %ju names: all lead to the same socket",
                    (uintmax_t)w->st.st_nlink);
}

void doctor_place(struct doctor *d)
{
    struct walk *w = &d->walk;

    walk_path(w, d->path);
    check_way(d);
    if (w->error == ENOENT && w->last && !w->ends_in_link)
        check_directory(d);
    else if (!w->error && S_ISSOCK(w->st.st_mode))
        check_socket_file(d);
    else if (!w->error)
        other_file(d);
}
