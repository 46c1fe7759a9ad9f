/* sunat_errors DIR: what libsunat's calls say of all kinds of paths, against what bind, connect and sendmsg say of the
 * same in the working directory. DIR, absolute, is empty and is so afterwards. Each path is tried relative to the working directory and to descriptors,
 * with long last components, below long directories and absolute. Prints what differs, then "as it should be". */
#include "tests/progs/sunat_try.h"

enum { PATH = 4096 };

static int wrong, compared;
static int home;  /* DIR */

/* '%' stands for what makes names long, or for nothing. */
static const char *fill(const char *pattern, const char *prefix, const char *suffix)
{
    static char at[8][PATH * 2];
    static unsigned turn;
    char *to = at[turn++ % 8], *end = to + sprintf(to, "%s", prefix);

    for (; *pattern; pattern++)
        if (*pattern == '%')
            end += sprintf(end, "%s", suffix);
        else
            *end++ = *pattern;
    *end = '\0';
    return to;
}

/* --- The directory that all paths are in --- */

struct tree {
    int fd;
    const char *prefix, *suffix; /* of paths in it */
    int stream, gram, packet;
};

static int put_socket(struct tree *t, int type, const char *pattern)
{
    const char *to = fill(pattern, "", t->suffix);
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = new_socket(type | SOCK_NONBLOCK);

    snprintf(un.sun_path, sizeof un.sun_path, "/proc/self/fd/%d/s", t->fd);
    must(bind(fd, (void *)&un, sizeof un) == 0 && (type == SOCK_DGRAM || listen(fd, 1000) == 0));
    must(renameat(t->fd, "s", t->fd, to) == 0);
    return fd;
}

static void put_link(struct tree *t, const char *to, const char *name)
{
    must(symlinkat(fill(to, "", t->suffix), t->fd, fill(name, "", t->suffix)) == 0);
}

static void put_directory(struct tree *t, const char *name)
{
    must(mkdirat(t->fd, fill(name, "", t->suffix), 0755) == 0);
}

static struct tree make_tree(const char *prefix, const char *suffix)
{
    struct tree t = {.prefix = strdup(prefix), .suffix = suffix};

    make_parents(home, prefix);
    t.fd = directory(home, prefix);
    t.stream = put_socket(&t, SOCK_STREAM, "sock%");
    t.gram = put_socket(&t, SOCK_DGRAM, "gram%");
    t.packet = put_socket(&t, SOCK_SEQPACKET, "packet%");
    close(put_socket(&t, SOCK_STREAM, "dead%"));
    put_socket(&t, SOCK_STREAM, "closed%");
    must(fchmodat(t.fd, fill("closed%", "", suffix), 0, 0) == 0);
    close(openat(t.fd, fill("file%", "", suffix), O_CREAT | O_WRONLY, 0644));
    must(mkfifoat(t.fd, fill("fifo%", "", suffix), 0644) == 0);
    put_directory(&t, "dir%"), put_directory(&t, "shut%"), put_directory(&t, "readonly%");
    put_directory(&t, "shut%/in"), put_directory(&t, "readonly%/in");
    must(fchmodat(t.fd, fill("shut%", "", suffix), 0, 0) == 0 && fchmodat(t.fd, fill("readonly%", "", suffix), 0555, 0) == 0);
    put_link(&t, "sock%", "tosock%"), put_link(&t, "gram%", "togram%"), put_link(&t, "nothing%", "dangling%");
    put_link(&t, "dir%", "todir%"), put_link(&t, "loop%", "loop%"), put_link(&t, "tosock%", "twice%");
    return t;
}

static const char *const patterns[] = {
    "new%", "./new%", "dir%/new%", "dir%/../new%", "todir%/new%", "todir%/../new%", ".//dir%///new%", "new%/", "new%/.", "new%//",
    "sock%", "gram%", "packet%", "dead%", "closed%", "file%", "fifo%", "dir%", "tosock%", "togram%", "twice%", "dangling%",
    "todir%", "loop%", "shut%", "shut%/in", "shut%/new%", "readonly%/new%", "readonly%/in/new%", "missing%/new%", "file%/new%",
    "fifo%/new%", "sock%/new%", "tosock%/new%", "dangling%/new%", "loop%/new%", "dir%/../sock%", "dir%/../gram%",
    "sock%/", "sock%/.", "sock%/..", "tosock%/", "dangling%/", "file%/", "dir%/", "dir%/.", "dir%/..", "todir%/", "loop%/", "dir%/missing%/../new%",
    ".", "..", "./", "", "/", "//", "/nonexistent/new%", "/dev/null", "/dev/null/new%", "../", "dir%/./..",
};

/* --- What is called --- */

struct call {
    const char *name;
    int type;
    int (*plain)(int fd, const char *path);
    int (*ours)(int dirfd, int fd, const char *path);
};

static struct sockaddr_un un;

static int address(const char *path)
{
    must(strlen(path) < sizeof un.sun_path);
    memset(&un, 0, sizeof un);
    un.sun_family = AF_UNIX;
    strcpy(un.sun_path, path);
    return (int)(sizeof(sa_family_t) + strlen(path) + 1);
}

/* An empty path is an error for the *at() calls; to the kernel it is no path at all. */
static int plain_bind(int fd, const char *path)
{
    return *path ? bind(fd, (void *)&un, (socklen_t)address(path)) : (errno = ENOENT, -1);
}

static int plain_connect(int fd, const char *path)
{
    return *path ? connect(fd, (void *)&un, (socklen_t)address(path)) : (errno = ENOENT, -1);
}

static int plain_send(int fd, const char *path)
{
    return *path ? (int)sendto(fd, "x", 1, MSG_DONTWAIT, (void *)&un, (socklen_t)address(path)) : (errno = ENOENT, -1);
}

static int our_bind(int dirfd, int fd, const char *path)
{
    return sunat_bind(dirfd, fd, path, 0);
}

static int our_connect(int dirfd, int fd, const char *path)
{
    return sunat_connect(dirfd, fd, path, 0);
}

static int our_send(int dirfd, int fd, const char *path)
{
    return (int)send_byte(dirfd, fd, path, MSG_DONTWAIT, 0);
}

static const struct call calls[] = {
    {"bind stream", SOCK_STREAM, plain_bind, our_bind},
    {"bind dgram", SOCK_DGRAM, plain_bind, our_bind},
    {"connect stream", SOCK_STREAM, plain_connect, our_connect},
    {"connect dgram", SOCK_DGRAM, plain_connect, our_connect},
    {"connect seqpacket", SOCK_SEQPACKET, plain_connect, our_connect},
    {"send dgram", SOCK_DGRAM, plain_send, our_send},
};

static const char *word(int result)
{
    return result < 0 ? strerrorname_np(-result) : "succeeds";
}

/* The next to come must find queues as empty as this one. */
static void drain(struct tree *t)
{
    char byte;

    for (int fd; (fd = accept4(t->stream, NULL, NULL, SOCK_NONBLOCK)) >= 0 || (fd = accept4(t->packet, NULL, NULL, SOCK_NONBLOCK)) >= 0;)
        close(fd);
    while (recv(t->gram, &byte, 1, MSG_DONTWAIT) > 0)
        ;
}

static int same_inode(int dirfd, const char *path, int other, const char *path2)
{
    struct stat a, b;

    return fstatat(dirfd, path, &a, AT_SYMLINK_NOFOLLOW) == 0 && fstatat(other, path2, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
           a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static int one_plain(struct tree *t, const struct call *c, const char *pattern)
{
    const char *path = fill(pattern, "", "");
    int fd = socket(AF_UNIX, c->type | SOCK_NONBLOCK, 0);

    must(fchdir(t->fd) == 0);
    int result = c->plain(fd, path) < 0 ? -errno : 0;
    if (!result && c->plain == plain_bind)
        must(unlink(path) == 0);
    close(fd);
    drain(t);
    return result;
}

/* `path` from dirfd is what "pattern" is in the tree. */
static void one_of_ours(struct tree *t, const struct call *c, const char *pattern, int dirfd, const char *path, int want, const char *way)
{
    int fd = socket(AF_UNIX, c->type | SOCK_NONBLOCK, 0), before = descriptors(), there = entries(t->fd, ".");

    errno = 4711;
    int result = c->ours(dirfd, fd, path) < 0 ? -errno : 0;
    bool kept = result || errno == 4711, landed = true;
    if (!result && c->ours == our_bind) {
        const char *back = fill(pattern, "", t->suffix);
        landed = same_inode(dirfd, path, t->fd, back) && is_socket(dirfd, path) && unlinkat(t->fd, back, 0) == 0;
    }
    compared++;
    if (result != want || !kept || !landed || descriptors() != before || entries(t->fd, ".") != there) {
        printf("%s of \"%s\" %s: %s, expected %s%s%s%s%s\n", c->name, pattern, way, word(result), word(want),
               kept ? "" : ", errno changed", landed ? "" : ", not there", descriptors() != before ? ", descriptors left" : "",
               entries(t->fd, ".") != there ? ", files left" : "");
        wrong++;
    }
    close(fd);
    drain(t);
}

/* A tree, from each place that a path can start at. */
static void from_everywhere(struct tree *plain, struct tree *t, const struct call *c, const char *pattern, const char *root)
{
    int want = one_plain(plain, c, pattern), readable = openat(t->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *path = fill(pattern, "", t->suffix);

    must(fchdir(t->fd) == 0);
    one_of_ours(t, c, pattern, AT_FDCWD, path, want, "in the working directory");
    must(fchdir(home) == 0);
    one_of_ours(t, c, pattern, t->fd, path, want, "from an O_PATH descriptor");
    one_of_ours(t, c, pattern, readable, path, want, "from an O_RDONLY descriptor");
    close(readable);
    if (!*pattern || *pattern == '/')
        return;
    one_of_ours(t, c, pattern, AT_FDCWD, fill(pattern, t->prefix, t->suffix), want, "below the working directory");
    must(chdir("/") == 0);
    one_of_ours(t, c, pattern, home, fill(pattern, t->prefix, t->suffix), want, "below a descriptor");
    char above[PATH * 2];
    snprintf(above, sizeof above, "%s/%s", root, t->prefix);
    if (strlen(above) + strlen(path) < PATH)
        one_of_ours(t, c, pattern, -1, fill(pattern, above, t->suffix), want, "by an absolute path");
}

static void unlock(const struct tree *t)
{
    must(fchmodat(t->fd, fill("shut%", "", t->suffix), 0755, 0) == 0 && fchmodat(t->fd, fill("readonly%", "", t->suffix), 0755, 0) == 0);
}

int main(int argc, char **argv)
{
    char suffix[201] = "";

    if (argc != 2)
        return 2;
    umask(022);
    memset(suffix, 'x', sizeof suffix - 1);
    home = directory(AT_FDCWD, argv[1]);
    struct tree trees[] = {make_tree("short/", ""), make_tree("long/", suffix), make_tree(fill("/", deep_name(300, 40), ""), ""),
                           make_tree(fill("/", deep_name(3200, 250), ""), suffix)};
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
        for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
            for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++)
                from_everywhere(&trees[0], &trees[i], &calls[c], patterns[p], argv[1]);
    for (size_t i = 0; i < sizeof trees / sizeof *trees; i++)
        unlock(&trees[i]);
    clear(argv[1]);
    if (!wrong)
        printf("as it should be, %d times\n", compared);
    return wrong > 0;
}
