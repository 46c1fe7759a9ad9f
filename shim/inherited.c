/* Sockets that the program was started with. */
#include "state.h"
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

/* Adds the family of a socket; an IPv6 one has IPv4 peers as well. */
static uint64_t look_at(int fd)
{
    int family, on;

    if (fd < 0 || sys_getsockopt_int(fd, SO_DOMAIN, &family) < 0)
        return 0;
    if ((sys_getsockopt_int(fd, SO_PASSCRED, &on) == 0 && on) ||
        (sys_getsockopt_int(fd, SO_PASSPIDFD, &on) == 0 && on))
        atomic_store(&state_autobind_probe, true);
    if (family < 0 || family >= POLICY_FAMILIES)
        return INHERITED_ANY;
    return 1ull << family | (family == AF_INET6 ? 1ull << AF_INET : 0);
}

static uint64_t look_at_all(int dir)
{
    char entries[1024] __attribute__((aligned(8)));
    uint64_t families = INHERITED_LOOKED;
    long got;

    while ((got = sys_getdents(dir, entries, sizeof entries)) > 0)
        for (long at = 0; at < got;) {
            const struct kernel_dirent *entry = (const void *)(entries + at);

            at += entry->len;
            families |= look_at(number(entry->name));
        }
    return got < 0 ? INHERITED_ANY : families;
}

/* Put off until somebody asks: most programs never touch a socket, and /proc is
 * slow for a process as young as they are. Sockets that the program made before
 * count as inherited then; it may have those families anyway. */
uint64_t state_look(void)
{
    int dir = sys_openat(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    uint64_t families = dir < 0 ? INHERITED_ANY : look_at_all(dir);

    if (dir >= 0)
        sys_close(dir);
    if (families == INHERITED_ANY)
        atomic_store(&state_autobind_probe, true);
    return atomic_fetch_or(&state_inherited, families) | families;
}
