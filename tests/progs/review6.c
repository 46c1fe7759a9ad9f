/* What test_review6.c needs that no other program does.
 *
 * review6 begin            leaves a process behind that has claimed a cell of the run's queue of
 *                          lines and never ends its line; prints its pid
 * review6 names N [SIZE]   N connects to abstract names of nobody, @review6/I, padded to SIZE
 * review6 small            a datagram received with room for two bytes of its sender's name
 * review6 relative         a datagram from a sender that was bound to a relative name elsewhere */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int check(int ret, const char *what)
{
    if (ret < 0)
        die(what);
    return ret;
}

/* --- A line that nobody ends: words as in domain/lines.c ------------------------------------ */

enum { TAIL = 32, WORDS = 64, CELLS = 32768 };

static uint64_t *lines(void)
{
    const size_t size = 8 * (WORDS + (size_t)CELLS * 33);
    char path[4096];

    snprintf(path, sizeof path, "%s/lines", getenv("SUNSHIM_DOMAIN"));
    int fd = check(open(path, O_RDWR), path);
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        die("mmap");
    return at;
}

static void claim(void)
{
    uint64_t *words = lines(), tail = __atomic_load_n(&words[TAIL], __ATOMIC_SEQ_CST), free = 0;
    struct stat st;

    check(stat("/proc/self/ns/pid", &st), "stat");
    uint64_t held = (uint64_t)(st.st_ino * 0x9e3779b97f4a7c15u >> 56) << 36 | (uint64_t)getpid() << 14 | 1 << 2 | 1;
    if (tail >= CELLS || !__atomic_compare_exchange_n(&words[WORDS + tail], &free, held, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        fprintf(stderr, "no cell at %llu\n", (unsigned long long)tail);
        exit(1);
    }
}

static void begin(void)
{
    char byte = 0;
    int ready[2], pid;

    check(pipe(ready), "pipe");
    if ((pid = check(fork(), "fork"))) {
        if (read(ready[0], &byte, 1) != 1)
            exit(1);
        printf("%d\n", pid);
        return;
    }
    setsid();
    claim();
    check((int)write(ready[1], "x", 1), "write");
    for (int fd = 0; fd < 256; fd++)
        close(fd);
    for (;;)
        pause();
}

/* --- Calls ------------------------------------------------------------------------------------- */

static void names(int n, int size)
{
    int fd = check(socket(AF_UNIX, SOCK_STREAM, 0), "socket");

    for (int i = 0; i < n; i++) {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        int len = snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "review6/%0*d", size, i);

        if (connect(fd, (void *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) != -1)
            die("connect");
    }
}

static struct sockaddr_un at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    strcpy(a.sun_path, path);
    return a;
}

static int bound(const char *path)
{
    struct sockaddr_un a = at(path);
    int fd = check(socket(AF_UNIX, SOCK_DGRAM, 0), "socket");

    check(bind(fd, (void *)&a, sizeof a), "bind");
    return fd;
}

static void send_one(int from, const char *path)
{
    struct sockaddr_un to = at(path);

    check((int)sendto(from, "x", 1, 0, (void *)&to, sizeof to), "sendto");
}

/* Behind the room stands what is no name. */
static void small(void)
{
    struct {
        char room[4], behind[124];
    } name;
    socklen_t len = sizeof name.room;
    char byte;
    int to = bound("to"), from = bound("from");

    send_one(from, "to");
    memset(&name, 'Z', sizeof name);
    check((int)recvfrom(to, &byte, 1, 0, (void *)&name, &len), "recvfrom");
    printf("%u\n", len);
}

/* "from" means another file here than where it was bound. */
static void relative(void)
{
    struct sockaddr_un name;
    socklen_t len = sizeof name;
    char byte;
    int to = bound("to"), link;

    check(mkdir("elsewhere", 0700), "mkdir");
    check(link = open("target", O_CREAT | O_WRONLY | O_CLOEXEC, 0600), "open");
    check(symlink("target", "from"), "symlink");
    if (!check(fork(), "fork")) {
        check(chdir("elsewhere"), "chdir");
        send_one(bound("from"), "../to");
        exit(0);
    }
    check((int)recvfrom(to, &byte, 1, 0, (void *)&name, &len), "recvfrom");
    while (wait(NULL) > 0)
        ;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";

    if (!strcmp(what, "begin"))
        begin();
    else if (!strcmp(what, "names") && argc > 2)
        names(atoi(argv[2]), argc > 3 ? atoi(argv[3]) : 1);
    else if (!strcmp(what, "small"))
        small();
    else if (!strcmp(what, "relative"))
        relative();
    else
        return 2;
    return 0;
}
