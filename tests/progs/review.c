/* review CASE DIRECTORY: calls that once slipped past a policy, or ended the
 * program. Each prints a word per call: ok, or the errno's name. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "raw.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1u << 31)
#endif

enum { STACK = 65536 };

static const char *dir;
static char byte[8] = "x";

static void say(long ret)
{
    printf("%s ", ret < 0 ? strerrorname_np(errno) : "ok");
}

static int must(int ret)
{
    if (ret < 0) {
        perror("review");
        exit(2);
    }
    return ret;
}

static struct sockaddr_un at(const char *name)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    snprintf(un.sun_path, sizeof un.sun_path, "%.60s/%.30s", dir, name);
    return un;
}

static int bound(int type, const char *name)
{
    struct sockaddr_un un = at(name);
    int fd = must(socket(AF_UNIX, type, 0));
    must(bind(fd, (void *)&un, sizeof un));
    return fd;
}

/* An inet socket at 127.0.0.1 with some port, listening if it can. */
static int local(int type, struct sockaddr_in *in)
{
    int fd = must(socket(AF_INET, type, 0));
    socklen_t len = sizeof *in;
    *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    must(bind(fd, (void *)in, sizeof *in));
    if (type == SOCK_STREAM)
        must(listen(fd, 5));
    must(getsockname(fd, (void *)in, &len));
    return fd;
}

static int datagrams(int count, struct sockaddr_in *in)
{
    int fd = local(SOCK_DGRAM, in), from = must(socket(AF_INET, SOCK_DGRAM, 0));
    while (count--)
        must((int)sendto(from, byte, 1, 0, (void *)in, sizeof *in));
    return fd;
}

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* --- Names that the kernel does not look at -------------------------------- */

static void tcp_names(void)
{
    struct sockaddr_in in, other;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr_un un = at("x");
    local(SOCK_STREAM, &in);
    int fd = must(socket(AF_INET, SOCK_STREAM, 0));
    must(connect(fd, (void *)&in, sizeof in));
    other = in;
    other.sin_port = htons(1);
    say(sendto(fd, byte, 1, 0, (void *)&other, sizeof other));
    say(sendto(fd, byte, 1, 0, (void *)&other, 8));
    say(sendto(fd, byte, 1, 0, (void *)&un, sizeof un));
    say(sendto(fd, byte, 1, 0, (void *)&in6, sizeof in6));
}

static void seqpacket_names(void)
{
    struct sockaddr_un denied = at("denied"), lost = at("lost"), allowed = at("allowed");
    must(listen(bound(SOCK_SEQPACKET, "denied"), 5));
    bound(SOCK_DGRAM, "allowed");
    int fd = must(socket(AF_UNIX, SOCK_SEQPACKET, 0));
    must(connect(fd, (void *)&denied, sizeof denied));
    say(sendto(fd, byte, 1, 0, (void *)&lost, sizeof lost));
    say(sendto(fd, byte, 1, 0, (void *)&allowed, sizeof allowed));
    lost.sun_family = AF_UNSPEC;
    say(sendto(fd, byte, 1, 0, (void *)&lost, sizeof lost));
}

static void errno_efault(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct iovec part = {byte, 1};
    struct mmsghdr one = {.msg_hdr = {.msg_name = &in, .msg_namelen = sizeof in, .msg_iov = &part, .msg_iovlen = 1}};
    say(sendmmsg(must(socket(AF_INET, SOCK_DGRAM, 0)), &one, 1, 0));
}

static void mapped_send(void)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    local(SOCK_STREAM, &in);
    in6.sin6_port = in.sin_port;
    inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr);
    int fd = must(socket(AF_INET6, SOCK_STREAM, 0));
    must(connect(fd, (void *)&in6, sizeof in6));
    say(send(fd, byte, 1, 0));
}

static void no_address(void)
{
    struct sockaddr_in in;
    local(SOCK_STREAM, &in);
    in.sin_addr.s_addr = 0;
    say(connect(must(socket(AF_INET, SOCK_STREAM, 0)), (void *)&in, sizeof in));
}

/* --- Verdicts kept too long -------------------------------------------------- */

static void settled_early(void)
{
    struct sockaddr_in in, own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000002)};
    local(SOCK_STREAM, &in);
    int fd = must(socket(AF_INET, SOCK_STREAM, 0)), listener = must(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    say(send(fd, byte, 1, MSG_NOSIGNAL));
    say(accept(listener, NULL, NULL));
    must(bind(fd, (void *)&own, sizeof own));
    must(connect(fd, (void *)&in, sizeof in));
    must(bind(listener, (void *)&own, sizeof own));
    must(listen(listener, 1));
    say(send(fd, byte, 1, MSG_NOSIGNAL));
    say(accept(listener, NULL, NULL));
}

static void reset_before_accept(void)
{
    struct sockaddr_in in;
    struct linger now = {1, 0};
    int listener = local(SOCK_STREAM, &in), fd = must(socket(AF_INET, SOCK_STREAM, 0));
    must(connect(fd, (void *)&in, sizeof in));
    must((int)write(fd, byte, 1));
    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now));
    close(fd);
    must(fcntl(listener, F_SETFL, O_NONBLOCK));
    say(accept(listener, NULL, NULL));
}

/* --- Receiving ---------------------------------------------------------------- */

static void bad_pointers(void)
{
    struct sockaddr_in in;
    socklen_t len = sizeof in;
    struct iovec part = {byte, 1};
    int fd = datagrams(8, &in);
    struct mmsghdr *fixed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct timespec *second = (void *)(fixed + 4);
    fixed[0].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr mine[2] = {fixed[0], fixed[0]};
    second->tv_sec = 1;
    mprotect(fixed, 4096, PROT_READ);
    say(recvfrom(fd, byte, 1, 0, (void *)16, &len));
    say(recvmsg(fd, &fixed->msg_hdr, 0));
    say(recvmmsg(fd, fixed, 1, MSG_DONTWAIT, NULL));
    say(recvmmsg(fd, mine, 2, MSG_DONTWAIT, second));
}

static void endless_timeout(void)
{
    struct sockaddr_in in;
    struct iovec part = {byte, 1};
    struct mmsghdr vec[3] = {{.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}}};
    struct timespec ever = {.tv_sec = INT64_MAX};
    vec[1] = vec[2] = vec[0];
    printf("%d ", recvmmsg(datagrams(3, &in), vec, 3, 0, &ever));
}

static void pidfds(void)
{
    int to = bound(SOCK_DGRAM, "to"), from = bound(SOCK_DGRAM, "from"), on = 1;
    struct sockaddr_un un = at("to");
    char control[256];
    struct iovec part = {byte, 1};
    struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    setsockopt(to, SOL_SOCKET, SO_PASSPIDFD, &on, sizeof on); /* refused before Linux 6.5 */
    must((int)sendto(from, byte, 1, 0, (void *)&un, sizeof un));
    int before = open_descriptors();
    say(recvmsg(to, &msg, MSG_DONTWAIT));
    printf("%d ", open_descriptors() - before);
}

static void relative_peer(void)
{
    struct sockaddr_un to = at("to"), own = {.sun_family = AF_UNIX, .sun_path = "peer"};
    int fd = bound(SOCK_DGRAM, "to"), from = must(socket(AF_UNIX, SOCK_DGRAM, 0));
    must(chdir(dir));
    must(mkdir("elsewhere", 0755));
    must(chdir("elsewhere"));
    must(bind(from, (void *)&own, sizeof own));
    must((int)sendto(from, byte, 1, 0, (void *)&to, sizeof to));
    must(chdir(dir));
    say(recv(fd, byte, 1, MSG_DONTWAIT));
}

/* A socket that the program did not get by any call that is seen. */
static void taken_socket(void)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    say(send(must(socket(AF_UNIX, SOCK_DGRAM, 0)), byte, 1, 0));
    int foreign = must((int)raw(SYS_socket, AF_INET, SOCK_DGRAM, 0, 0, 0));
    must((int)raw(SYS_connect, foreign, (long)&in, sizeof in, 0, 0));
    int self = must((int)syscall(SYS_pidfd_open, getpid(), 0));
    say(send(must((int)syscall(SYS_pidfd_getfd, self, foreign, 0)), byte, 1, 0));
}

/* Two denials; the first one's record does not fit the file. */
static void torn_record(void)
{
    struct rlimit limit = {100, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
    say(socket(AF_UNIX, SOCK_STREAM, 0));
    limit.rlim_cur = RLIM_INFINITY;
    setrlimit(RLIMIT_FSIZE, &limit);
    say(socket(AF_UNIX, SOCK_STREAM, 0));
}

/* --- Leaving a blocked call ---------------------------------------------------- */

static struct sockaddr_un full;
static int blocked, other;
static sigjmp_buf out;

static int fill_up(void)
{
    full = at("full");
    int listener = bound(SOCK_STREAM, "full");
    must(listen(listener, 0));
    do
        blocked = must(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
    while (connect(blocked, (void *)&full, sizeof full) == 0);
    blocked = must(socket(AF_UNIX, SOCK_STREAM, 0));
    return listener;
}

static void handle(int signal, void (*handler)(int), int flags)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    sigaction(signal, &(struct sigaction){.sa_handler = handler, .sa_flags = flags}, NULL);
}

static void let_in(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void jump(int signal)
{
    siglongjmp(out, signal);
}

static __attribute__((noinline)) void leave_by_jump(void)
{
    if (sigsetjmp(out, 1))
        return;
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 5000}}, NULL);
    connect(blocked, (void *)&full, sizeof full);
}

static void *jump_and_exit(void *unused)
{
    char junk[4096];
    (void)unused;
    let_in(SIGALRM);
    leave_by_jump();
    memset(junk, 0xa5, sizeof junk);
    __asm__ volatile("" ::"r"(junk) : "memory");
    pthread_exit(NULL);
}

static void exit_after_jump(void)
{
    pthread_t thread;
    fill_up();
    handle(SIGALRM, jump, 0);
    if (pthread_create(&thread, NULL, jump_and_exit, NULL) || pthread_join(thread, NULL))
        exit(2);
    say(0);
}

static void call_in_handler(int signal)
{
    int saved = errno;
    (void)signal;
    connect(other, (void *)&full, sizeof full);
    errno = saved;
}

static void *connect_on(void *high)
{
    stack_t own = {.ss_sp = high, .ss_size = STACK, .ss_flags = (int)SS_AUTODISARM};
    must(sigaltstack(&own, NULL));
    let_in(SIGUSR1);
    say(connect(blocked, (void *)&full, sizeof full));
    return NULL;
}

/* The handler's stack is mapped first, so that it lies above the thread's. */
static void disarmed_stack(void)
{
    void *high = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    pthread_t thread;
    int listener = fill_up();
    other = must(socket(AF_UNIX, SOCK_DGRAM, 0));
    handle(SIGUSR1, call_in_handler, SA_ONSTACK | SA_RESTART);
    if (pthread_create(&thread, NULL, connect_on, high))
        exit(2);
    usleep(50000);
    pthread_kill(thread, SIGUSR1);
    usleep(50000);
    must(accept(listener, NULL, NULL));
    must(accept(listener, NULL, NULL));
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {
        {"tcp-names", tcp_names},         {"seqpacket-names", seqpacket_names}, {"errno-efault", errno_efault},
        {"mapped-send", mapped_send},     {"no-address", no_address},           {"settled-early", settled_early},
        {"reset", reset_before_accept},   {"bad-pointers", bad_pointers},       {"endless", endless_timeout},
        {"pidfds", pidfds},               {"relative-peer", relative_peer},     {"exit-after-jump", exit_after_jump},
        {"disarmed-stack", disarmed_stack}, {"taken-socket", taken_socket},
        {"torn-record", torn_record},
    };
    dir = argc == 3 ? argv[2] : ".";
    for (size_t i = 0; i < sizeof cases / sizeof *cases && argc == 3; i++)
        if (!strcmp(argv[1], cases[i].name)) {
            cases[i].run();
            return 0;
        }
    return 2;
}
