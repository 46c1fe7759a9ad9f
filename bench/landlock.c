/* landlock COMMAND...: runs a command with Landlock's scope for abstract unix
 * sockets (ABI 6), to compare with. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_restrict_self 446
#endif

static int fail(const char *what)
{
    fprintf(stderr, "landlock: %s: %s\n", what, strerror(errno));
    return 1;
}

int main(int argc, char **argv)
{
    const struct {
        uint64_t handled_access_fs, handled_access_net, scoped;
    } ruleset = {.scoped = 1};
    long fd = syscall(__NR_landlock_create_ruleset, &ruleset, sizeof ruleset, 0);

    if (argc < 2 || fd < 0)
        return fail("no scopes");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(__NR_landlock_restrict_self, fd, 0))
        return fail("cannot restrict itself");
    close((int)fd);
    execvp(argv[1], argv + 1);
    return fail(argv[1]);
}
