/* longcalls DIR WHERE...: sockets called s, t, u and 200 letters in DIR, in every call that names one, and what
 * each returned. WHERE:
 *     chroot=ROOT   from within (no /proc there); DIR is then a name in it
 *     cwd           DIR is the working directory, which then goes in front of no name
 *     full          without a free descriptor
 *     noclone       without new threads and processes, says a seccomp filter
 *     nproc         the same by RLIMIT_NPROC
 *     shortlast     one letter instead of 200
 *     nolast        without that name */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        char bytes[8192];
    };
    socklen_t len;
};

static const char *dir;
static bool in_cwd, with_last = true;
static char last[201];
static int listener, listener2, gram, gram2, long_gram, sender, clients[12];
static unsigned used;
static int orders[2], answers[2];
static char byte = 'x';

static struct address at(const char *file)
{
    struct address a = {.un.sun_family = AF_UNIX};
    const size_t head = offsetof(struct sockaddr_un, sun_path);

    int n = snprintf(a.bytes + head, sizeof a.bytes - head, "%s%s%s", in_cwd ? "" : dir, in_cwd ? "" : "/", file);
    a.len = (socklen_t)(head + (size_t)n + 1);
    return a;
}

static void say(const char *what, long ret)
{
    if (ret < 0)
        printf("%s: %s\n", what, strerrorname_np(errno));
    else
        printf("%s: %ld\n", what, ret);
    fflush(stdout);
}

/* --- A process that takes what was sent ------------------------------------------ */

static void drain(void)
{
    char order, text[16];
    struct ucred peer;
    socklen_t len = sizeof peer;
    pid_t parent = getppid();

    while (read(orders[0], &order, 1) == 1) {
        usleep(20000); /* so that who waits does */
        if (order == 'a') {
            struct pollfd wait = {.fd = listener, .events = POLLIN};
            int fd = poll(&wait, 1, 2000) < 1 ? -1 : accept(listener, NULL, NULL);
            byte = fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == parent ? 'y' : 'n';
            close(fd);
        }
        while (order == 'r' && recv(gram, text, sizeof text, MSG_DONTWAIT) >= 0)
            ;
        if (write(answers[1], &byte, 1) != 1)
            break;
    }
    _exit(0);
}

static void order(char c)
{
    if (write(orders[1], &c, 1) != 1)
        exit(3);
}

static void answered(const char *what)
{
    char c = 0;

    if (read(answers[0], &c, 1) != 1)
        exit(3);
    printf("%s: the other side says %c\n", what, c);
    fflush(stdout);
}

/* --- Streams ------------------------------------------------------------------------- */

static int reach(int fd, const char *file)
{
    struct address a = at(file);

    return connect(fd, &a.any, a.len);
}

static int name_it(int fd, const char *file)
{
    struct address a = at(file);

    return bind(fd, &a.any, a.len);
}

static void patience(int fd, unsigned us)
{
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_usec = us}, sizeof(struct timeval));
}

static void is_patience(int fd, unsigned us)
{
    struct timeval t;
    socklen_t len = sizeof t;

    getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, &len);
    printf("the time-out is still the same: %d\n", !t.tv_sec && (unsigned)t.tv_usec / 10000 == us / 10000);
}

static void nothing(int sig)
{
    (void)sig;
}

static void interrupt(unsigned us)
{
    const struct itimerval t = {{0, us}, {0, us}};

    sigaction(SIGALRM, &(struct sigaction){.sa_handler = nothing}, NULL);
    setitimer(ITIMER_REAL, &t, NULL);
}

static void server_is_alive(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    printf("the server is this process: %d\n",
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == getpid());
}

static void streams(void)
{
    say("bind a stream", name_it(listener, "s"));
    say("bind it again", name_it(listener2, "s"));
    say("listen", listen(listener, 0));
    say("connect", reach(clients[used], "s"));
    server_is_alive(clients[used++]);
    fcntl(clients[used], F_SETFL, O_NONBLOCK);
    say("connect to a full one that does not block", reach(clients[used++], "s"));
    patience(clients[used], 50000);
    say("connect to a full one with a time-out", reach(clients[used], "s"));
    is_patience(clients[used++], 50000);
    interrupt(20000);
    say("connect to a full one and a signal", reach(clients[used++], "s"));
    interrupt(0);
    order('a');
    say("connect that waits", reach(clients[used], "s"));
    answered("accept");
    server_is_alive(clients[used++]);
    order('a');
    answered("accept");
    say("connect to nobody", reach(clients[used++], "missing"));
    say("connect to another type", reach(clients[used++], "t"));
    say("connect beyond", reach(clients[used++], "missing/s"));
    say("bind beyond", name_it(listener2, "missing/s"));
}

/* --- Datagrams ----------------------------------------------------------------------------- */

static long send_to(const char *file, int flags)
{
    struct address a = at(file);

    return sendto(sender, "x", 1, flags | MSG_NOSIGNAL, &a.any, a.len);
}

static long message_to(const char *file, int flags)
{
    struct address a = at(file);
    struct iovec part[2] = {{&byte, 1}, {&byte, 1}};
    struct msghdr m = {.msg_name = &a, .msg_namelen = a.len, .msg_iov = part, .msg_iovlen = 2};

    return sendmsg(sender, &m, flags | MSG_NOSIGNAL);
}

static long messages_to(const char *first, const char *second, int flags)
{
    struct address a = at(first), b = at(second);
    struct iovec part = {&byte, 1};
    struct mmsghdr m[7];

    for (int i = 0; i < 7; i++)
        m[i] = (struct mmsghdr){{.msg_name = i % 2 ? &b : &a, .msg_namelen = i % 2 ? b.len : a.len, .msg_iov = &part, .msg_iovlen = 1}, 9};
    long n = sendmmsg(sender, m, 7, flags | MSG_NOSIGNAL);
    for (int i = 0; i < 7; i++)
        printf("%u%s", m[i].msg_len, i < 6 ? " " : " were sent of each\n");
    return n;
}

static long received(int fd)
{
    char text[16];
    long n = 0;

    while (recv(fd, text, sizeof text, MSG_DONTWAIT) > 0)
        n++;
    return n;
}

static void fill_receiver(void)
{
    while (send_to("t", MSG_DONTWAIT) == 1)
        ;
    say("fill", -1);
}

static void datagrams(void)
{
    say("bind a datagram socket", name_it(gram, "t"));
    say("bind another", name_it(gram2, "u"));
    say("sendto", send_to("t", 0));
    say("sendmsg", message_to("t", 0));
    say("sendmmsg", messages_to("t", "u", MSG_DONTWAIT));
    say("sendmmsg to one that is not there", messages_to("t", "missing", MSG_DONTWAIT));
    say("sendmmsg, the first", messages_to("missing", "t", MSG_DONTWAIT));
    say("received", received(gram));
    say("received", received(gram2));
    say("sendto nobody", send_to("missing", 0));
    say("sendmsg to another type", message_to("s", 0));
    fill_receiver();
    say("sendmsg that does not wait", message_to("t", MSG_DONTWAIT));
    say("sendmmsg that does not wait", messages_to("u", "t", MSG_DONTWAIT));
    patience(sender, 50000);
    say("sendto with a time-out", send_to("t", 0));
    is_patience(sender, 50000);
    patience(sender, 0);
    interrupt(20000);
    say("sendto and a signal", send_to("t", 0));
    interrupt(0);
    order('r');
    say("sendto that waits", send_to("t", 0));
    answered("receive");
    say("connect", reach(sender, "t"));
    say("send", send(sender, "x", 1, 0));
}

static void long_last(void)
{
    say("bind a long last component", name_it(long_gram, last));
    say("bind it again", name_it(long_gram, last));
    struct stat st;
    struct address a = at(last);
    say("stat", stat(a.un.sun_path, &st));
    say("sendto a long last component", send_to(last, MSG_DONTWAIT));
    say("connect to it", reach(sender, last));
}

/* --- Where ------------------------------------------------------------------------------------ */

static void make_all(void)
{
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    listener2 = socket(AF_UNIX, SOCK_STREAM, 0);
    gram = socket(AF_UNIX, SOCK_DGRAM, 0);
    gram2 = socket(AF_UNIX, SOCK_DGRAM, 0);
    long_gram = socket(AF_UNIX, SOCK_DGRAM, 0);
    sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    for (unsigned i = 0; i < sizeof clients / sizeof *clients; i++)
        clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
    memset(last, 'l', sizeof last - 1);
    if (pipe(orders) || pipe(answers))
        exit(3);
    if (fork() == 0) {
        close(orders[1]);
        drain();
    }
    close(orders[0]);
    close(answers[1]);
}

static void fill_table(void)
{
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64});
    while (dup(1) >= 0)
        ;
}

static void no_clone(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = {sizeof filter / sizeof *filter, filter};

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
        exit(3);
}

static void go(const char *where)
{
    if (!strncmp(where, "chroot=", 7) && (chroot(where + 7) || chdir("/")))
        perror("chroot"), exit(3);
    if (!strcmp(where, "cwd") && (in_cwd = true) && chdir(dir))
        exit(3);
    if (!strcmp(where, "full"))
        fill_table();
    if (!strcmp(where, "noclone"))
        no_clone();
    if (!strcmp(where, "nproc"))
        setrlimit(RLIMIT_NPROC, &(struct rlimit){1, 1});
    if (!strcmp(where, "shortlast"))
        last[1] = '\0';
    if (!strcmp(where, "nolast"))
        with_last = false;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    dir = argv[1];
    make_all();
    for (int i = 2; i < argc; i++)
        go(argv[i]);
    streams();
    datagrams();
    if (with_last)
        long_last();
    return 0;
}
