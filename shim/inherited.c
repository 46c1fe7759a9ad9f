#include "inherited.h"

#include "free.h"
#include "sys.h"

struct kernel_dirent {
    uint64_t ino, off;
    uint16_t len;
    uint8_t type;
    char name[];
};

static int number(const char *digits)
{
    int n = 0;

    for (; *digits; digits++) {
        if (*digits < '0' || *digits > '9')
            return -1;
        n = n * 10 + (*digits - '0');
    }
    return n;
}

static void look(struct state *s, int fd)
{
    int family, on;

    if (fd < 0 || sys_getsockopt_int(fd, SO_DOMAIN, &family) < 0)
        return;
    free_admit(s, family);
    if ((sys_getsockopt_int(fd, SO_PASSCRED, &on) == 0 && on) ||
        (sys_getsockopt_int(fd, SO_PASSPIDFD, &on) == 0 && on))
        atomic_store(&state_autobind_probe, true);
}

static void assume_the_worst(void)
{
    atomic_store(&state_autobind_probe, true);
    atomic_store(&state_strangers, true);
}

void inherited_look(struct state *s)
{
    char entries[2048] __attribute__((aligned(8)));
    int dir = sys_openat(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    long got = -1;

    while (dir >= 0 && (got = sys_getdents(dir, entries, sizeof entries)) > 0)
        for (long at = 0; at < got;) {
            const struct kernel_dirent *entry = (const void *)(entries + at);

            at += entry->len;
            look(s, number(entry->name));
        }
    if (dir >= 0)
        sys_close(dir);
    if (got < 0)
        assume_the_worst();
}
