/* sunat_args WHAT DIR: what libsunat's calls take besides paths. DIR is empty and is so afterwards. Prints "as it
 * should be". WHAT:
 *     arguments  flags, null pointers, empty paths
 *     sockets    of other families, bound ones, no sockets
 *     modes      umask, fchmod before bind, directories that pass their group on
 *     sendmsg    what sendmsg does besides
 *     pins       AT_EMPTY_PATH */
#include "tests/progs/sunat_try.h"

static const char *top; /* DIR, absolute */
static int dir;         /* an O_PATH descriptor of it; it is the working directory as well */

/* --- Arguments --- */

static void arguments(void)
{
    static const int no_flags[] = {1, 2, AT_SYMLINK_FOLLOW, AT_REMOVEDIR, 0x40000000, -1};
    int fd = new_socket(SOCK_STREAM), gram = new_socket(SOCK_DGRAM), before = descriptors();

    for (size_t i = 0; i < sizeof no_flags / sizeof *no_flags; i++) {
        must_fail(EINVAL, sunat_bind(dir, fd, "s", no_flags[i]));
        must_fail(EINVAL, sunat_connect(dir, fd, "s", no_flags[i]));
        must_fail(EINVAL, send_byte(dir, gram, "s", 0, no_flags[i]));
        if (no_flags[i] != SUNAT_LINKABLE) {
            must_fail(EINVAL, sunat_bind_anon(fd, no_flags[i]));
            must_fail(EINVAL, sunat_bind_anonat(dir, fd, no_flags[i]));
        }
    }
    must_fail(EINVAL, sunat_bind(dir, fd, "s", AT_SYMLINK_NOFOLLOW));
    must_fail(EINVAL, sunat_bind(dir, fd, "", AT_EMPTY_PATH));
    must_fail(EFAULT, sunat_bind(dir, fd, NULL, 0));
    must_fail(EFAULT, sunat_bind(AT_FDCWD, fd, NULL, 0));
    must_fail(EFAULT, sunat_connect(dir, fd, NULL, 0));
    must_fail(EFAULT, sunat_connect(AT_FDCWD, fd, NULL, 0));
    must_fail(EFAULT, send_byte(dir, gram, NULL, 0, 0));
    must_fail(EFAULT, sunat_sendmsg(dir, gram, "s", NULL, 0, 0));
    must_fail(ENOENT, sunat_bind(dir, fd, "", 0));
    must_fail(ENOENT, sunat_bind(AT_FDCWD, fd, "", 0));
    must_fail(ENOENT, sunat_connect(dir, fd, "", 0));
    must_fail(ENOENT, sunat_connect(AT_FDCWD, fd, "", AT_SYMLINK_NOFOLLOW));
    must_fail(ENOENT, send_byte(AT_FDCWD, gram, "", 0, 0));
    must(entries(dir, ".") == 0 && descriptors() == before);
}

/* --- Sockets --- */

/* Other families look at the length or at the family first; a rule asks for names first, and those have none. */
static void must_refuse(int err, int ret)
{
    must(ret == -1 && (errno == err || (err == EAFNOSUPPORT && errno == EINVAL) || (err == ECONNREFUSED && errno == EACCES)));
}

static void no_use(int fd, int err, bool for_connect)
{
    static const size_t some[] = {1, 90, 108, 200, 255, 300};

    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        char *path = deep_name(some[i], some[i] > 255 ? 100 : 255);
        make_parents(dir, path);
        int there = entries(dir, ".");
        must_refuse(err, sunat_bind(dir, fd, path, 0));
        must_refuse(err, sunat_bind(AT_FDCWD, fd, path, 0));
        if (for_connect) {
            int server = serving(SOCK_STREAM, dir, path);
            must_refuse(err, sunat_connect(dir, fd, path, 0));
            must_refuse(err, sunat_connect(AT_FDCWD, fd, path, 0));
            must(unlinkat(dir, path, 0) == 0);
            close(server);
        }
        must(entries(dir, ".") == there);
        free(path);
    }
    must_refuse(err, sunat_bind_anonat(dir, fd, 0));
    must_refuse(err, sunat_bind_anonat(dir, fd, SUNAT_LINKABLE));
    must_refuse(err, sunat_bind_anon(fd, 0));
    clear(top);
}

static void sockets(void)
{
    int file = openat(AT_FDCWD, "/dev/null", O_RDWR), closed = fcntl(file, F_DUPFD, 200), bound = new_socket(SOCK_STREAM), autobound = new_socket(SOCK_STREAM);
    const sa_family_t family = AF_UNIX;

    close(closed);
    no_use(file, ENOTSOCK, true);
    no_use(closed, EBADF, true);
    no_use(-1, EBADF, true);
    no_use(openat(dir, ".", O_PATH), EBADF, true);
    no_use(socket(AF_INET, SOCK_STREAM, 0), EAFNOSUPPORT, true);
    no_use(socket(AF_INET6, SOCK_DGRAM, 0), EAFNOSUPPORT, true);
    must(sunat_bind(dir, bound, "bound", 0) == 0 && unlinkat(dir, "bound", 0) == 0);
    must(bind(autobound, (const void *)&family, sizeof family) == 0);
    no_use(bound, EINVAL, false);
    no_use(autobound, EINVAL, false);
    must(entries(dir, ".") == 0);
}

/* --- Modes --- */

static struct stat made(int mask, int mode, const char *path)
{
    struct stat st;
    int fd = new_socket(SOCK_STREAM), before = umask((mode_t)mask);

    must(mode < 0 || fchmod(fd, (mode_t)mode) == 0);
    must_give(0, sunat_bind(dir, fd, path, 0));
    must(umask((mode_t)before) == (mode_t)mask);
    must(fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode) && unlinkat(dir, path, 0) == 0);
    must(st.st_uid == geteuid());
    close(fd);
    return st;
}

static void modes(void)
{
    static const int masks[] = {0, 022, 077, 0777, 0444};
    const char *const paths[] = {"s", deep_name(200, 255), deep_name(300, 101), deep_name(600, 201)};

    for (size_t p = 0; p < sizeof paths / sizeof *paths; p++) {
        make_parents(dir, paths[p]);
        for (size_t m = 0; m < sizeof masks / sizeof *masks; m++) {
            must((made(masks[m], -1, paths[p]).st_mode & 07777) == (mode_t)(0777 & ~masks[m]));
            must((made(masks[m], 0640, paths[p]).st_mode & 07777) == (mode_t)(0640 & ~masks[m]));
        }
        clear(top);
    }
    must(mkdirat(dir, "of-group", 0755) == 0 && (geteuid() != 0 || fchownat(dir, "of-group", 0, 4242, 0) == 0));
    must(fchmodat(dir, "of-group", 02755, 0) == 0 && chdir("of-group") == 0);
    int above = dir;
    dir = directory(AT_FDCWD, ".");
    for (size_t p = 0; p < 2; p++)
        must(made(022, -1, paths[p]).st_gid == (geteuid() ? getegid() : 4242));
    must(unlinkat(dir = above, "of-group", AT_REMOVEDIR) == 0);
}

/* --- sendmsg --- */

/* Bytes in parts, and a descriptor. */
static void passes(int dirfd, const char *path, int flags, int server)
{
    char a[] = "some", b[] = " bytes", got[64] = "";
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec parts[] = {{a, 4}, {b, 6}}, to = {got, sizeof got};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    int sender = new_socket(SOCK_DGRAM), fd;

    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &sender, sizeof sender);
    const struct msghdr before = m;
    must_give(10, sunat_sendmsg(dirfd, sender, path, &m, MSG_DONTWAIT, flags));
    must(memcmp(&before, &m, sizeof m) == 0);
    m = (struct msghdr){.msg_iov = &to, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    must(recvmsg(server, &m, MSG_DONTWAIT) == 10 && strcmp(got, "some bytes") == 0 && (c = CMSG_FIRSTHDR(&m)));
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    close(fd), close(sender);
}

static void sendmsg_to(const char *path)
{
    int server = serving(SOCK_DGRAM, dir, path), sender = new_socket(SOCK_DGRAM), before = descriptors();
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    struct msghdr m = {.msg_name = &un, .msg_namelen = sizeof un};

    passes(dir, path, 0, server);
    passes(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, server);
    int pin = openat(dir, path, O_PATH | O_CLOEXEC);
    passes(pin, "", AT_EMPTY_PATH, server);
    must_fail(EINVAL, sunat_sendmsg(dir, sender, path, &m, MSG_DONTWAIT, 0));
    ssize_t ret;
    while ((ret = send_byte(dir, sender, path, MSG_DONTWAIT, 0)) == 1)
        ;
    must(ret == -1 && errno == EAGAIN);
    must_fail(EAGAIN, send_byte(pin, sender, "", MSG_DONTWAIT, AT_EMPTY_PATH));
    close(server);
    must_fail(ECONNREFUSED, send_byte(dir, sender, path, MSG_DONTWAIT, 0));
    must_fail(ECONNREFUSED, send_byte(pin, sender, "", MSG_DONTWAIT, AT_EMPTY_PATH));
    close(pin);
    must(unlinkat(dir, path, 0) == 0 && descriptors() == before - 1);
    int stream = serving(SOCK_STREAM, dir, path);
    must_fail(EPROTOTYPE, send_byte(dir, sender, path, 0, 0));
    close(stream), close(sender);
    clear(top);
}

static void a_sendmsg(void)
{
    char *deep = deep_name(300, 101);

    sendmsg_to("s");
    sendmsg_to(deep_name(200, 255));
    make_parents(dir, deep);
    sendmsg_to(deep);
}

/* --- AT_EMPTY_PATH --- */

static void pins_of(int type, const char *path)
{
    int server = serving(type, dir, path), pin = openat(dir, path, O_PATH | O_CLOEXEC), fd = new_socket(type), before = descriptors();

    must(reaches(server, pin, "", AT_EMPTY_PATH) && reaches(server, pin, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
    must_fail(ENOENT, sunat_connect(pin, fd, "", 0));
    must_fail(ENOTDIR, sunat_connect(pin, fd, "s", AT_EMPTY_PATH));
    must(unlinkat(dir, path, 0) == 0);
    must(reaches(server, pin, "", AT_EMPTY_PATH));
    int other = serving(type, dir, path); /* has the name now, but nothing to do with the pin */
    must(reaches(server, pin, "", AT_EMPTY_PATH) && reaches(other, dir, path, 0));
    close(other);
    must_refuse(ECONNREFUSED, sunat_connect(server, fd, "", AT_EMPTY_PATH));
    close(server);
    must_fail(ECONNREFUSED, sunat_connect(pin, fd, "", AT_EMPTY_PATH));
    must(descriptors() == before - 1);
    close(pin);
    must_fail(EBADF, sunat_connect(pin, fd, "", AT_EMPTY_PATH));
    close(fd);
    must(unlinkat(dir, path, 0) == 0);
}

static void pins(void)
{
    int fd = new_socket(SOCK_STREAM), file = openat(dir, "file", O_CREAT | O_RDWR, 0644), readable = openat(dir, ".", O_RDONLY), ends[2];

    must(symlinkat("file", dir, "to") == 0 && pipe(ends) == 0);
    must_fail(ECONNREFUSED, sunat_connect(dir, fd, "", AT_EMPTY_PATH));
    must_fail(ECONNREFUSED, sunat_connect(AT_FDCWD, fd, "", AT_EMPTY_PATH));
    must_fail(ECONNREFUSED, sunat_connect(readable, fd, "", AT_EMPTY_PATH));
    must_fail(ECONNREFUSED, sunat_connect(file, fd, "", AT_EMPTY_PATH));
    must_refuse(ECONNREFUSED, sunat_connect(ends[1], fd, "", AT_EMPTY_PATH));
    must_refuse(ECONNREFUSED, sunat_connect(fd, fd, "", AT_EMPTY_PATH));
    must_fail(EBADF, sunat_connect(-1, fd, "", AT_EMPTY_PATH));
    must_fail(EBADF, sunat_connect(1 << 30, fd, "", AT_EMPTY_PATH));
    must(sunat_connect(openat(dir, "to", O_PATH | O_NOFOLLOW), fd, "", AT_EMPTY_PATH) == -1);
    must(unlinkat(dir, "to", 0) == 0 && unlinkat(dir, "file", 0) == 0);
    pins_of(SOCK_STREAM, "s");
    pins_of(SOCK_SEQPACKET, deep_name(200, 255));
    pins_of(SOCK_DGRAM, "s");
}

int main(int argc, char **argv)
{
    static const struct part parts[] = {{"arguments", arguments}, {"sockets", sockets}, {"modes", modes}, {"sendmsg", a_sendmsg}, {"pins", pins}};

    if (argc != 3)
        return 2;
    top = try_set_out(argv[2], &dir);
    return try_part(parts, sizeof parts / sizeof *parts, argv[1], dir);
}
