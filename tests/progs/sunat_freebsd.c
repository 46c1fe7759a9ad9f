/* sunat_freebsd DIR [READONLY]: bindat and connectat against the errors that FreeBSD's manual documents for them (bindat(2),
 * connectat(2), and bind(2) and connect(2) that those refer to). Works in DIR, which is empty, as an ordinary user or as
 * root. READONLY is on a file system that is mounted so. Prints the table: call, what is wrong, what is documented, what was found; then how many are as
 * documented. */
#include "tests/progs/sunat_try.h"

#include <limits.h>
#include <netinet/in.h>
#include <stdint.h>

static int dir, file, closed, listener, bound, rows, otherwise;

struct address {
    sa_family_t family;
    char path[5000];
};

typedef int call_at(int fd, int s, const struct sockaddr *addr, socklen_t len);

static int with(call_at *call, int fd, int s, const char *path)
{
    static struct address a;

    a.family = AF_UNIX;
    strcpy(a.path, path);
    return call(fd, s, (void *)&a, (socklen_t)(sizeof a.family + strlen(path) + 1));
}

static int fresh(void)
{
    return new_socket(SOCK_STREAM | SOCK_NONBLOCK);
}

static const char *word(int err)
{
    return err ? strerrorname_np(err) : "works";
}

/* Up to two errors may be documented for it. */
static void row(const char *call, const char *what, int documented, int ret)
{
    int found = ret < 0 ? errno : 0;

    printf("%-10s %-58s %-14s %s%s\n", call, what, word(documented), word(found), found == documented ? "" : "  <- otherwise");
    rows++;
    otherwise += found != documented;
}

/* In both manual pages. */
static void of_both(const char *name, call_at *call)
{
    struct address inet = {.family = AF_INET};
    char *last = deep_name(256, 1000), *path = deep_name(PATH_MAX, 100);
    bool is_root = geteuid() == 0;

    row(name, "fd is no descriptor", EBADF, with(call, closed, fresh(), "s"));
    row(name, "fd is no descriptor, the path absolute, a file in it", ENOTDIR, with(call, closed, fresh(), "/dev/null/s"));
    row(name, "fd is negative", EBADF, with(call, -1, fresh(), "s"));
    row(name, "fd is a file", ENOTDIR, with(call, file, fresh(), "s"));
    row(name, "fd is a socket", ENOTDIR, with(call, listener, fresh(), "s"));
    row(name, "s is no descriptor", EBADF, with(call, dir, closed, "s"));
    row(name, "s is a file", ENOTSOCK, with(call, dir, file, "s"));
    row(name, "s is of another family", EOPNOTSUPP, with(call, dir, socket(AF_INET, SOCK_STREAM, 0), "s"));
    row(name, "s is of another family (IPv6, datagrams)", EOPNOTSUPP, with(call, dir, socket(AF_INET6, SOCK_DGRAM, 0), "s"));
    row(name, "the address is of another family", EAFNOSUPPORT, call(dir, fresh(), (void *)&inet, sizeof(struct sockaddr_in)));
    row(name, "the address is null", EFAULT, call(dir, fresh(), NULL, 20));
    row(name, "the address is not memory of the caller's", EFAULT, call(dir, fresh(), (void *)(uintptr_t)16, 20));
    row(name, "addrlen has no room for a family", EINVAL, call(dir, fresh(), (void *)&inet, 1));
    row(name, "a component of the path is a file", ENOTDIR, with(call, dir, fresh(), "file/s"));
    row(name, "a component exceeds 255 bytes", ENAMETOOLONG, with(call, dir, fresh(), last));
    row(name, "the path exceeds PATH_MAX", ENAMETOOLONG, with(call, dir, fresh(), path));
    row(name, "a component of the path does not exist", ENOENT, with(call, dir, fresh(), "missing/s"));
    row(name, "too many symbolic links", ELOOP, with(call, dir, fresh(), "loop/s"));
    row(name, "no search permission for a component", is_root ? (call == bindat ? 0 : ECONNREFUSED) : EACCES, with(call, dir, fresh(), "shut/s"));
}

static void of_bindat(void)
{
    row("bindat", "the path exists", EADDRINUSE, with(bindat, dir, fresh(), "listener"));
    row("bindat", "the path exists as a file", EADDRINUSE, with(bindat, dir, fresh(), "file"));
    row("bindat", "the path exists as a symbolic link to nothing", EADDRINUSE, with(bindat, dir, fresh(), "dangling"));
    row("bindat", "the socket is bound", EINVAL, with(bindat, dir, bound, "s"));
    row("bindat", "an empty path", EISDIR, with(bindat, dir, fresh(), ""));
    row("bindat", "no write permission for the directory", geteuid() ? EACCES : 0, with(bindat, dir, fresh(), "readonly/s"));
    row("bindat", "nothing", 0, with(bindat, dir, fresh(), "s"));
    row("bindat", "nothing; AT_FDCWD", 0, with(bindat, AT_FDCWD, fresh(), "t"));
    row("bindat", "nothing; a path longer than sockaddr_un", 0, with(bindat, dir, fresh(), deep_name(200, 255)));
}

static void of_connectat(void)
{
    int connected = fresh(), gram = new_socket(SOCK_DGRAM);

    row("connectat", "nothing", 0, with(connectat, dir, connected, "listener"));
    row("connectat", "the socket is connected", EISCONN, with(connectat, dir, connected, "listener"));
    row("connectat", "the path does not exist", ENOENT, with(connectat, dir, fresh(), "missing"));
    row("connectat", "nobody listens", ECONNREFUSED, with(connectat, dir, fresh(), "bound"));
    row("connectat", "the socket of the path is closed", ECONNREFUSED, with(connectat, dir, fresh(), "dead"));
    row("connectat", "the types differ", EPROTOTYPE, with(connectat, dir, gram, "listener"));
    row("connectat", "no write permission for the socket", geteuid() ? EACCES : 0, with(connectat, dir, fresh(), "closed"));
    row("connectat", "nothing; a symbolic link", 0, with(connectat, dir, fresh(), "link"));
    row("connectat", "nothing; AT_FDCWD", 0, with(connectat, AT_FDCWD, fresh(), "listener"));
    row("connectat", "nothing; a path longer than sockaddr_un", 0, with(connectat, dir, fresh(), deep_name(100, 255)));
    row("connectat", "a datagram socket; nothing", 0, with(connectat, dir, gram, "gram"));
}

int main(int argc, char **argv)
{
    if (argc < 2 || chdir(argv[1]))
        return 2;
    dir = directory(AT_FDCWD, ".");
    file = open("file", O_CREAT | O_RDWR, 0644);
    closed = fcntl(file, F_DUPFD, 200);
    close(closed);
    listener = serving(SOCK_STREAM, dir, "listener");
    bound = fresh();
    must(sunat_bind(dir, bound, "bound", 0) == 0 && link("listener", "closed-too") == 0 && link("listener", deep_name(100, 255)) == 0);
    close(serving(SOCK_STREAM, dir, "dead"));
    serving(SOCK_DGRAM, dir, "gram");
    serving(SOCK_STREAM, dir, "closed");
    must(chmod("closed", 0) == 0 && mkdir("shut", 0) == 0 && mkdir("readonly", 0555) == 0 && symlink("loop", "loop") == 0);
    must(symlink("nothing", "dangling") == 0 && symlink("listener", "link") == 0);
    of_both("bindat", bindat);
    of_both("connectat", connectat);
    of_bindat();
    of_connectat();
    if (argc > 2)
        row("bindat", "a file system that is mounted read-only", EROFS, with(bindat, directory(AT_FDCWD, argv[2]), fresh(), "s"));
    must(chmod("shut", 0700) == 0 && chmod("readonly", 0700) == 0);
    clear(".");
    printf("%d of %d as documented\n", rows - otherwise, rows);
    return otherwise > 0;
}
