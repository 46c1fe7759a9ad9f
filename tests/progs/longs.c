/* longs lengths BASE [bare]  socket names of 60 to 4,095 bytes below BASE, in every call
 * longs errors DIR            calls that fail, one line each; DIR holds what fixture() makes
 * longs fixture DIR           makes it
 * longs room PATH             names read back into buffers of every size
 * longs where PATH WHERE      one server and client in a thread with a descriptor table of
 *                             its own (table), after the main thread has ended (main), without a free
 *                             descriptor (full), or plainly (plain) */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEAD = offsetof(struct sockaddr_un, sun_path), ROOM = 8192 };

struct address {
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        char bytes[ROOM];
    };
    socklen_t len;
};

static char what[64] = "";
static bool bare; /* without a run nobody knows what a peer was bound to */

#define must(ok) \
    do { \
        if (!(ok)) { \
            fprintf(stderr, "longs: line %d%s: not so: %s (%s)\n", __LINE__, what, #ok, strerror(errno)); \
            exit(1); \
        } \
    } while (0)

static void to(struct address *a, const char *path)
{
    size_t len = strlen(path);

    memset(a, 0, sizeof *a);
    a->un.sun_family = AF_UNIX;
    memcpy(a->bytes + HEAD, path, len + 1);
    /* 108 bytes without a terminator are the longest that the kernel takes itself. */
    a->len = (socklen_t)(HEAD + len + (len != sizeof a->un.sun_path));
}

static void to_file(struct address *a, const char *dir, const char *file)
{
    char path[ROOM - 16];

    must((size_t)snprintf(path, sizeof path, "%s/%s", dir, file) < sizeof path);
    to(a, path);
}

static bool is(const struct address *a, const char *path)
{
    size_t len = strlen(path);

    return a->len >= HEAD + len && strncmp(a->bytes + HEAD, path, len) == 0 && (a->len == HEAD + len || !a->bytes[HEAD + len]);
}

static const char *path_of(const struct address *a)
{
    return a->bytes + HEAD;
}

static struct address empty(void)
{
    return (struct address){.len = ROOM};
}

/* --- Lengths ---------------------------------------------------------------- */

/* Makes directories below BASE until a name of `n` bytes ends in "/s" plus `last` more letters. */
static void build(const char *base, size_t n, size_t last, char *path)
{
    size_t len = strlen(strcpy(path, base));
    int dir = open(base, O_PATH | O_DIRECTORY);

    must(dir >= 0);
    while (len + 1 + last < n) {
        char name[256];
        size_t part = n - len - 1 - last - 1;

        if (part > 200)
            part = part - 200 < 2 ? 150 : 200;
        if (!part) { /* one byte is left: no room for a slash and a name */
            last++;
            continue;
        }
        memset(name, 'd', part);
        name[part] = '\0';
        must(mkdirat(dir, name, 0755) == 0 || errno == EEXIST);
        int next = openat(dir, name, O_PATH | O_DIRECTORY);
        must(next >= 0);
        close(dir);
        dir = next;
        path[len++] = '/';
        memcpy(path + len, name, part + 1);
        len += part;
    }
    path[len++] = '/';
    memset(path + len, 's', last);
    path[len + last] = '\0';
    must(strlen(path) == n);
    close(dir);
}

static void streams(const char *path)
{
    struct address a, got = empty();
    char byte;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);

    to(&a, path);
    must(bind(server, &a.any, a.len) == 0);
    must(getsockname(server, &got.any, &got.len) == 0 && is(&got, path));
    must(listen(server, 5) == 0);
    must(connect(client, &a.any, a.len) == 0);
    got = empty();
    must(getpeername(client, &got.any, &got.len) == 0 && (bare || is(&got, path)));
    got = empty();
    int made = accept(server, &got.any, &got.len);
    must(made >= 0 && got.len == HEAD);
    must(send(client, "x", 1, 0) == 1 && recv(made, &byte, 1, 0) == 1 && byte == 'x');
    got = empty();
    must(getsockname(made, &got.any, &got.len) == 0 && (bare || is(&got, path)));
    close(server), close(client), close(made);
    must(unlink(path) == 0);
}

/* A client that is bound to a long name, as its server sees it. */
static void named_client(const char *path, const char *other)
{
    struct address a, b, got = empty();
    int server = socket(AF_UNIX, SOCK_SEQPACKET, 0), client = socket(AF_UNIX, SOCK_SEQPACKET, 0);

    to(&a, path);
    to(&b, other);
    must(bind(server, &a.any, a.len) == 0 && listen(server, 5) == 0);
    must(bind(client, &b.any, b.len) == 0 && connect(client, &a.any, a.len) == 0);
    int made = accept4(server, &got.any, &got.len, SOCK_CLOEXEC);
    must(made >= 0 && (bare || is(&got, other)));
    close(server), close(client), close(made);
    must(unlink(path) == 0 && unlink(other) == 0);
}

static void datagrams(const char *path, const char *other)
{
    struct address a, b, got = empty();
    char text[8];
    char three[] = "msg";
    struct iovec part = {three, 3}, room = {text, sizeof text};
    int server = socket(AF_UNIX, SOCK_DGRAM, 0), client = socket(AF_UNIX, SOCK_DGRAM, 0);

    to(&a, path);
    to(&b, other);
    must(bind(server, &a.any, a.len) == 0 && bind(client, &b.any, b.len) == 0);
    must(sendto(client, "one", 3, 0, &a.any, a.len) == 3);
    must(recvfrom(server, text, sizeof text, 0, &got.any, &got.len) == 3 && (bare || is(&got, other)));
    if (!bare)
        must(sendto(server, "ans", 3, 0, &got.any, got.len) == 3 && recv(client, text, sizeof text, 0) == 3);
    struct msghdr out = {.msg_name = &a, .msg_namelen = a.len, .msg_iov = &part, .msg_iovlen = 1};
    struct msghdr in = {.msg_name = &got, .msg_namelen = ROOM, .msg_iov = &room, .msg_iovlen = 1};
    must(sendmsg(client, &out, 0) == 3);
    must(recvmsg(server, &in, 0) == 3);
    got.len = in.msg_namelen;
    must(bare || is(&got, other));
    struct mmsghdr many[3] = {{.msg_hdr = out}, {.msg_hdr = out}, {.msg_hdr = out}};
    must(sendmmsg(client, many, 3, 0) == 3 && many[2].msg_len == 3);
    in.msg_namelen = ROOM;
    struct mmsghdr into[3] = {{.msg_hdr = in}, {.msg_hdr = in}, {.msg_hdr = in}};
    must(recvmmsg(server, into, 3, MSG_DONTWAIT, NULL) == 3);
    got.len = into[2].msg_hdr.msg_namelen;
    must(bare || is(&got, other));
    must(connect(client, &a.any, a.len) == 0 && send(client, "c", 1, 0) == 1 && recv(server, text, 8, 0) == 1);
    close(server), close(client);
    must(unlink(path) == 0 && unlink(other) == 0);
}

static void one_length(const char *base, size_t n, size_t last)
{
    char path[ROOM], other[ROOM];

    snprintf(what, sizeof what, " (%zu bytes, the last %zu)", n, last);
    build(base, n, last, path);
    build(base, n, last, other);
    other[n - 1] = 't';
    streams(path);
    datagrams(path, other);
    named_client(path, other);
}

static void too_long(const char *base)
{
    struct address a;
    char path[5000];
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    build(base, 4095, 1, path);
    strcat(path, "s");
    to(&a, path);
    must(bind(fd, &a.any, a.len) < 0 && errno == ENAMETOOLONG);
    must(connect(fd, &a.any, a.len) < 0 && errno == ENAMETOOLONG);
    must(sendto(fd, "x", 1, 0, &a.any, a.len) < 0 && errno == ENAMETOOLONG);
    memset(path, 'c', 256); /* one letter more than a file's name may have */
    path[256] = '\0';
    to(&a, path);
    must(bind(fd, &a.any, a.len) < 0 && errno == ENAMETOOLONG);
    must(connect(fd, &a.any, a.len) < 0 && errno == ENAMETOOLONG);
}

static int lengths(const char *base)
{
    const size_t shortest = strlen(base) + 4;

    for (size_t n = shortest > 100 ? shortest : 100; n < 125; n++)
        one_length(base, n, 1);
    for (size_t n = 150; n <= 4095; n += n < 300 ? 13 : n < 3900 ? 401 : 39)
        one_length(base, n, n % 2 ? 1 : 60);
    one_length(base, 4095, 1);
    for (size_t last = 40; last <= 255; last += last < 110 ? 1 : 29)
        one_length(base, 400, last);
    one_length(base, 400, 255);
    too_long(base);
    puts("all lengths");
    return 0;
}

/* --- Errors ------------------------------------------------------------------ */

static int fixture(const char *dir)
{
    struct address a;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    must(chdir(dir) == 0);
    to(&a, "dgram");
    must(bind(fd, &a.any, a.len) == 0);
    to(&a, "deaf");
    must(bind(socket(AF_UNIX, SOCK_STREAM, 0), &a.any, a.len) == 0);
    to(&a, "locked-socket");
    must(bind(socket(AF_UNIX, SOCK_STREAM, 0), &a.any, a.len) == 0 && chmod("locked-socket", 0) == 0);
    must(mkdir("sub", 0755) == 0 && mkdir("locked", 0) == 0 && mkdir("readonly", 0555) == 0);
    must(close(open("file", O_CREAT | O_WRONLY, 0644)) == 0 && mkfifo("fifo", 0644) == 0);
    must(symlink("nowhere", "dangling") == 0 && symlink("loop", "loop") == 0 && symlink("dgram", "link") == 0);
    must(symlink("sub", "dirlink") == 0);
    return 0;
}

static void say(const char *call, const char *file, long ret)
{
    printf("%s %.20s: %s\n", call, file, ret < 0 ? strerrorname_np(errno) : "ok");
}

static const char *const files[] = {
    "dgram",  "deaf",       "missing", "missing/x", "file",      "file/x",   "fifo",      "sub",      "sub/",  "sub/.",
    "sub/..", "dgram/",     "new/",    "file/",     "dangling",  "dangling/", "loop",     "loop/x",   "link",  "link/",
    ".",      "..",         "locked/x", "locked-socket", "readonly/x", "dirlink", "dirlink/", "dirlink/missing", "sub//missing", "./missing",
};

static void each_type(const char *dir, const char *file, int type)
{
    struct address a;
    int fd = socket(AF_UNIX, type, 0);

    to_file(&a, dir, file);
    say("connect", file, connect(fd, &a.any, a.len));
    say("sendto", file, sendto(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, &a.any, a.len));
    close(fd);
    fd = socket(AF_UNIX, type, 0);
    int bound = bind(fd, &a.any, a.len);
    say("bind", file, bound);
    if (bound == 0) {
        to_file(&a, dir, "second");
        say("bind again", file, bind(fd, &a.any, a.len));
        to_file(&a, dir, file);
        unlink(path_of(&a));
    }
    close(fd);
}

/* Descriptors that are no unix sockets, whatever the name. */
static void each_descriptor(const char *dir, const char *word, int fd)
{
    struct address a;

    to_file(&a, dir, "dgram");
    say("connect", word, connect(fd, &a.any, a.len));
    say("bind", word, bind(fd, &a.any, a.len));
}

static void connected(const char *dir)
{
    struct address a;
    int pair[2], packets[2];

    to_file(&a, dir, "dgram");
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets) == 0);
    say("sendto", "pair", sendto(pair[0], "x", 1, MSG_NOSIGNAL, &a.any, a.len));
    say("sendto", "packets", sendto(packets[0], "x", 1, MSG_NOSIGNAL, &a.any, a.len));
    say("connect", "pair", connect(pair[0], &a.any, a.len));
    to_file(&a, dir, "dgram2");
    say("bind", "pair", bind(pair[0], &a.any, a.len));
    unlink(path_of(&a));
}

static int errors(const char *dir)
{
    const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};

    for (unsigned t = 0; t < 3; t++)
        for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
            each_type(dir, files[i], types[t]);
    each_descriptor(dir, "closed", 999);
    each_descriptor(dir, "no socket", open("/dev/null", O_RDWR));
    each_descriptor(dir, "tcp", socket(AF_INET, SOCK_STREAM, 0));
    connected(dir);
    return 0;
}

/* --- Room ---------------------------------------------------------------------- */

/* No byte behind the room changes, and no length beyond it is told. */
static int room(const char *path)
{
    struct address a;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    size_t whole = HEAD + strlen(path) + 1;

    to(&a, path);
    must(bind(server, &a.any, a.len) == 0 && listen(server, 300) == 0 && connect(client, &a.any, a.len) == 0);
    for (socklen_t size = 0; size < whole + 20; size++) {
        char *buffer = malloc(size ? size : 1); /* for valgrind and the sanitizers */
        for (int peer = 0; peer < 2; peer++) {
            socklen_t len = size;
            must((peer ? getpeername(client, (void *)buffer, &len) : getsockname(server, (void *)buffer, &len)) == 0);
            must(len <= size);
            must(size < whole - 1 || (len == (size < whole ? size : whole) && memcmp(buffer + HEAD, path, len - HEAD) == 0));
        }
        free(buffer);
    }
    puts("every room");
    return 0;
}

/* --- Where -------------------------------------------------------------------------- */

static const char *where_path;
static void (*prepare)(void);

static void *serve(void *unused)
{
    struct address a;
    int fd[2] = {socket(AF_UNIX, SOCK_STREAM, 0), socket(AF_UNIX, SOCK_STREAM, 0)};
    int gram[2] = {socket(AF_UNIX, SOCK_DGRAM, 0), socket(AF_UNIX, SOCK_DGRAM, 0)};

    (void)unused;
    if (prepare)
        prepare();
    to(&a, where_path);
    must(bind(fd[0], &a.any, a.len) == 0 && listen(fd[0], 1) == 0);
    must(connect(fd[1], &a.any, a.len) == 0);
    must(unlink(where_path) == 0);
    must(bind(gram[0], &a.any, a.len) == 0);
    must(sendto(gram[1], "x", 1, 0, &a.any, a.len) == 1 && connect(gram[1], &a.any, a.len) == 0);
    must(unlink(where_path) == 0);
    puts("served");
    fflush(stdout);
    _exit(0);
}

static void own_table(void)
{
    must(unshare(CLONE_FILES) == 0);
    close(0);
}

/* The main thread stays as a zombie. (pthread_join() of it is not for every sanitizer.) */
static void wait_for_first(void)
{
    char path[64], state = 'R';

    snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)getpid());
    while (state != 'Z') {
        FILE *f = fopen(path, "r");
        must(f && fscanf(f, "%*d %*s %c", &state) == 1);
        fclose(f);
    }
}

static void fill_table(void)
{
    must(setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64}) == 0);
    while (dup(1) >= 0)
        ;
    must(errno == EMFILE);
}

static int where(const char *path, const char *word)
{
    pthread_t thread;

    where_path = path;
    prepare = !strcmp(word, "table") ? own_table : !strcmp(word, "main") ? wait_for_first : !strcmp(word, "full") ? fill_table : NULL;
    must(pthread_create(&thread, NULL, serve, NULL) == 0);
    if (prepare == wait_for_first)
        pthread_exit(NULL);
    pthread_join(thread, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    bare = argc == 4 && !strcmp(argv[3], "bare");
    if (argc >= 3 && !strcmp(argv[1], "lengths"))
        return lengths(argv[2]);
    if (argc == 3 && !strcmp(argv[1], "fixture"))
        return fixture(argv[2]);
    if (argc == 3 && !strcmp(argv[1], "errors"))
        return errors(argv[2]);
    if (argc == 3 && !strcmp(argv[1], "room"))
        return room(argv[2]);
    if (argc == 4 && !strcmp(argv[1], "where"))
        return where(argv[2], argv[3]);
    return 2;
}
