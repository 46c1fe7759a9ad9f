#include "pin.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "domain/anon.h"
#include "who.h"

#ifndef SIOCUNIXFILE
#define SIOCUNIXFILE 0x89E0
#endif

enum { HIGH = 64 };

/* Under the library names may be longer than a sockaddr_un. */
struct bound {
    union {
        struct sockaddr head;
        char bytes[offsetof(struct sockaddr_un, sun_path) + PATH_MAX + 1];
    };
    socklen_t len;
};

static const char *path_of(const struct bound *b)
{
    return b->bytes + offsetof(struct sockaddr_un, sun_path);
}

int pin_up(int pin)
{
    int high = fcntl(pin, F_DUPFD_CLOEXEC, HIGH);

    if (high < 0)
        return pin;
    close(pin);
    return high;
}

static bool is_connected(int fd)
{
    struct bound peer = {.len = sizeof peer.bytes};

    return !getpeername(fd, &peer.head, &peer.len);
}

/* Sockets that no file leads to. 0: there may be one. */
static int refuse(const char *what, int fd)
{
    int family = 0;
    socklen_t len = sizeof family;

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len))
        return fail("%s: cannot look at the socket: %s", what, strerror(errno));
    if (family != AF_UNIX)
        return fail("%s: it is no unix socket; wanted is one that is bound to a path, or its file opened with O_PATH",
                    what);
    if (is_connected(fd))
        return fail("%s: the socket is connected; wanted is one that others can connect or send to", what);
    return 0;
}

/* Gets the name. 0, or 125 where no file has to do with it. */
static int name_of(const char *what, int fd, struct bound *b)
{
    enum { NONE = offsetof(struct sockaddr_un, sun_path) };
    const char *path = path_of(b);

    *b = (struct bound){.len = sizeof b->bytes - 1};
    if (getsockname(fd, &b->head, &b->len))
        return fail("%s: cannot tell the socket's name: %s", what, strerror(errno));
    if (b->len <= NONE)
        return fail("%s: the socket is bound to no name; bind it to a path, or use --anon", what);
    const struct name abstract = {NAME_ABSTRACT, path + 1, b->len - NONE - 1};
    if (!*path)
        return fail("%s: the socket has the abstract name %s and no file; bind it to a path, or use --anon", what,
                    shown_name(&abstract));
    return 0;
}

static bool same_file(const struct sock *s, int pin, const char *path)
{
    const char *slash = strrchr(path, '/');
    struct stat file, dir;

    if (fstat(pin, &file))
        return false;
    bool known = !stat(slash ? format_new("%.*s", (int)(slash - path) + 1, path) : ".", &dir);
    const struct file_id id = file_id_of(&file, known ? &dir : NULL);
    return file_is_of(&id, s);
}

static void describe(struct world *w, uint32_t ino)
{
    int netlink = diag_open();

    *w = (struct world){.spaces = allocate(sizeof *w->spaces), .space_count = 1};
    w->spaces[0].netlink = netlink;
    w->unix_error = diag_unix(w, 0, ino);
    if (netlink >= 0)
        close(netlink);
}

/* Why the kernel does not tell which file the socket has; NULL: it does. */
static const char *untold(const struct world *w)
{
    if (w->unix_error == -ENOENT)
        return "it belongs to another network namespace";
    if (w->unix_error)
        return strerror(-w->unix_error);
    return w->count && w->all[0]->has_file ? NULL : "the kernel does not say";
}

bool pin_is_socket(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && S_ISSOCK(st.st_mode);
}

/* Whether the path leads to this very socket, and not to one that took the name after it. */
static int verify(const char *what, const struct stat *st, int pin, const char *path)
{
    struct world w;
    const char *why;

    describe(&w, (uint32_t)st->st_ino);
    if ((why = untold(&w)) && pin_is_socket(pin)) {
        say("warning: %s: cannot tell whether %s is still this socket's file: %s", what, shown_text(path), why);
        return 0;
    }
    if (!why && same_file(w.all[0], pin, path))
        return 0;
    if (*path != '/')
        return fail("%s: the socket's name %s is relative, and in this directory not its file: start sunshim where the "
                    "socket was bound",
                    what, shown_text(path));
    return fail("%s: %s is not this socket's file any more", what, shown_text(path));
}

static int by_name(const char *what, const struct stat *st, const char *path)
{
    int pin = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);

    if (pin < 0) {
        say("%s: cannot open the socket's file %s%s: %s", what, shown_text(path),
            *path == '/' ? "" : " (a relative name) in this directory", strerror(errno));
        return -1;
    }
    if (!verify(what, st, pin, path))
        return pin;
    close(pin);
    return -1;
}

int pin_socket(const char *what, int fd, const struct stat *st)
{
    struct bound b;

    if (refuse(what, fd))
        return -1;
    int pin = ioctl(fd, SIOCUNIXFILE); /* for whoever may, also where the name is gone */
    if (pin >= 0)
        return pin;
    if (name_of(what, fd, &b))
        return -1;
    if (anon_is(path_of(&b), strlen(path_of(&b)))) {
        say("%s: the socket is anonymous; pass the descriptor that sunat_bind_anon() gave for it", what);
        return -1;
    }
    return by_name(what, st, path_of(&b));
}
