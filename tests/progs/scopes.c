/* scopes tree MODE OUTER INNER: builds a tree of runs, and in one of them tries
 * to reach a socket of its own for every cell of
 *     who made the socket x kind of name x type x call
 * and prints a line per cell: RELATION KIND TYPE CALL RESULT (ok, or errno).
 *
 * The tree: a run with scope OUTER; in it another one, and one with scope INNER,
 * where the client is; in that a run, and in that one more. Scopes: none,
 * pathname, abstract, both. MODE says what starts a run: `sunshim` ($SUNSHIM
 * run), `landlock` (a ruleset with that scope; of abstract names alone), or
 * `native` (nothing). `scopes landlock` prints the kernel's Landlock ABI.
 *
 * Every cell has a server and a client socket of its own, so that none depends
 * on another. Clients that are already connected to the server are connected
 * by the process outside of all runs, and inherited. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof *(a)))

enum relation { OUTSIDE, GIVEN, PARENT, SIBLING, SAME, BEFORE_FORK, BEFORE_EXEC, FORKED, EXECED, CHILD, GRANDCHILD, RELATIONS };
/* GIVEN: made outside, inherited, and bound by the client's run. */
static const char *const relation_names[] = {"outside", "given", "parent", "sibling", "same", "before_fork",
                                             "before_exec", "forked", "execed", "child", "grandchild"};

enum kind { PATHNAME, ABSTRACT, KINDS };
static const char *const kind_names[] = {"pathname", "abstract"};

static const struct type {
    const char *name;
    int value;
} types[] = {{"stream", SOCK_STREAM}, {"dgram", SOCK_DGRAM}, {"seqpacket", SOCK_SEQPACKET}};
#define TYPES COUNT(types)

/* The client's socket before the call: a new one; connected to the server; connected to another. */
enum state { FRESH, SERVER, OTHER };

static long call_connect(int fd, struct sockaddr_un *to, socklen_t len)
{
    return connect(fd, (struct sockaddr *)to, len);
}

static long call_sendto(int fd, struct sockaddr_un *to, socklen_t len)
{
    return sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)to, len);
}

static long call_sendmsg(int fd, struct sockaddr_un *to, socklen_t len)
{
    struct iovec iov = {(void *)"x", 1};
    return sendmsg(fd, &(struct msghdr){.msg_name = to, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1}, MSG_NOSIGNAL);
}

static long call_sendmmsg(int fd, struct sockaddr_un *to, socklen_t len)
{
    struct iovec iov = {(void *)"x", 1};
    struct mmsghdr m = {.msg_hdr = {.msg_name = to, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1}};
    return sendmmsg(fd, &m, 1, MSG_NOSIGNAL);
}

static const struct call {
    const char *name;
    long (*make)(int fd, struct sockaddr_un *to, socklen_t len);
    enum state state;
    bool address;
} calls[] = {
    {"connect", call_connect, FRESH, true},
    {"sendto", call_sendto, FRESH, true},
    {"sendmsg", call_sendmsg, FRESH, true},
    {"sendmmsg", call_sendmmsg, FRESH, true},
    {"sendto_connected_there", call_sendto, SERVER, true},
    {"sendmsg_connected_there", call_sendmsg, SERVER, true},
    {"sendmmsg_connected_there", call_sendmmsg, SERVER, true},
    {"sendto_connected_elsewhere", call_sendto, OTHER, true},
    {"sendmsg_connected_elsewhere", call_sendmsg, OTHER, true},
    {"sendmmsg_connected_elsewhere", call_sendmmsg, OTHER, true},
    {"sendto_connected_no_address", call_sendto, SERVER, false},
    {"sendmsg_connected_no_address", call_sendmsg, SERVER, false},
};
#define CALLS COUNT(calls)

/* Descriptors that everybody inherits. */
enum { READY = 10, GO, LIFE, FIRST_CONNECTED = 20, FIRST_GIVEN = FIRST_CONNECTED + RELATIONS * KINDS * 3 * 12 };

static const char *self, *mode, *outer, *inner;

static void die(const char *what)
{
    fprintf(stderr, "scopes: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* --- Cells ---------------------------------------------------------------- */

struct cell {
    int relation, kind, type, call;
};

static int number(const struct cell *c)
{
    return ((c->relation * KINDS + c->kind) * TYPES + c->type) * CALLS + c->call;
}

/* Steps through the cells of one relation; false after the last one. */
static bool next(struct cell *c)
{
    if (++c->call < CALLS)
        return true;
    c->call = 0;
    if (++c->type < TYPES)
        return true;
    c->type = 0;
    return ++c->kind < KINDS;
}

static struct cell first(int relation)
{
    return (struct cell){.relation = relation, .call = -1};
}

/* The name of a cell's server, below the directory that the tree was started in. */
static socklen_t name(const struct cell *c, struct sockaddr_un *un)
{
    char dir[64];
    memset(un, 0, sizeof *un);
    un->sun_family = AF_UNIX;
    if (!getcwd(dir, sizeof dir))
        die("getcwd");
    int skip = c->kind == ABSTRACT;
    int n = snprintf(un->sun_path + skip, sizeof un->sun_path - 1, "%s/%d", dir, number(c));
    return (socklen_t)offsetof(struct sockaddr_un, sun_path) + (socklen_t)n + 1;
}

static int new_socket(const struct cell *c, int flags)
{
    int fd = socket(AF_UNIX, types[c->type].value | flags, 0);
    if (fd < 0)
        die("socket");
    return fd;
}

static int at_number(int fd, int want)
{
    if (dup2(fd, want) < 0)
        die("dup2");
    close(fd);
    return want;
}

/* --- Servers -------------------------------------------------------------- */

static void ready(void)
{
    if (write(READY, "r", 1) != 1)
        die("ready");
}

static void bind_cell(const struct cell *c, int fd)
{
    struct sockaddr_un un;
    socklen_t len = name(c, &un);
    if (bind(fd, (struct sockaddr *)&un, len))
        die("bind");
    if (types[c->type].value != SOCK_DGRAM && listen(fd, 8))
        die("listen");
}

static void serve(int relation, int flags)
{
    for (struct cell c = first(relation); next(&c);)
        bind_cell(&c, relation == GIVEN ? FIRST_GIVEN + number(&c) % (KINDS * TYPES * CALLS) : new_socket(&c, flags));
    ready();
}

/* Until the process outside ends. */
static void stay(void)
{
    char byte;
    while (read(LIFE, &byte, 1) < 0 && errno == EINTR)
        ;
}

static int wait_for_all(void)
{
    int st, worst = 0;
    while (wait(&st) > 0)
        if (st && !worst++ && write(READY, "x", 1) != 1)
            return 1;
    return worst ? 1 : 0;
}

/* --- Runs ----------------------------------------------------------------- */

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_restrict_self 446
#endif
#define LANDLOCK_VERSION 1u         /* LANDLOCK_CREATE_RULESET_VERSION */
#define LANDLOCK_SCOPE_ABSTRACT 1u  /* LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, ABI 6 */
#define LANDLOCK_MAKE_CHAR (1u << 6) /* LANDLOCK_ACCESS_FS_MAKE_CHAR: something, where there is no scope */

struct ruleset {
    uint64_t handled_access_fs, handled_access_net, scoped;
};

static void landlock(bool scoped)
{
    struct ruleset r = {.handled_access_fs = scoped ? 0 : LANDLOCK_MAKE_CHAR, .scoped = scoped ? LANDLOCK_SCOPE_ABSTRACT : 0};
    int fd = (int)syscall(__NR_landlock_create_ruleset, &r, sizeof r, 0);
    if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(__NR_landlock_restrict_self, fd, 0))
        die("landlock");
    close(fd);
}

static bool has(const char *scope, enum kind k)
{
    return !strcmp(scope, "both") || !strcmp(scope, kind_names[k]);
}

static void become(const char *role)
{
    execl(self, self, "role", role, mode, outer, inner, (char *)NULL);
    die(self);
}

static void sunshim(const char *role, const char *scope)
{
    const char *command = getenv("SUNSHIM"), *rule = "--";
    char text[64];
    snprintf(text, sizeof text, "--rule=scope%s%s,", has(scope, PATHNAME) ? " pathname" : "", has(scope, ABSTRACT) ? " abstract" : "");
    if (strcmp(scope, "none"))
        rule = text;
    execl(command, command, "run", rule, self, "role", role, mode, outer, inner, (char *)NULL);
    die(command);
}

/* Starts `role` in a run of its own. */
static void start(const char *role, const char *scope)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid)
        return;
    if (!strcmp(mode, "sunshim"))
        sunshim(role, scope);
    if (!strcmp(mode, "landlock"))
        landlock(has(scope, ABSTRACT));
    become(role);
}

/* --- The client ----------------------------------------------------------- */

static int client_socket(const struct cell *c)
{
    int two[2];
    switch (calls[c->call].state) {
    case SERVER:
        return FIRST_CONNECTED + number(c);
    case OTHER:
        if (socketpair(AF_UNIX, types[c->type].value, 0, two))
            die("socketpair");
        return two[0];
    default:
        return new_socket(c, 0);
    }
}

static void attempt(const struct cell *c)
{
    struct sockaddr_un un;
    socklen_t len = name(c, &un);
    const struct call *call = &calls[c->call];
    int fd = client_socket(c);
    long ret = call->make(fd, call->address ? &un : NULL, call->address ? len : 0);
    printf("%s %s %s %s %s\n", relation_names[c->relation], kind_names[c->kind], types[c->type].name, call->name,
           ret < 0 ? strerrorname_np(errno) : "ok");
}

static void client(void)
{
    char byte;
    serve(SAME, 0);
    if (read(GO, &byte, 1) != 1)
        die("go");
    for (int r = 0; r < RELATIONS; r++)
        for (struct cell c = first(r); next(&c);)
            attempt(&c);
    exit(fflush(stdout) ? 1 : 0);
}

/* --- Roles ---------------------------------------------------------------- */

static void fork_role(void (*what)(void))
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (!pid)
        what(), exit(0);
}

static void forked(void)
{
    serve(FORKED, SOCK_CLOEXEC);
    stay();
}

static void execed(void)
{
    become("execed");
}

static int role_parent(void)
{
    serve(PARENT, SOCK_CLOEXEC);
    start("sibling", "none");
    start("client", inner);
    return wait_for_all();
}

static int role_child(void)
{
    serve(CHILD, SOCK_CLOEXEC);
    start("grandchild", "none");
    return wait_for_all();
}

/* After its exec. */
static int role_client_again(void)
{
    int st;
    serve(BEFORE_FORK, SOCK_CLOEXEC);
    serve(GIVEN, 0);
    fork_role(forked);
    fork_role(execed);
    start("child", "none");
    pid_t pid = fork();
    if (!pid)
        client();
    waitpid(pid, &st, 0);
    ready();
    return wait_for_all() | (st ? 1 : 0);
}

static int role(const char *which)
{
    if (!strcmp(which, "parent"))
        return role_parent();
    if (!strcmp(which, "child"))
        return role_child();
    if (!strcmp(which, "client")) {
        serve(BEFORE_EXEC, 0);
        become("client_again");
    }
    if (!strcmp(which, "client_again"))
        return role_client_again();
    serve(!strcmp(which, "sibling") ? SIBLING : !strcmp(which, "execed") ? EXECED : GRANDCHILD, SOCK_CLOEXEC);
    stay();
    return 0;
}

/* --- The process outside ----------------------------------------------------- */

static void make_connected(void)
{
    for (int r = 0; r < RELATIONS; r++)
        for (struct cell c = first(r); next(&c);)
            if (calls[c.call].state == SERVER)
                at_number(new_socket(&c, 0), FIRST_CONNECTED + number(&c));
}

static void make_given(void)
{
    for (struct cell c = first(GIVEN); next(&c);)
        at_number(new_socket(&c, 0), FIRST_GIVEN + number(&c) % (KINDS * TYPES * CALLS));
}

static void connect_them(void)
{
    struct sockaddr_un un;
    for (int r = 0; r < RELATIONS; r++)
        for (struct cell c = first(r); next(&c);)
            if (calls[c.call].state == SERVER && call_connect(FIRST_CONNECTED + number(&c), &un, name(&c, &un)))
                die("connect from outside");
}

/* A pipe with one end at a number that everybody knows; the other is returned. */
static int known_pipe(int known, int end)
{
    int two[2];
    if (pipe2(two, O_CLOEXEC))
        die("pipe");
    int other = fcntl(two[!end], F_DUPFD_CLOEXEC, FIRST_GIVEN + 500);
    close(two[!end]);
    at_number(two[end], known);
    return other;
}

static void wait_ready(int from, int times)
{
    char byte;
    for (; times; times--)
        if (read(from, &byte, 1) != 1 || byte != 'r')
            die("somebody did not come up");
}

static int tree(void)
{
    int ready_end = known_pipe(READY, 1), go = known_pipe(GO, 0), life = known_pipe(LIFE, 0);
    alarm(60);
    make_connected();
    make_given();
    serve(OUTSIDE, SOCK_CLOEXEC);
    start("parent", outer);
    close(READY);
    wait_ready(ready_end, RELATIONS);
    connect_them();
    if (write(go, "g", 1) != 1)
        die("go");
    wait_ready(ready_end, 1);
    close(life);
    return wait_for_all();
}

/* More descriptors than usual. */
static void raise_limit(void)
{
    struct rlimit most = {4096, 4096};
    getrlimit(RLIMIT_NOFILE, &most);
    most.rlim_cur = most.rlim_max < 4096 ? most.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &most);
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "landlock"))
        return printf("%ld\n", syscall(__NR_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_VERSION)), 0;
    bool root = argc == 5 && !strcmp(argv[1], "tree");
    if (!root && argc != 6)
        return 2;
    self = argv[0], mode = argv[argc - 3], outer = argv[argc - 2], inner = argv[argc - 1];
    raise_limit();
    return root ? tree() : role(argv[2]);
}
