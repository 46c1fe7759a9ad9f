/* linestorm PROCESSES CALLS: that many processes make that many connects each, all at once, to
 * abstract names that nobody has: @storm/PROCESS/CALL/xxx..., of different lengths. Prints how
 * many calls a second that was, on standard error.
 *
 * linestorm check FILE PROCESSES CALLS: looks for each of these names in FILE, a trace in any
 * form: exactly once, on a line of its own that is whole. Prints how many lines there are, and
 * fails when a line is lost, doubled or torn. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PADDING = 61 }; /* lengths of names: lines are now one piece of a queue, now several */

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* --- Calls --------------------------------------------------------------------------------- */

static socklen_t set_name(struct sockaddr_un *a, unsigned process, unsigned call)
{
    int len = snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "storm/%u/%u/%.*s", process, call, (int)(call % PADDING),
                       "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");

    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

static void storm(unsigned process, unsigned calls)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    if (fd < 0)
        die("socket");
    for (unsigned i = 0; i < calls; i++) {
        socklen_t len = set_name(&a, process, i);

        if (connect(fd, (void *)&a, len) != -1 || errno != ECONNREFUSED)
            die("connect");
    }
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int make_calls(unsigned processes, unsigned calls)
{
    double began = now();
    int status, failed = 0, go[2];

    if (pipe(go))
        die("pipe");
    for (unsigned i = 0; i < processes; i++) {
        pid_t pid = fork();

        if (pid < 0)
            die("fork");
        if (!pid) {
            char c;

            close(go[1]);
            if (read(go[0], &c, 1)) /* until all are there */
                die("read");
            storm(i, calls);
            _exit(0);
        }
    }
    close(go[1]);
    while (wait(&status) > 0)
        failed |= status;
    fprintf(stderr, "%.0f calls a second\n", processes * (double)calls / (now() - began));
    return failed != 0;
}

/* --- Lines ---------------------------------------------------------------------------------- */

/* The name's numbers, if it is whole: as many x as its number asks for, and a quote. */
static int find_name(const char *line, unsigned *process, unsigned *call)
{
    const char *at = strstr(line, "@storm/");
    int len = 0;

    if (!at || sscanf(at, "@storm/%u/%u/%n", process, call, &len) != 2 || !len)
        return 0;
    at += len;
    return strspn(at, "x") == *call % PADDING && at[*call % PADDING] == '"' && !strstr(at, "@storm/");
}

/* Text begins with its time and ends with its duration or a rule; JSON is an object. */
static int is_whole(const char *line, size_t len)
{
    if (!len || line[len - 1] != '\n')
        return 0;
    if (*line == '{')
        return len > 2 && line[len - 2] == '}' && strstr(line, "\"duration_ns\":");
    return *line >= '0' && *line <= '9' ? strchr(line, '<') && line[len - 2] == '>' : !strncmp(line, "time=", 5);
}

static int check(const char *path, unsigned processes, unsigned calls)
{
    unsigned char *seen = calloc(processes, calls);
    unsigned long lines = 0, torn = 0, twice = 0, missing = 0;
    FILE *f = fopen(path, "r");
    unsigned process, call;
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    if (!f || !seen)
        die(path);
    while ((len = getline(&line, &room, f)) > 0) {
        if (strstr(line, "socket") && !strstr(line, "storm/"))
            continue; /* the calls that made the sockets */
        lines++;
        if (!is_whole(line, (size_t)len) || !find_name(line, &process, &call) || process >= processes || call >= calls)
            torn++;
        else
            twice += seen[(size_t)process * calls + call]++ != 0;
    }
    for (size_t i = 0; i < (size_t)processes * calls; i++)
        missing += !seen[i];
    printf("%lu lines, %lu missing, %lu twice, %lu torn\n", lines, missing, twice, torn);
    return missing || twice || torn;
}

int main(int argc, char **argv)
{
    if (argc == 5 && !strcmp(argv[1], "check"))
        return check(argv[2], (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4]));
    if (argc != 3)
        return 2;
    return make_calls((unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]));
}
