/* sk STEP...: makes socket calls in order and prints what each returned, as
 *     step -> return-value [errno] [address]
 * Exit status: 0 if the last step succeeded, 1 if not, 2 for a bad step.
 *
 * Steps work on the newest socket unless `use N` (a descriptor) chose one.
 *     socket FAMILY TYPE [PROTOCOL]       pair TYPE           use N
 *     bind ADDR   connect ADDR   listen   accept   shutdown   close
 *     send TEXT   sendto ADDR TEXT   sendmsg ADDR TEXT   sendmmsg ADDR TEXT [ADDR TEXT]...
 *     write TEXT  read  recv  recvfrom  recvmsg
 *     getsockname getpeername  getsockopt OPT   setsockopt OPT VALUE
 *     exec PROGRAM ARG...  (the rest of the command line is passed on too)
 *     fork  (a child does the rest; its status becomes ours)
 *     vfork STEP... (a vfork child does this one step)
 *     nonblock  chdir DIR  sleep MILLISECONDS  umask OCTAL  netns (a new one)
 *     chroot DIR  closefrom N
 *     put N  (sends descriptor N over the socket by SCM_RIGHTS)
 *     take [mmsg]  (receives a descriptor, which is then the socket in use)
 * Addresses: auto  none (no address)  unspec  @abstract  @hex:6100 (bytes)
 *     /path  rel:path  inet:ADDRESS:PORT  inet6:ADDRESS%PORT  */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

struct word {
    const char *name;
    int value;
};

static const struct word families[] = {{"unix", AF_UNIX},       {"inet", AF_INET},     {"inet6", AF_INET6},
                                       {"netlink", AF_NETLINK}, {"packet", AF_PACKET}, {"alg", AF_ALG},
                                       {"vsock", AF_VSOCK},     {"unspec", AF_UNSPEC}, {"bluetooth", AF_BLUETOOTH},
                                       {"can", AF_CAN},         {"x25", AF_X25},       {0}};
static const struct word types[] = {{"stream", SOCK_STREAM}, {"dgram", SOCK_DGRAM}, {"seqpacket", SOCK_SEQPACKET},
                                    {"raw", SOCK_RAW},       {"rdm", SOCK_RDM},     {0}};
static const struct word options[] = {{"passcred", SO_PASSCRED}, {"passpidfd", SO_PASSPIDFD}, {"type", SO_TYPE},
                                      {"sndbuf", SO_SNDBUF},     {"error", SO_ERROR},         {"reuseaddr", SO_REUSEADDR},
                                      {"domain", SO_DOMAIN},     {"timeout", SO_RCVTIMEO},    {0}};

union address {
    struct sockaddr any;
    struct sockaddr_un un;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_nl nl;
    char bytes[256];
};

static int fd = -1;
static char *args[16]; /* words of the step being done */
static int status;     /* of the last step */
static char **rest;    /* the steps after this one */

static void bad(const char *why)
{
    fprintf(stderr, "sk: %s in step '%s %s'\n", why, args[0], args[1] ? args[1] : "");
    exit(2);
}

static int word(const struct word *list, const char *name)
{
    for (; name && list->name; list++)
        if (!strcmp(list->name, name))
            return list->value;
    char *end;
    long n = name ? strtol(name, &end, 0) : 0;
    if (!name || *end)
        bad("unknown or missing word");
    return (int)n;
}

static socklen_t hex_bytes(const char *hex, char *out)
{
    socklen_t n = 0;
    for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        out[n++] = (char)byte;
    return n;
}

static socklen_t path_address(union address *a, const char *path)
{
    a->un.sun_family = AF_UNIX;
    strcpy(a->bytes + offsetof(struct sockaddr_un, sun_path), path);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
}

static socklen_t abstract_address(union address *a, const char *name)
{
    a->un.sun_family = AF_UNIX;
    if (!strncmp(name, "hex:", 4))
        return (socklen_t)offsetof(struct sockaddr_un, sun_path) + 1 + hex_bytes(name + 4, a->un.sun_path + 1);
    strcpy(a->un.sun_path + 1, name);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
}

static socklen_t inet_address(union address *a, int family, char *spec, char separator)
{
    char *port = strrchr(spec, separator);
    if (!port)
        bad("no port");
    *port++ = '\0';
    memset(a, 0, sizeof *a);
    a->any.sa_family = (sa_family_t)family;
    a->in.sin_port = htons((uint16_t)atoi(port));
    void *where = family == AF_INET ? (void *)&a->in.sin_addr : (void *)&a->in6.sin6_addr;
    if (inet_pton(family, spec, where) != 1)
        bad("bad address");
    return family == AF_INET ? sizeof a->in : sizeof a->in6;
}

/* The address's length; 0 means that none is passed. */
static socklen_t address(union address *a, const char *given)
{
    static char spec[512];
    memset(a, 0, sizeof *a);
    if (!given)
        bad("no address");
    strcpy(spec, given);
    if (!strcmp(spec, "none"))
        return 0;
    if (!strcmp(spec, "unspec"))
        return sizeof(sa_family_t);
    if (!strcmp(spec, "auto"))
        return a->any.sa_family = AF_UNIX, sizeof(sa_family_t);
    if (!strcmp(spec, "netlink"))
        return a->any.sa_family = AF_NETLINK, sizeof a->nl;
    if (*spec == '@')
        return abstract_address(a, spec + 1);
    if (!strncmp(spec, "rel:", 4))
        return path_address(a, spec + 4);
    if (!strncmp(spec, "inet:", 5))
        return inet_address(a, AF_INET, spec + 5, ':');
    if (!strncmp(spec, "inet6:", 6))
        return inet_address(a, AF_INET6, spec + 6, '%');
    if (*spec == '/')
        return path_address(a, spec);
    bad("unknown address");
    return 0;
}

static void show_bytes(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        printf(p[i] > ' ' && p[i] < 127 && p[i] != '\\' ? "%c" : "\\x%02x", (unsigned char)p[i]);
}

static void show_unix(const struct sockaddr_un *un, socklen_t len)
{
    size_t n = len - offsetof(struct sockaddr_un, sun_path);
    if (len <= sizeof(sa_family_t))
        printf(" none");
    else if (un->sun_path[0])
        putchar(' '), show_bytes(un->sun_path, strnlen(un->sun_path, n));
    else
        printf(" @"), show_bytes(un->sun_path + 1, n - 1);
}

static void show_address(const union address *a, socklen_t len)
{
    char name[INET6_ADDRSTRLEN];
    if (len < sizeof(sa_family_t))
        printf(" none");
    else if (a->any.sa_family == AF_UNIX)
        show_unix(&a->un, len);
    else if (a->any.sa_family == AF_INET)
        printf(" inet:%s:%u", inet_ntop(AF_INET, &a->in.sin_addr, name, sizeof name), ntohs(a->in.sin_port));
    else if (a->any.sa_family == AF_INET6)
        printf(" inet6:%s%%%u", inet_ntop(AF_INET6, &a->in6.sin6_addr, name, sizeof name), ntohs(a->in6.sin6_port));
    else
        printf(" family:%d", a->any.sa_family);
}

/* errno as a name, whatever the C library calls it. */
static void show_result(long ret, int err)
{
    printf(" -> %ld", ret);
    if (ret < 0)
        printf(" %s", strerrorname_np(err));
    status = ret < 0;
}

static long new_socket(int made)
{
    if (made >= 0)
        fd = made;
    return made;
}

static long do_socket(void)
{
    return new_socket(socket(word(families, args[1]), word(types, args[2]), args[3] ? atoi(args[3]) : 0));
}

static long do_pair(void)
{
    int two[2];
    int ret = socketpair(AF_UNIX, word(types, args[1]), 0, two);
    return ret ? ret : (fd = two[0], 0);
}

static struct msghdr *message(union address *a, struct iovec *iov)
{
    static struct msghdr m;
    const char *what = args[2] ? args[2] : "x";
    *iov = (struct iovec){(void *)what, strlen(what)};
    m = (struct msghdr){.msg_iov = iov, .msg_iovlen = 1};
    m.msg_namelen = address(a, args[1]);
    m.msg_name = m.msg_namelen ? a : NULL;
    return &m;
}

static long do_sendto(void)
{
    union address a;
    socklen_t len = address(&a, args[1]);
    const char *what = args[2] ? args[2] : "x";
    return sendto(fd, what, strlen(what), MSG_NOSIGNAL, len ? &a.any : NULL, len);
}

static long do_sendmsg(void)
{
    union address a;
    struct iovec iov;
    return sendmsg(fd, message(&a, &iov), MSG_NOSIGNAL);
}

static long do_sendmmsg(void)
{
    static union address a[8];
    struct iovec iov[8];
    struct mmsghdr m[8];
    unsigned n = 0;
    for (; args[2 * n + 1] && n < 7; n++) {
        const char *what = args[2 * n + 2] ? args[2 * n + 2] : "x";
        iov[n] = (struct iovec){(void *)what, strlen(what)};
        m[n] = (struct mmsghdr){.msg_hdr = {.msg_iov = &iov[n], .msg_iovlen = 1}};
        m[n].msg_hdr.msg_namelen = address(&a[n], args[2 * n + 1]);
        m[n].msg_hdr.msg_name = m[n].msg_hdr.msg_namelen ? &a[n] : NULL;
    }
    return sendmmsg(fd, m, n, MSG_NOSIGNAL);
}

static long do_recv(char kind)
{
    static char buf[4096];
    struct iovec iov = {buf, sizeof buf - 1};
    union address a;
    socklen_t len = sizeof a;
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_name = &a, .msg_namelen = sizeof a};
    memset(buf, 0, sizeof buf);
    long n = kind == 'f'   ? recvfrom(fd, buf, sizeof buf - 1, 0, &a.any, &len)
             : kind == 'm' ? recvmsg(fd, &m, 0)
             : kind == 'r' ? read(fd, buf, sizeof buf - 1)
                           : recv(fd, buf, sizeof buf - 1, 0);
    int err = errno;
    if (n >= 0) {
        printf(" '%s'", buf);
        if (kind == 'f' || kind == 'm')
            show_address(&a, kind == 'f' ? len : m.msg_namelen);
    }
    errno = err;
    return n;
}

static long do_name(int (*call)(int, struct sockaddr *, socklen_t *))
{
    union address a;
    socklen_t len = sizeof a;
    memset(&a, 0, sizeof a);
    int ret = call(fd, &a.any, &len), err = errno;
    if (ret >= 0)
        show_address(&a, len);
    errno = err;
    return ret;
}

union rights {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

static struct msghdr *rights(union rights *room)
{
    static char byte = 'x';
    static struct iovec iov = {&byte, 1};
    static struct msghdr m;
    memset(room, 0, sizeof *room);
    m = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof *room};
    return &m;
}

static long do_put(void)
{
    union rights room;
    struct msghdr *m = rights(&room);
    int passed = word((struct word[]){{0}}, args[1]);
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    *c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof passed)};
    memcpy(CMSG_DATA(c), &passed, sizeof passed);
    return sendmsg(fd, m, MSG_NOSIGNAL);
}

static long do_take(void)
{
    union rights room;
    struct msghdr *m = rights(&room);
    struct mmsghdr mm = {.msg_hdr = *m};
    long n = args[1] ? recvmmsg(fd, &mm, 1, 0, NULL) : recvmsg(fd, m, 0);
    if (args[1])
        *m = mm.msg_hdr;
    struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(m);
    if (c)
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return c ? fd : n < 0 ? n : (errno = ENOMSG, -1);
}

static int accept_plain(int s, struct sockaddr *a, socklen_t *len)
{
    int made = accept(s, a, len);
    return (int)new_socket(made);
}

static long do_option(bool set)
{
    int value = args[2] ? atoi(args[2]) : 0, name = word(options, args[1]);
    socklen_t len = sizeof value;
    if (set && name == SO_RCVTIMEO)
        return setsockopt(fd, SOL_SOCKET, name, &(struct timeval){.tv_usec = value * 1000}, sizeof(struct timeval));
    if (set)
        return setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
    return getsockopt(fd, SOL_SOCKET, name, &value, &len);
}

static long do_exec(void)
{
    fflush(stdout);
    if (fcntl(fd, F_SETFD, 0) && fd >= 0)
        bad("no such socket");
    char *argv[64];
    int n = 0;
    for (char **w = args + 1; *w; w++)
        argv[n++] = *w;
    for (char **w = rest; *w && n < 63; w++)
        argv[n++] = *w;
    argv[n] = NULL;
    return execvp(argv[0], argv);
}

static long wait_for(pid_t pid)
{
    int st;
    if (pid < 0 || waitpid(pid, &st, 0) != pid)
        return -1;
    exit(WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st));
}

static long do_fork(void)
{
    fflush(stdout);
    pid_t pid = fork();
    return pid ? wait_for(pid) : 0;
}

static long one_call(const char *step);

static int vfork_result, vfork_errno;

/* The child of vfork shares our memory: its result is simply there. */
static long do_vfork(void)
{
    int st;
    memmove(args, args + 1, sizeof args - sizeof *args);
    pid_t pid = vfork();
    if (!pid) {
        vfork_result = (int)one_call(args[0]);
        vfork_errno = errno;
        _exit(0);
    }
    waitpid(pid, &st, 0);
    errno = vfork_errno;
    return vfork_result;
}

static long do_connect(int (*call)(int, const struct sockaddr *, socklen_t))
{
    union address a;
    socklen_t len = address(&a, args[1]);
    return call(fd, len ? &a.any : NULL, len);
}

static long send_text(void)
{
    const char *what = args[1] ? args[1] : "x";
    return send(fd, what, strlen(what), MSG_NOSIGNAL);
}

static long write_text(void)
{
    const char *what = args[1] ? args[1] : "x";
    return write(fd, what, strlen(what));
}

static long socket_call(const char *step, bool *known)
{
    *known = true;
    if (!strcmp(step, "socket"))
        return do_socket();
    if (!strcmp(step, "pair"))
        return do_pair();
    if (!strcmp(step, "bind"))
        return do_connect(bind);
    if (!strcmp(step, "connect"))
        return do_connect(connect);
    if (!strcmp(step, "listen"))
        return listen(fd, 16);
    if (!strcmp(step, "accept"))
        return do_name(accept_plain);
    if (!strcmp(step, "getsockname"))
        return do_name(getsockname);
    if (!strcmp(step, "getpeername"))
        return do_name(getpeername);
    if (!strcmp(step, "getsockopt") || !strcmp(step, "setsockopt"))
        return do_option(*step == 's');
    if (!strcmp(step, "shutdown"))
        return shutdown(fd, SHUT_RDWR);
    *known = false;
    return -1;
}

static long transfer_call(const char *step, bool *known)
{
    *known = true;
    if (!strcmp(step, "send"))
        return send_text();
    if (!strcmp(step, "write"))
        return write_text();
    if (!strcmp(step, "sendto"))
        return do_sendto();
    if (!strcmp(step, "sendmsg"))
        return do_sendmsg();
    if (!strcmp(step, "sendmmsg"))
        return do_sendmmsg();
    if (!strcmp(step, "read"))
        return do_recv('r');
    if (!strcmp(step, "recv"))
        return do_recv('-');
    if (!strcmp(step, "recvfrom"))
        return do_recv('f');
    if (!strcmp(step, "recvmsg"))
        return do_recv('m');
    if (!strcmp(step, "put"))
        return do_put();
    if (!strcmp(step, "take"))
        return do_take();
    *known = false;
    return -1;
}

static long process_call(const char *step)
{
    if (!strcmp(step, "use"))
        return fd = atoi(args[1]);
    if (!strcmp(step, "close"))
        return close(fd);
    if (!strcmp(step, "nonblock"))
        return fcntl(fd, F_SETFL, O_NONBLOCK);
    if (!strcmp(step, "chdir"))
        return chdir(args[1]);
    if (!strcmp(step, "umask"))
        return umask((mode_t)strtoul(args[1], NULL, 8)), 0;
    if (!strcmp(step, "sleep"))
        return usleep((useconds_t)atoi(args[1]) * 1000);
    if (!strcmp(step, "chroot"))
        return chroot(args[1]);
    if (!strcmp(step, "closefrom"))
        return close_range((unsigned)atoi(args[1]), ~0u, 0);
    if (!strcmp(step, "netns"))
        return unshare(CLONE_NEWNET);
    if (!strcmp(step, "exec"))
        return do_exec();
    if (!strcmp(step, "fork"))
        return do_fork();
    if (!strcmp(step, "vfork"))
        return do_vfork();
    bad("unknown call");
    return -1;
}

static long one_call(const char *step)
{
    bool known;
    long ret = socket_call(step, &known);
    if (!known)
        ret = transfer_call(step, &known);
    return known ? ret : process_call(step);
}

static void split(char *step)
{
    int n = 0;
    for (char *w = strtok(step, " "); w && n < 15; w = strtok(NULL, " "))
        args[n++] = w;
    args[n] = NULL;
    if (!n)
        exit(2);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        printf("%s", argv[i]);
        rest = argv + i + 1;
        split(strdup(argv[i]));
        errno = 7777;
        long ret = one_call(args[0]);
        int err = errno;
        show_result(ret, err);
        putchar('\n');
    }
    return status;
}
