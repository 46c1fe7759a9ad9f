/* Sockets that the program was started with: what a policy's shortcuts must know. */
#include "descriptors.h"
#include "state.h"
#include "sys.h"

/* Adds the family of a socket; an IPv6 one has IPv4 peers as well. */
static void look_at(void *ctx, int fd)
{
    uint64_t *families = ctx;
    int family, on;

    if (sys_getsockopt_int(fd, SO_DOMAIN, &family) < 0)
        return;
    if ((sys_getsockopt_int(fd, SO_PASSCRED, &on) == 0 && on) ||
        (sys_getsockopt_int(fd, SO_PASSPIDFD, &on) == 0 && on))
        atomic_store(&state_autobind_probe, true);
    if (family < 0 || family >= POLICY_FAMILIES)
        *families = INHERITED_ANY;
    else
        *families |= 1ull << family | (family == AF_INET6 ? 1ull << AF_INET : 0);
}

/* Put off until somebody asks: most programs never touch a socket, and /proc is
 * slow for a process as young as they are. Sockets that the program made before
 * count as inherited then; it may have those families anyway. */
uint64_t state_look(void)
{
    uint64_t families = INHERITED_LOOKED;

    if (descriptors_each(look_at, &families) < 0)
        families = INHERITED_ANY;
    if (families == INHERITED_ANY)
        atomic_store(&state_autobind_probe, true);
    return atomic_fetch_or(&state_inherited, families) | families;
}
