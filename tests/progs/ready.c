/* ready NAME...: waits until something is bound to each name, and listens if
 * it is of a kind that listens; a path may lead to it by other links. Reads
 * /proc/net so that nothing is connected:
 * a server that serves one client must not spend it on being waited for. READY_SECONDS instead of 30 s. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ACCEPTCON 0x10000 /* flags in /proc/net/unix: listening */
#define TCP_LISTENING 0x0a

/* A socket in a long directory is bound by another name for it. */
static bool is_same_file(const char *path, const char *name)
{
    const char *last = strrchr(path, '/'), *wanted = strrchr(name, '/');
    struct stat a, b;
    return last && wanted && !strcmp(last, wanted) && !stat(path, &a) && !stat(name, &b) && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

static bool unix_ready(const char *name)
{
    char line[8192], path[4096];
    bool found = false;
    FILE *f = fopen("/proc/net/unix", "re");
    while (f && fgets(line, sizeof line, f)) {
        unsigned flags, type;
        if (sscanf(line, "%*s %*x %*x %x %x %*x %*u %4095s", &flags, &type, path) == 3)
            found |= (!strcmp(path, name) || is_same_file(path, name)) && (type == 2 || (flags & ACCEPTCON));
    }
    if (f)
        fclose(f);
    return found;
}

static bool inet_ready(const char *table, unsigned port, unsigned wanted_state)
{
    char line[512];
    bool found = false;
    FILE *f = fopen(table, "re");
    while (f && fgets(line, sizeof line, f)) {
        unsigned local, state;
        if (sscanf(line, " %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x", &local, &state) == 2)
            found |= local == port && (!wanted_state || state == wanted_state);
    }
    if (f)
        fclose(f);
    return found;
}

static bool is_ready(const char *name)
{
    unsigned port;
    if (sscanf(name, "tcp:%u", &port) == 1)
        return inet_ready("/proc/net/tcp", port, TCP_LISTENING) || inet_ready("/proc/net/tcp6", port, TCP_LISTENING);
    if (sscanf(name, "udp:%u", &port) == 1)
        return inet_ready("/proc/net/udp", port, 0) || inet_ready("/proc/net/udp6", port, 0);
    return unix_ready(name);
}

int main(int argc, char **argv)
{
    const char *given = getenv("READY_SECONDS");
    int seconds = given ? atoi(given) : 30;
    for (int i = 1; i < argc; i++)
        for (int tries = 0; !is_ready(argv[i]); tries++) {
            if (tries == 100 * seconds) {
                fprintf(stderr, "ready: nothing is bound to %s after %d s\n", argv[i], seconds);
                return 1;
            }
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        }
    return 0;
}
