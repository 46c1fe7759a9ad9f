/* probe DIR: reads rows from stdin, one operation each, and performs it live:
 *     NUMBER OPERATION FAMILY TYPE PROTOCOL LOCAL PEER [KEY=VALUE...]
 * Everything that must exist first (bound names, connections, datagrams) is made
 * by system calls written in assembly, which no library can interpose; only the
 * operation itself goes through libc, and with peer_scope=inside what makes the
 * peer. Before each it writes "row NUMBER" to
 * stderr, so that records can be told apart, and to stdout the result:
 *     NUMBER return-value errno
 * Addresses: none auto @name /path A.B.C.D:PORT [IPV6]:PORT - */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/progs/raw.h"

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

union address {
    struct sockaddr any;
    struct sockaddr_un un;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_nl nl;
};

struct name {
    union address addr;
    socklen_t len; /* 0: none */
};

static struct {
    int number, family, type, protocol;
    struct name local, peer;
    char facts[512];
} row;
static bool seen; /* whatever is made now goes through libc */

static _Noreturn void give_up(const char *what, long err)
{
    fprintf(stderr, "probe: row %d: %s: %s\n", row.number, what, strerror((int)-err));
    exit(2);
}

static long must(const char *what, long ret)
{
    if (ret < 0)
        give_up(what, ret);
    return ret;
}

/* --- Reading a row -------------------------------------------------------- */

static int word(const char *name, const char *const names[], const int values[])
{
    for (int i = 0; names[i]; i++)
        if (!strcmp(names[i], name))
            return values[i];
    return atoi(name);
}

static int family_number(const char *name)
{
    static const char *const names[] = {"unix", "inet", "inet6", "netlink", "packet", "bluetooth", "vsock", "alg", NULL};
    static const int values[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_BLUETOOTH, AF_VSOCK, AF_ALG};
    return word(name, names, values);
}

static int type_number(const char *name)
{
    static const char *const names[] = {"stream", "dgram", "raw", "rdm", "seqpacket", NULL};
    static const int values[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET};
    return word(name, names, values);
}

static void make_parents(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
}

static struct name unix_name(char *spec)
{
    struct name n = {.addr.un.sun_family = AF_UNIX};
    bool abstract = *spec == '@';
    if (!abstract)
        make_parents(spec);
    strncpy(n.addr.un.sun_path + abstract, spec + abstract, sizeof n.addr.un.sun_path - 1);
    n.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(spec) + !abstract);
    return n;
}

static struct name inet_name(int family, char *spec)
{
    struct name n = {.addr.any.sa_family = (sa_family_t)family};
    char *port = strrchr(spec, ':');
    if (!port)
        give_up("no port", -EINVAL);
    *port = '\0';
    n.addr.in.sin_port = htons((uint16_t)atoi(port + 1));
    n.len = family == AF_INET ? sizeof n.addr.in : sizeof n.addr.in6;
    if (*spec == '[')
        spec[strlen(spec) - 1] = '\0', spec++;
    if (inet_pton(family, spec, family == AF_INET ? (void *)&n.addr.in.sin_addr : (void *)&n.addr.in6.sin6_addr) != 1)
        give_up("bad address", -EINVAL);
    return n;
}

static struct name parse_name(int family, char *spec)
{
    struct name n = {.addr.any.sa_family = (sa_family_t)family};
    if (!strcmp(spec, "none") || !strcmp(spec, "-"))
        return n;
    if (!strcmp(spec, "auto"))
        return n.len = sizeof(sa_family_t), n;
    if (family == AF_UNIX)
        return unix_name(spec);
    if (family == AF_INET || family == AF_INET6)
        return inet_name(family, spec);
    return n.len = sizeof n.addr.nl, n;
}

/* --- Making what must be there --------------------------------------------- */

static long call(long number, long a, long b, long c)
{
    long ret;
    if (!seen)
        return raw(number, a, b, c, 0, 0);
    switch (number) {
    case SYS_socket:
        ret = socket((int)a, (int)b, (int)c);
        break;
    case SYS_bind:
        ret = bind((int)a, (const struct sockaddr *)b, (socklen_t)c);
        break;
    case SYS_listen:
        ret = listen((int)a, (int)b);
        break;
    default:
        ret = connect((int)a, (const struct sockaddr *)b, (socklen_t)c);
    }
    return ret < 0 ? -errno : ret;
}

static const char *fact(const char *key)
{
    char *at = strstr(row.facts, key);
    return at ? at + strlen(key) : NULL;
}

static bool peer_is(const char *scope)
{
    const char *value = fact("peer_scope=");
    return value && !strncmp(value, scope, strlen(scope));
}

static int raw_socket(void)
{
    int fd = (int)must("socket", call(SYS_socket, row.family, row.type | SOCK_NONBLOCK, row.protocol));
    int one = 1;
    if (row.family == AF_INET || row.family == AF_INET6) {
        raw(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, (long)&one, sizeof one);
        raw(SYS_setsockopt, fd, SOL_SOCKET, SO_REUSEPORT, (long)&one, sizeof one);
        raw(SYS_setsockopt, fd, IPPROTO_IP, IP_FREEBIND, (long)&one, sizeof one);
        raw(SYS_setsockopt, fd, IPPROTO_IPV6, IPV6_FREEBIND, (long)&one, sizeof one);
    }
    return fd;
}

static void raw_bind(int fd, const struct name *n)
{
    if (n->len)
        must("bind", call(SYS_bind, fd, (long)&n->addr, n->len));
}

static int bound_to(const struct name *n)
{
    int fd = raw_socket();
    raw_bind(fd, n);
    return fd;
}

static bool has_connections(void)
{
    return row.type == SOCK_STREAM || row.type == SOCK_SEQPACKET;
}

static int listening_at(const struct name *n)
{
    int fd = bound_to(n);
    must("listen", call(SYS_listen, fd, 8, 0));
    return fd;
}

/* A peer's socket, made where the row says. */
static int peer_bound(void)
{
    seen = peer_is("inside");
    int fd = bound_to(&row.peer);
    seen = false;
    return fd;
}

static int peer_listening(void)
{
    seen = peer_is("inside");
    int fd = listening_at(&row.peer);
    seen = false;
    return fd;
}

/* TCP answers EINPROGRESS; on the loopback the connection is there soon after. */
static void raw_connect(int fd, const struct name *to)
{
    long ret = call(SYS_connect, fd, (long)&to->addr, to->len);
    for (int i = 0; (ret == -EINPROGRESS || ret == -EALREADY) && i < 1000; i++, usleep(1000))
        ret = raw(SYS_connect, fd, (long)&to->addr, to->len, 0, 0);
    if (ret != -EISCONN)
        must("connect", ret);
}

static int pair_of(const struct name *local, const struct name *peer, int *other)
{
    int two[2];
    must("socketpair", raw(SYS_socketpair, row.family, row.type | SOCK_NONBLOCK, row.protocol, (long)two, 0));
    raw_bind(two[0], local);
    raw_bind(two[1], peer);
    *other = two[1];
    return two[0];
}

/* Ours is connected to a socket of the peer's name. */
static int connected(int *other)
{
    if (!row.local.len && !row.peer.len)
        return pair_of(&row.local, &row.peer, other);
    if (row.peer.len) {
        int server = peer_listening(), fd = bound_to(&row.local);
        raw_connect(fd, &row.peer);
        *other = (int)must("accept", raw(SYS_accept, server, 0, 0, 0, 0));
        return fd;
    }
    int server = listening_at(&row.local);
    seen = peer_is("inside");
    *other = raw_socket();
    raw_connect(*other, &row.local);
    seen = false;
    return (int)must("accept", raw(SYS_accept, server, 0, 0, 0, 0));
}

/* --- The operations ---------------------------------------------------------- */

/* A process that the library has seen nothing of is a stranger to the run. */
static pid_t stranger(void)
{
    pid_t pid = (pid_t)must("fork", raw(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (pid == 0) {
        raw_connect(bound_to(&row.peer), &row.local);
        pause();
    }
    return pid;
}

static long accept_stranger(int server)
{
    pid_t pid = stranger();
    struct pollfd ready = {.fd = server, .events = POLLIN};
    poll(&ready, 1, 5000);
    long ret = accept(server, NULL, NULL);
    int err = errno;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return errno = err, ret;
}

static long do_accept(void)
{
    seen = peer_is("inside");
    int server = listening_at(&row.local);
    if (peer_is("outside"))
        return accept_stranger(server);
    raw_connect(bound_to(&row.peer), &row.local);
    seen = false;
    return accept(server, NULL, NULL);
}

static long do_connect(void)
{
    /* A foreign address cannot be listened at: it is only ever denied. */
    if (has_connections())
        peer_listening();
    else if (row.family != AF_NETLINK)
        peer_bound();
    return connect(bound_to(&row.local), &row.peer.addr.any, row.peer.len);
}

static long do_send(void)
{
    int other;
    if (has_connections())
        return send(connected(&other), "x", 1, MSG_NOSIGNAL);
    if (row.family == AF_UNIX && !row.peer.len)
        return send(pair_of(&row.local, &row.peer, &other), "x", 1, MSG_NOSIGNAL);
    if (row.family != AF_NETLINK)
        peer_bound();
    return sendto(bound_to(&row.local), "x", 1, MSG_NOSIGNAL, &row.peer.addr.any, row.peer.len);
}

static long do_receive(void)
{
    char byte;
    int other, fd;
    if (has_connections())
        fd = connected(&other);
    else if (!row.local.len)
        fd = pair_of(&row.local, &row.peer, &other);
    else {
        fd = bound_to(&row.local), other = peer_bound();
        raw_connect(other, &row.local);
    }
    must("write", raw(SYS_write, other, (long)"x", 1, 0, 0));
    for (int i = 0; row.family != AF_UNIX && i < 20; i++)
        usleep(1000);
    return recv(fd, &byte, 1, 0);
}

static long do_listen(void)
{
    return listen(bound_to(&row.local), 1);
}

static long do_getattr(void)
{
    union address a;
    socklen_t len = sizeof a;
    return getsockname(bound_to(&row.local), &a.any, &len);
}

static long do_getopt(void)
{
    int value;
    socklen_t len = sizeof value;
    return getsockopt(bound_to(&row.local), SOL_SOCKET, SO_TYPE, &value, &len);
}

static long do_setopt(void)
{
    int value = 1;
    return setsockopt(bound_to(&row.local), SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value);
}

/* A child that inherits the socket under the row's number says whether it still is
 * one. For `exempt=yes` somebody announces all up to it. */
static _Noreturn void inherit_in_child(int fd)
{
    char number[16], count[16], pid[16];
    int made = bound_to(&row.local);
    snprintf(number, sizeof number, "%d", fd);
    snprintf(count, sizeof count, "%d", fd - 2);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (fact("exempt=yes"))
        setenv("LISTEN_FDS", count, 1), setenv("LISTEN_PID", pid, 1);
    dup2(made, fd);
    if (made != fd)
        close(made);
    execl("/proc/self/exe", "probe", number, NULL);
    _exit(3);
}

static long do_inherit(void)
{
    const char *value = fact("fd=");
    int status = -1;
    if (!value)
        give_up("no fd=", -EINVAL);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        inherit_in_child(atoi(value));
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
        give_up("the child failed", -ECHILD);
    return -WEXITSTATUS(status);
}

static int still_a_socket(int fd)
{
    struct stat st;
    return fstat(fd, &st) < 0 ? 2 : !S_ISSOCK(st.st_mode);
}

static long perform(const char *operation)
{
    if (!strcmp(operation, "create"))
        return socket(row.family, row.type, row.protocol);
    if (!strcmp(operation, "bind"))
        return bind(raw_socket(), &row.local.addr.any, row.local.len);
    if (!strcmp(operation, "listen"))
        return do_listen();
    if (!strcmp(operation, "accept"))
        return do_accept();
    if (!strcmp(operation, "connect"))
        return do_connect();
    if (!strcmp(operation, "send"))
        return do_send();
    if (!strcmp(operation, "receive"))
        return do_receive();
    if (!strcmp(operation, "getattr"))
        return do_getattr();
    if (!strcmp(operation, "getopt"))
        return do_getopt();
    if (!strcmp(operation, "setopt"))
        return do_setopt();
    if (!strcmp(operation, "shutdown"))
        return shutdown(bound_to(&row.local), SHUT_RDWR);
    if (!strcmp(operation, "inherit"))
        return do_inherit();
    give_up(operation, -ENOSYS);
}

static void clean_up(const char *local, const char *peer)
{
    for (int fd = 3; fd < 64; fd++)
        raw(SYS_close, fd, 0, 0, 0, 0);
    if (*local == '/')
        unlink(local);
    if (*peer == '/')
        unlink(peer);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return still_a_socket(atoi(argv[1]));
    char line[2048], op[32], family[32], type[32], local[512], peer[512], spec[512];
    while (fgets(line, sizeof line, stdin)) {
        row.facts[0] = '\0';
        if (sscanf(line, "%d %31s %31s %31s %d %511s %511s %511[^\n]", &row.number, op, family, type, &row.protocol, local, peer,
                   row.facts) < 7)
            give_up("bad row", -EINVAL);
        row.family = family_number(family), row.type = type_number(type);
        row.local = parse_name(row.family, strcpy(spec, local));
        row.peer = parse_name(row.family, strcpy(spec, peer));
        fprintf(stderr, "row %d\n", row.number);
        errno = 0;
        long ret = perform(op);
        int err = errno;
        const char *name = !strcmp(op, "inherit") ? "CUT" : strerrorname_np(err);
        printf("%d %ld %s\n", row.number, ret < 0 ? ret : 0, ret < 0 ? name : "-");
        clean_up(local, peer);
    }
    return 0;
}
