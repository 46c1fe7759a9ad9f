/* review4 CASE DIRECTORY: what a second reader of long names found. Prints a word per
 * call: ok, or the errno's name.
 *
 *   receives    receives with odd arguments while names are read back
 *   unnamed     a receive that asks for no name, with a bad length for one
 *   verdicts    a bind, a connect, a connect that would autobind
 *   waiting     signals and time-outs while a helper makes the call
 *   cancelled   threads, in the same
 *   exec N      a program with N variables from a thread of the smallest stack
 *   passing     a descriptor that is sent by a helper, to a short name and a long one
 *   names       threads that bind long names, and ask for them */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = offsetof(struct sockaddr_un, sun_path) };

struct name {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        char bytes[1024];
    };
    socklen_t len;
};

static void say(long ret)
{
    printf("%s ", ret < 0 ? strerrorname_np(errno) : "ok");
}

static int must(int ret)
{
    if (ret < 0) {
        perror("review4");
        exit(2);
    }
    return ret;
}

static struct name named(const char *path)
{
    struct name n = {.un.sun_family = AF_UNIX};

    n.len = (socklen_t)(HEAD + snprintf(n.bytes + HEAD, sizeof n.bytes - HEAD, "%s", path) + 1);
    return n;
}

/* In a directory of 120 bytes below the current one, by its absolute name. */
static struct name long_name(const char *last)
{
    char path[800], here[300];

    if (!getcwd(here, sizeof here))
        exit(2);
    snprintf(path, sizeof path, "%s/%0120d", here, 0);
    mkdir(path, 0755);
    strcat(strcat(path, "/"), last);
    return named(path);
}

static int bound(int type, const struct name *n)
{
    int fd = must(socket(AF_UNIX, type, 0));

    must(bind(fd, &n->any, n->len));
    return fd;
}

/* --- Receives ------------------------------------------------------------------ */

static int receiver;
static struct name sender_name;

static void again(const char *bytes)
{
    static int sender = -1;
    struct name to = named("receiver");
    char byte;

    if (sender < 0)
        sender = bound(SOCK_DGRAM, &sender_name);
    while (recv(receiver, &byte, 1, MSG_DONTWAIT) >= 0)
        ;
    must((int)sendto(sender, bytes, strlen(bytes), 0, &to.any, to.len));
}

static void receives(void)
{
    static char room[4096];
    struct name at = named("receiver"), from;
    struct iovec part = {.iov_base = room, .iov_len = sizeof room};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    socklen_t len;

    receiver = bound(SOCK_DGRAM, &at);
    sender_name = named("sender");
    if (!WITH_SANITIZER) {
        for (int i = 31; i <= 64; i += 3) {
            again("x");
            len = sizeof from.bytes;
            say(recvfrom(receiver, room, i == 64 ? SIZE_MAX : (size_t)1 << (i - 1), 0, &from.any, &len));
        }
        again("x");
        say(recvfrom(receiver, room, 1, 0, &from.any, NULL));
        say(recv(receiver, room, 1, MSG_DONTWAIT));
        len = (socklen_t)-1;
        again("x");
        say(recvfrom(receiver, room, 1, 0, &from.any, &len));
        say(recv(receiver, room, 1, MSG_DONTWAIT));
    }
    say(recvmmsg(-1, &m, 0, 0, NULL));
    say(recvmmsg(0, &m, 0, 0, NULL));
    say(recvmmsg(receiver, &m, 0, 0, NULL));
}

static void unnamed(void)
{
    char room[8];
    struct name at = named("receiver");
    struct iovec part = {.iov_base = room, .iov_len = sizeof room};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_namelen = (socklen_t)-1};

    receiver = bound(SOCK_DGRAM, &at);
    sender_name = named("sender");
    again("x");
    say(recvmsg(receiver, &m, MSG_DONTWAIT));
}

/* --- Verdicts ------------------------------------------------------------------- */

static void verdicts(void)
{
    struct name at = named("server");
    int server = must(socket(AF_UNIX, SOCK_STREAM, 0)), on = 1;

    unlink("server");
    say(bind(server, &at.any, at.len));
    say(listen(server, 5));
    say(connect(must(socket(AF_UNIX, SOCK_STREAM, 0)), &at.any, at.len));
    int named = must(socket(AF_UNIX, SOCK_STREAM, 0));
    must(setsockopt(named, SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    say(connect(named, &at.any, at.len));
}

/* --- While a helper makes the call ------------------------------------------------- */

static volatile sig_atomic_t caught;
static volatile pid_t accepts; /* once the signal has come; 0: nobody */

static void catch(int sig)
{
    caught = sig;
    if (accepts)
        kill(accepts, SIGUSR1);
}

static void handle(int flags)
{
    struct sigaction action = {.sa_handler = catch, .sa_flags = flags};

    sigaction(SIGALRM, &action, NULL);
    caught = 0;
}

static void fill_up(void)
{
    struct rlimit limit = {.rlim_cur = 64, .rlim_max = 64};

    must(setrlimit(RLIMIT_NOFILE, &limit));
    while (dup(0) >= 0)
        ;
}

static pid_t acceptor(int server)
{
    sigset_t signal;
    int sig;

    sigemptyset(&signal);
    sigaddset(&signal, SIGUSR1);
    sigprocmask(SIG_BLOCK, &signal, NULL);
    pid_t pid = must(fork());
    if (pid)
        return pid;
    sigwait(&signal, &sig);
    accept(server, NULL, NULL);
    pause();
    _exit(0);
}

static struct name full;

static void *wait_for_ever(void *client)
{
    connect((int)(intptr_t)client, &full.any, full.len);
    return NULL;
}

static void *cancel(intptr_t client, int after)
{
    pthread_t thread;
    void *end;

    pthread_create(&thread, NULL, wait_for_ever, (void *)client);
    usleep((useconds_t)after * 5000); /* before, or in the middle */
    pthread_cancel(thread);
    pthread_join(thread, &end);
    return end;
}

static void cancelled(void)
{
    int server;

    full = long_name("server");
    server = bound(SOCK_STREAM, &full);
    must(listen(server, 0));
    must(connect(must(socket(AF_UNIX, SOCK_STREAM, 0)), &full.any, full.len));
    intptr_t client = must(socket(AF_UNIX, SOCK_STREAM, 0));
    cancel(client, 0); /* the C library opens what it needs for that */
    fill_up();
    for (int i = 0; i < 4; i++)
        printf("%s ", cancel(client, i) == PTHREAD_CANCELED ? "cancelled" : "not");
}

/* Signals come again and again: the first may be too early. */
static int interrupted(int client, const struct name *at, int after)
{
    ualarm((useconds_t)after, 20000);
    int ret = connect(client, &at->any, at->len), err = errno;
    ualarm(0, 0);
    errno = err;
    return ret;
}

static void waiting(void)
{
    struct name at = long_name("server");
    int server = bound(SOCK_STREAM, &at), client = must(socket(AF_UNIX, SOCK_STREAM, 0));
    struct timeval most = {.tv_usec = 50000}, hour = {.tv_sec = 3600}, now;
    socklen_t len = sizeof now;

    must(listen(server, 0));
    must(connect(must(socket(AF_UNIX, SOCK_STREAM, 0)), &at.any, at.len));
    pid_t other = acceptor(server);
    fill_up();
    handle(0);
    for (int i = 0; i < 20; i++) /* whatever it is in the middle of */
        if (interrupted(client, &at, 5000 + i * 700) == 0 || errno != EINTR)
            printf("%d:%s ", i, strerrorname_np(errno));
    must(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most));
    say(connect(client, &at.any, at.len));
    must(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &hour, sizeof hour));
    handle(SA_RESTART);
    say(interrupted(client, &at, 20000));
    must(getsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &now, &len));
    printf("%ld ", (long)now.tv_sec);
    must(setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){0}, sizeof now));
    accepts = other;
    handle(SA_RESTART);
    say(interrupted(client, &at, 20000));
    printf("%s ", caught ? "caught" : "not caught");
    kill(other, SIGKILL);
}

/* --- What a helper sends ------------------------------------------------------------ */

static void pass_to(int server, struct name *at, int client)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.head = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))}};
    char byte = 'x';
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {.msg_name = at->bytes, .msg_namelen = at->len, .msg_iov = &part, .msg_iovlen = 1,
                       .msg_control = &control, .msg_controllen = sizeof control};
    struct stat sent, got;
    int last = must(dup(0)), fd;

    must(fstat(0, &sent));
    while ((fd = dup(0)) >= 0)
        last = fd;
    memset(CMSG_DATA(&control.head), 0, sizeof(int)); /* the first number of all */
    say(sendmsg(client, &m, 0));
    close(last);
    m.msg_name = NULL;
    must((int)recvmsg(server, &m, 0));
    memcpy(&fd, CMSG_DATA(&control.head), sizeof fd);
    must(fstat(fd, &got));
    printf("%s ", sent.st_ino == got.st_ino && sent.st_dev == got.st_dev ? "same" : "another");
    close(fd);
}

static void passing(void)
{
    char last[201] = "";
    struct name near = named("receiver"), far = long_name(memset(last, 'x', sizeof last - 1));
    int client = must(socket(AF_UNIX, SOCK_DGRAM, 0));
    int servers[] = {bound(SOCK_DGRAM, &near), bound(SOCK_DGRAM, &far)};

    must(dup2(must(open("receiver-file", O_RDWR | O_CREAT, 0600)), 0));
    fill_up();
    must(close(63));
    pass_to(servers[0], &near, client);
    pass_to(servers[1], &far, client);
}

/* --- A small stack ------------------------------------------------------------------- */

static char program[] = "true", variable[] = "X=";
static char *arguments[] = {program, NULL, NULL};
static char **variables;

static void *start_true(void *unused)
{
    int status = -1;
    pid_t pid = vfork();

    (void)unused;
    if (pid == 0) {
        execve("/bin/true", arguments, variables);
        _exit(1);
    }
    waitpid(pid, &status, 0);
    printf("%d ", status);
    return NULL;
}

static void exec_on_small_stack(int count)
{
    static struct name at;
    pthread_attr_t small;
    pthread_t thread;

    at = long_name("");
    at.bytes[strlen(at.bytes + HEAD) + HEAD - 1] = '\0';
    arguments[1] = at.bytes + HEAD;
    variables = calloc((size_t)count + 1, sizeof *variables);
    for (int i = 0; variables && i < count; i++)
        variables[i] = variable;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, PTHREAD_STACK_MIN);
    pthread_create(&thread, &small, start_true, NULL);
    pthread_join(thread, NULL);
}

/* --- Names ---------------------------------------------------------------------------- */

static void *bind_and_ask(void *number)
{
    for (int i = 0; i < 200; i++) {
        char last[32];
        struct name got = {.len = sizeof got.bytes};

        snprintf(last, sizeof last, "%d-%d", (int)(intptr_t)number, i);
        struct name at = long_name(last);
        int fd = bound(SOCK_DGRAM, &at);
        must(getsockname(fd, &got.any, &got.len));
        got.bytes[got.len < sizeof got.bytes ? got.len : sizeof got.bytes - 1] = '\0';
        /* another thread's may have pushed it out; but never half of one */
        if (strcmp(got.bytes + HEAD, at.bytes + HEAD) != 0 && strncmp(got.bytes + HEAD, "/proc/", 6) != 0)
            printf("%s instead of %s\n", got.bytes + HEAD, at.bytes + HEAD);
        close(fd);
    }
    return NULL;
}

static void names(void)
{
    pthread_t threads[4];

    for (intptr_t i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, bind_and_ask, (void *)i);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("done ");
}

int main(int argc, char **argv)
{
    const char *which = argc > 2 ? argv[1] : "";

    if (argc > 2)
        must(chdir(argv[2]));
    if (!strcmp(which, "receives"))
        receives();
    else if (!strcmp(which, "unnamed"))
        unnamed();
    else if (!strcmp(which, "verdicts"))
        verdicts();
    else if (!strcmp(which, "waiting"))
        waiting();
    else if (!strcmp(which, "cancelled"))
        cancelled();
    else if (!strcmp(which, "passing"))
        passing();
    else if (!strcmp(which, "names"))
        names();
    else if (!strcmp(which, "exec"))
        exec_on_small_stack(atoi(argv[3]));
    else
        return 2;
    return 0;
}
