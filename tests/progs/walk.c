/* walk SEED STEPS: a random walk of four processes, checked against a model at every
 * step. 0 is outside; 1 and 3 are in a run that may connect to what it bound; 2 is in
 * a run within that one, that may reach what it made. They make datagram sockets,
 * bind them to paths and abstract names, pass them on, close them, exec; files are
 * removed, renamed and linked; and now and then somebody connects or sends to a
 * name. $SUNSHIM is the command; the names are below the working directory.
 * Prints how attempts ended; stops at the first that ended otherwise. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { AGENTS = 4, SOCKETS = 12, PATHS = 5, NAMES = 9, CONTROL = 10, FIRST = 100 };

static const char *self, *dir;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* --- What agents are told ------------------------------------------------------ */

struct order {
    char what; /* n(ew) b(ind) c(lose) p(ut) t(ake) k(onnect) s(end to) f(ork and connect) x(exec) q(uit) */
    int socket, name;
};

struct answer {
    int err;
};

static void put(int over, const void *bytes, size_t len, int fd)
{
    union {
        char room[CMSG_SPACE(sizeof fd)];
        struct cmsghdr align;
    } control = {0};
    struct iovec iov = {(void *)bytes, len};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = &control, m.msg_controllen = sizeof control;
        *CMSG_FIRSTHDR(&m) = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof fd);
    }
    if (sendmsg(over, &m, MSG_NOSIGNAL) != (ssize_t)len)
        die("put");
}

/* The descriptor that came along, or -1. */
static int take(int over, void *bytes, size_t len)
{
    int fd = -1;
    union {
        char room[CMSG_SPACE(sizeof fd)];
        struct cmsghdr align;
    } control = {0};
    struct iovec iov = {bytes, len};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(over, &m, 0) != (ssize_t)len)
        exit(1);
    if (CMSG_FIRSTHDR(&m))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

/* --- What agents do -------------------------------------------------------------- */

static socklen_t address(struct sockaddr_un *un, int name)
{
    bool abstract = name >= PATHS;
    *un = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(un->sun_path + abstract, sizeof un->sun_path - 1, "%s/%d", dir, name);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n + 1);
}

static int reach(char how, int name)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0), st = 0;
    if (how == 'f') {
        pid_t pid = fork();
        if (!pid)
            _exit(reach('k', name));
        waitpid(pid, &st, 0);
        close(fd);
        return WEXITSTATUS(st);
    }
    ssize_t ret = how == 'k' ? connect(fd, (struct sockaddr *)&un, len)
                             : sendto(fd, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&un, len);
    int err = ret < 0 ? errno : 0;
    close(fd);
    return err == EAGAIN ? 0 : err; /* a full queue: it was reached */
}

static void keep(int fd, int socket)
{
    if (fd < 0 || dup2(fd, FIRST + socket) < 0)
        die("keep");
    close(fd);
}

static int bind_socket(int socket, int name)
{
    struct sockaddr_un un;
    socklen_t len = address(&un, name);
    return bind(FIRST + socket, (struct sockaddr *)&un, len) ? errno : 0;
}

/* -1: the order is about descriptors that pass between agents. */
static int obey(const struct order *o)
{
    switch (o->what) {
    case 'n':
        keep(socket(AF_UNIX, SOCK_DGRAM, 0), o->socket);
        return 0;
    case 'b':
        return bind_socket(o->socket, o->name);
    case 'c':
        return close(FIRST + o->socket);
    case 'k':
    case 's':
    case 'f':
        return reach(o->what, o->name);
    default:
        return -1;
    }
}

static void agent(int control)
{
    struct order o;
    struct answer a = {0};
    alarm(100);
    put(control, &a, sizeof a, -1);
    for (;;) {
        int fd = take(control, &o, sizeof o);
        if (o.what == 'q')
            return;
        if (o.what == 'x') {
            execl(self, self, "agent", dir, (char[]){(char)('0' + control - CONTROL), '\0'}, (char *)NULL);
            die(self);
        }
        if (o.what == 't')
            keep(fd, o.socket);
        a.err = obey(&o);
        put(control, &a, sizeof a, o.what == 'p' ? FIRST + o.socket : -1);
    }
}

/* --- The model -------------------------------------------------------------------- */

struct birth {
    int made, bound; /* agents; bound -1: not yet */
    int serial;
};

static struct {
    struct birth birth;
    unsigned holders; /* bits of agents; 0: no such socket */
} sockets[SOCKETS];

static struct birth names[NAMES]; /* serial 0: nobody has it */
static int serials;
static uint64_t seed;

static unsigned random_below(unsigned n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)(seed >> 20) % n;
}

static bool alive(int serial)
{
    for (int i = 0; i < SOCKETS; i++)
        if (sockets[i].holders && sockets[i].birth.serial == serial)
            return true;
    return false;
}

/* What must become of it when `who` connects ('k') or sends ('s') to `name`. */
static int expected(int who, char how, int name)
{
    const struct birth *b = &names[name];
    if (!b->serial)
        return name < PATHS ? ENOENT : ECONNREFUSED;
    if (who != 0 && how != 's' && b->bound == 0)
        return EACCES;
    if (who == 2 && (b->made != 2 || b->bound != 2))
        return EPERM;
    return alive(b->serial) ? 0 : ECONNREFUSED;
}

/* --- The walk ---------------------------------------------------------------------- */

static int channels[AGENTS]; /* to agents; our own end is 0 */

static int order(int who, char what, int socket, int name)
{
    struct order o = {what, socket, name};
    struct answer a;
    if (who == 0)
        return obey(&o);
    put(channels[who], &o, sizeof o, -1);
    take(channels[who], &a, sizeof a);
    return a.err;
}

/* All that pass between agents go through us. */
static void pass(int from, int to, int socket)
{
    struct order o = {'p', socket, 0};
    struct answer a;
    int fd = dup(FIRST + socket);
    if (from != 0) {
        put(channels[from], &o, sizeof o, -1);
        close(fd);
        fd = take(channels[from], &a, sizeof a);
    }
    if (to == 0) {
        keep(fd, socket);
        return;
    }
    o.what = 't';
    put(channels[to], &o, sizeof o, fd);
    take(channels[to], &a, sizeof a);
    close(fd);
}

static void make(int who, int socket)
{
    order(who, 'n', socket, 0);
    sockets[socket].birth = (struct birth){who, -1, ++serials};
    sockets[socket].holders = 1u << who;
}

static void bind_it(int who, int socket, int name)
{
    bool taken = names[name].serial != 0, again = sockets[socket].birth.bound >= 0;
    int err = order(who, 'b', socket, name);
    if ((err == 0) == (taken || again))
        fprintf(stderr, "bind to %d by %d: %s\n", name, who, strerror(err)), exit(1);
    if (err)
        return;
    sockets[socket].birth.bound = who;
    names[name] = sockets[socket].birth;
}

static void close_it(int who, int socket)
{
    int serial = sockets[socket].birth.serial;
    order(who, 'c', socket, 0);
    sockets[socket].holders &= ~(1u << who);
    for (int n = PATHS; n < NAMES; n++)
        if (names[n].serial == serial && !alive(serial))
            names[n].serial = 0;
}

static void change_files(int a, int b, unsigned how)
{
    struct sockaddr_un from, to;
    address(&from, a), address(&to, b);
    if (how == 0 && unlink(from.sun_path) == 0)
        names[a].serial = 0;
    else if (how == 1 && a != b && rename(from.sun_path, to.sun_path) == 0) {
        /* Two names of one file: rename(2) does nothing. */
        if (names[a].serial != names[b].serial)
            names[b] = names[a], names[a].serial = 0;
    } else if (how == 2 && link(from.sun_path, to.sun_path) == 0)
        names[b] = names[a];
}

static void exec_again(int who)
{
    struct order o = {'x', 0, 0};
    struct answer a;
    put(channels[who], &o, sizeof o, -1);
    take(channels[who], &a, sizeof a);
}

enum outcome { REACHED, DENIED, NOBODY, OUTCOMES };
static long outcomes[OUTCOMES];

static void attempt(long step, int who, char how, int name)
{
    int want = expected(who, how, name), got = order(who, how, 0, name);
    outcomes[want == 0 ? REACHED : want == EACCES || want == EPERM ? DENIED : NOBODY]++;
    if (want == got)
        return;
    fprintf(stderr, "step %ld: %d %s name %d (made by %d, bound by %d, %s): %s, expected %s\n", step, who,
            how == 's' ? "sends to" : "connects to", name, names[name].made, names[name].bound,
            alive(names[name].serial) ? "alive" : "gone", strerrorname_np(got), strerrorname_np(want));
    exit(1);
}

static void walk(long steps)
{
    for (long step = 0; step < steps; step++) {
        int who = (int)random_below(AGENTS), socket = (int)random_below(SOCKETS), name = (int)random_below(NAMES);
        int other = (int)random_below(AGENTS);
        bool has = sockets[socket].holders >> who & 1;
        unsigned what = random_below(20);
        if (what < 2 && !sockets[socket].holders)
            make(who, socket);
        else if (what < 5 && has)
            bind_it(who, socket, name);
        else if (what < 7 && has)
            close_it(who, socket);
        else if (what < 9 && has && other != who && !(sockets[socket].holders >> other & 1))
            pass(who, other, socket), sockets[socket].holders |= 1u << other;
        else if (what == 9)
            change_files((int)random_below(PATHS), (int)random_below(PATHS), random_below(3));
        else if (what == 10 && who && !random_below(4))
            exec_again(who);
        else if (what > 10)
            attempt(step, who, "kksf"[random_below(4)], name);
    }
}

/* --- Starting ------------------------------------------------------------------------ */

static void start(int number, const char *rule)
{
    const char *command = getenv("SUNSHIM");
    char digit[] = {(char)('0' + number), '\0'};
    if (fork())
        return;
    if (rule)
        execl(command, command, "run", "--rule", rule, self, "agent", dir, digit, (char *)NULL);
    else
        execl(self, self, "agent", dir, digit, (char *)NULL);
    die("exec");
}

static int finish(void)
{
    struct order o = {.what = 'q'};
    int st, bad = 0;
    for (int i = 1; i < AGENTS; i++)
        put(channels[i], &o, sizeof o, -1);
    while (wait(&st) > 0)
        bad |= st != 0;
    printf("reached %ld denied %ld nobody there %ld\n", outcomes[REACHED], outcomes[DENIED], outcomes[NOBODY]);
    return bad;
}

int main(int argc, char **argv)
{
    struct answer a;
    self = argv[0];
    dir = argc == 4 ? argv[2] : getcwd(NULL, 0);
    if (argc == 4) {
        static bool again;
        int number = argv[3][0] - '0';
        again = getenv("WALK_STARTED") != NULL;
        if (number == 1 && !again) {
            setenv("WALK_STARTED", "1", 1);
            start(2, "scope pathname abstract,");
            start(3, NULL);
        }
        agent(CONTROL + number);
        while (number == 1 && wait(NULL) > 0)
            ;
        return 0;
    }
    if (argc != 3)
        return 2;
    seed = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15u + 1;
    for (int i = 1; i < AGENTS; i++) {
        int two[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, two) || dup2(two[1], CONTROL + i) < 0 || dup2(two[0], CONTROL + AGENTS + i) < 0)
            die("socketpair");
        close(two[0]), close(two[1]);
        channels[i] = CONTROL + AGENTS + i;
    }
    alarm(100);
    start(1, "deny unix (connect) peer=(scope=outside),");
    for (int i = 1; i < AGENTS; i++)
        take(channels[i], &a, sizeof a);
    walk(atol(argv[2]));
    return finish();
}
