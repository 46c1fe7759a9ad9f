/* counts WHICH TIMES | counts unseen PATH WHY...: adds to the counts of the run it is
 * in, as the library does. WHICH: denied, allowed, leak, truncated, dropped, outside,
 * aliases, repaired. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "domain/counts.h"

static void *map(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/counts", getenv("SUNSHIM_DOMAIN"));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, COUNTS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        perror(path);
        exit(1);
    }
    close(fd);
    return at;
}

int main(int argc, char **argv)
{
    static const char *const words[COUNTS] = {
        [COUNT_DENIED] = "denied",     [COUNT_ALLOWED] = "allowed",     [COUNT_AUDIT] = "audit",
        [COUNT_HINT] = "hint",         [COUNT_LEAK] = "leak",           [COUNT_UNSEEN] = "-",
        [COUNT_TRUNCATED] = "truncated", [COUNT_DROPPED] = "dropped", [COUNT_OUTSIDE] = "outside",
        [COUNT_ALIASES] = "aliases",   [COUNT_REPAIRED] = "repaired",  [COUNT_INJECTED] = "injected"};
    void *at = map();

    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "unseen") && i + 2 < argc) {
            counts_unseen(at, argv[i + 1], argv[i + 2]);
            i++;
        }
        for (int which = 0; which < COUNTS; which++)
            for (int n = atoi(argv[i + 1]); !strcmp(argv[i], words[which]) && n > 0; n--)
                counts_add(at, (enum count)which);
    }
    return 0;
}
