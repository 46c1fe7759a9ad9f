/* reuse CYCLES NAME COMMAND...: somebody inside a run and somebody outside bind
 * the same name in turn, a path, @abstract, or udp:PORT or tcp:PORT of 127.0.0.1,
 * CYCLES times each. COMMAND, followed
 * by this program, starts the run.
 *
 * Prints how often the one inside reached what it had bound itself; how often it
 * was refused (EACCES) what the one outside had bound; how often anything else
 * happened; and for paths, on stderr, how often the outsider's socket had the same
 * inode number as the one that was there before. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAR = 10, TELL = 11 }; /* both sides' ends of the two pipes */

static union {
    struct sockaddr any;
    struct sockaddr_un un;
    struct sockaddr_in in;
} where;
static socklen_t len;
static bool path; /* it is one */
static int type;  /* 0: both in turn */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void unix_name(const char *given)
{
    path = *given != '@';
    where.un.sun_family = AF_UNIX;
    strncpy(where.un.sun_path, given, sizeof where.un.sun_path - 1);
    len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(given)) + path;
    if (!path)
        where.un.sun_path[0] = '\0';
}

static void name(const char *given)
{
    if (strncmp(given, "udp:", 4) && strncmp(given, "tcp:", 4)) {
        unix_name(given);
        return;
    }
    type = *given == 'u' ? SOCK_DGRAM : SOCK_STREAM;
    where.in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(given + 4)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    len = sizeof where.in;
}

static void tell(void)
{
    if (write(TELL, "x", 1) != 1)
        die("tell");
}

static void hear(void)
{
    char byte;
    if (read(HEAR, &byte, 1) != 1)
        die("the other side is gone");
}

static int type_of(long cycle)
{
    return type ? type : cycle % 2 ? SOCK_STREAM : SOCK_DGRAM;
}

static int new_socket(long cycle)
{
    int fd = socket(where.any.sa_family, type_of(cycle) | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    return fd;
}

static int take_name(long cycle)
{
    int fd = new_socket(cycle);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, &where.any, len) || (type_of(cycle) == SOCK_STREAM && listen(fd, 8)))
        die("bind");
    return fd;
}

static ino_t inode(void)
{
    struct stat st;
    return path && !lstat(where.un.sun_path, &st) ? st.st_ino : 0;
}

static void leave_name(int fd)
{
    close(fd);
    if (path && unlink(where.un.sun_path))
        die("unlink");
}

/* 0, or errno. */
static int reach(long cycle)
{
    int fd = new_socket(cycle);
    int err = connect(fd, &where.any, len) ? errno : 0;
    close(fd);
    return err;
}

static void outside(long cycles)
{
    for (long i = 0; i < cycles; i++) {
        hear();
        int fd = take_name(i);
        tell();
        hear();
        leave_name(fd);
        tell();
    }
}

static int inside(long cycles)
{
    long own = 0, refused = 0, same = 0;
    for (long i = 0; i < cycles; i++) {
        int fd = take_name(i);
        ino_t was = inode();
        own += reach(i) == 0;
        leave_name(fd);
        tell();
        hear();
        refused += reach(i) == EACCES;
        same += was && was == inode();
        tell();
        hear();
    }
    fprintf(stderr, "same inode %ld\n", same);
    return printf("reached %ld refused %ld else %ld\n", own, refused, 2 * cycles - own - refused) < 0;
}

static void connect_pipes(int hear_end, int tell_end)
{
    if (dup2(hear_end, HEAR) < 0 || dup2(tell_end, TELL) < 0)
        die("dup2");
}

static int start(char **argv, int argc)
{
    char *command[32];
    int n = 0, in[2], out[2], st;
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || argc > 24)
        die("pipe");
    for (; n < argc - 3; n++)
        command[n] = argv[n + 3];
    memcpy(command + n, (char *[]){argv[0], argv[1], argv[2], NULL}, 4 * sizeof *command);
    pid_t pid = fork();
    if (!pid) {
        connect_pipes(in[0], out[1]);
        execvp(command[0], command);
        die(command[0]);
    }
    connect_pipes(out[0], in[1]);
    close(out[1]);
    outside(atol(argv[1]));
    return waitpid(pid, &st, 0) != pid || st;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    name(argv[2]);
    return argc == 3 ? inside(atol(argv[1])) : start(argv, argc);
}
