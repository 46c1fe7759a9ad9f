/* sunat [OPTION...] serve DIR PATH     binds, listens, says "ready", answers each line of N connections with "got LINE"
 * sunat [OPTION...] connect DIR PATH   sends a line and prints the answer
 * sunat [OPTION...] bind DIR PATH      binds, and prints the socket's name as getsockname(2) has it
 * sunat [OPTION...] send DIR PATH      sends a datagram
 * sunat [OPTION...] anon DIR           binds to no name below DIR ("": anywhere), and connects to that
 * sunat [OPTION...] link DIR PATH      the same, with the name PATH below DIR given to it afterwards
 * sunat [OPTION...] bindat|connectat DIR PATH
 *
 * What fails is printed as "CALL: ERRNO", and the exit status is 1. DIR is "-" for the working directory, a number
 * for a descriptor as it is, else a directory that is opened. Options: path (DIR with O_PATH), nofollow, empty,
 * dgram, seqpacket, times=N, umask=OCTAL, cd=DIR, chroot=DIR, full (no free descriptor). */
#include <stddef.h>
#include <sys/resource.h>

#include "tests/progs/sunat_try.h"

static struct {
    int type, flags, open_flags, times, dir;
    bool full;
    const char *path;
} o = {.type = SOCK_STREAM, .times = 1};

static void fill_table(void)
{
    int next = dup(0);
    struct rlimit limit = {(rlim_t)next, (rlim_t)next};

    close(next);
    must(next > 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static const char *value(const char *option, const char *name)
{
    size_t len = strlen(name);

    return strncmp(option, name, len) == 0 && option[len] == '=' ? option + len + 1 : NULL;
}

static bool option(const char *a)
{
    const char *v;

    if (strcmp(a, "path") == 0)
        o.open_flags = O_PATH;
    else if (strcmp(a, "nofollow") == 0)
        o.flags |= AT_SYMLINK_NOFOLLOW;
    else if (strcmp(a, "empty") == 0)
        o.flags |= AT_EMPTY_PATH;
    else if (strcmp(a, "dgram") == 0)
        o.type = SOCK_DGRAM;
    else if (strcmp(a, "seqpacket") == 0)
        o.type = SOCK_SEQPACKET;
    else if (strcmp(a, "full") == 0)
        o.full = true;
    else if ((v = value(a, "times")))
        o.times = atoi(v);
    else if ((v = value(a, "umask")))
        umask((mode_t)strtoul(v, NULL, 8));
    else if ((v = value(a, "cd")))
        must(chdir(v) == 0);
    else if ((v = value(a, "chroot")))
        must(chroot(v) == 0 && chdir("/") == 0);
    else
        return false;
    return true;
}

static int open_directory(const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);

    if (strcmp(name, "-") == 0)
        return AT_FDCWD;
    if (*name && !*end)
        return (int)number;
    int fd = open(name, o.open_flags | O_CLOEXEC);
    must(fd >= 0);
    return fd;
}

/* Ends with what the call gave, if it failed. */
static int good(const char *call, int ret)
{
    if (ret >= 0)
        return ret;
    printf("%s: %s\n", call, strerrorname_np(errno));
    exit(1);
}

static socklen_t address(struct sockaddr_un *un)
{
    un->sun_family = AF_UNIX;
    must(strlen(o.path) < sizeof un->sun_path);
    strcpy(un->sun_path, o.path);
    return sizeof *un;
}

static void answer(int fd)
{
    char line[256];
    ssize_t n = recv(fd, line, sizeof line, 0);

    must(n >= 0);
    must(dprintf(fd, "got %.*s", (int)n, line) > 0);
    close(fd);
}

static int serve(int fd)
{
    good("sunat_bind", sunat_bind(o.dir, fd, o.path, 0));
    must(listen(fd, 64) == 0);
    puts("ready");
    fflush(stdout);
    for (int i = 0; i < o.times; i++)
        answer(accept(fd, NULL, NULL));
    return 0;
}

static int talk(int fd)
{
    char line[256];

    must(send(fd, "hello\n", 6, MSG_NOSIGNAL) == 6);
    ssize_t n = recv(fd, line, sizeof line, 0);
    must(n >= 0);
    printf("%.*s", (int)n, line);
    return 0;
}

static int show_name(int fd)
{
    struct sockaddr_un un;
    socklen_t len = sizeof un;

    must(getsockname(fd, (void *)&un, &len) == 0);
    printf("%.*s\n", (int)(len - offsetof(struct sockaddr_un, sun_path)), un.sun_path);
    return 0;
}

static int anonymous(int fd, bool named)
{
    int flags = named ? SUNAT_LINKABLE : 0;
    int pin = o.dir == -1 ? sunat_bind_anon(fd, flags) : sunat_bind_anonat(o.dir, fd, flags);

    good("sunat_bind_anon", pin);
    must(o.type == SOCK_DGRAM || listen(fd, 8) == 0);
    if (named)
        good("sunat_link", sunat_link(pin, o.dir, o.path));
    int client = new_socket(o.type);
    good("sunat_connect", sunat_connect(pin, client, "", AT_EMPTY_PATH));
    puts(arrives(client, fd) ? "reached" : "not reached");
    return show_name(fd);
}

static int command(const char *name, int fd)
{
    struct sockaddr_un un = {0};

    if (strcmp(name, "serve") == 0)
        return serve(fd);
    if (strcmp(name, "anon") == 0 || strcmp(name, "link") == 0)
        return anonymous(fd, *name == 'l');
    if (strcmp(name, "bind") == 0)
        return good("sunat_bind", sunat_bind(o.dir, fd, o.path, 0)), show_name(fd);
    if (strcmp(name, "bindat") == 0)
        return good("bindat", bindat(o.dir, fd, (void *)&un, address(&un))), show_name(fd);
    if (strcmp(name, "connect") == 0)
        return good("sunat_connect", sunat_connect(o.dir, fd, o.path, o.flags)), talk(fd);
    if (strcmp(name, "connectat") == 0)
        return good("connectat", connectat(o.dir, fd, (void *)&un, address(&un))), talk(fd);
    if (strcmp(name, "send") == 0)
        return good("sunat_sendmsg", (int)send_byte(o.dir, fd, o.path, 0, o.flags)), 0;
    return 2;
}

int main(int argc, char **argv)
{
    int at = 1;

    while (at < argc && option(argv[at]))
        at++;
    if (argc - at < 2)
        return 2;
    o.dir = *argv[at + 1] ? open_directory(argv[at + 1]) : -1;
    o.path = argc - at > 2 ? argv[at + 2] : "";
    int fd = new_socket(o.type);
    if (o.full)
        fill_table();
    return command(argv[at], fd);
}
