#include "install.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#elif defined(__riscv)
#define MULTIARCH "riscv64-linux-gnu"
#endif

/* The directory of the running command. */
static const char *home(void)
{
    static char path[PATH_MAX];
    ssize_t len;

    if (!*path) {
        if ((len = readlink("/proc/self/exe", path, sizeof path - 1)) <= 0)
            exit(fail("cannot read /proc/self/exe: is /proc mounted?"));
        path[len] = '\0';
        *strrchr(path, '/') = '\0';
    }
    return path;
}

/* Policies are obeyed, so they may come only from someone who could as well have
 * replaced the command: a build directory /tmp/b must not make /tmp/policies,
 * which anybody may create, a source of policies. */
static bool trusted_dir(const char *path)
{
    struct stat dir, command;

    return !stat(path, &dir) && S_ISDIR(dir.st_mode) && !stat("/proc/self/exe", &command) &&
           (dir.st_uid == 0 || dir.st_uid == command.st_uid) && !(dir.st_mode & S_IWOTH);
}

const char *const *install_policies(void)
{
    static const char *const places[] = {"../policies", "../share/sunshim/policies"};
    static const char *found[sizeof places / sizeof *places + 1];
    unsigned n = 0;

    if (*found)
        return found;
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = format_new("%s/%s", home(), places[i]);
        char *real = realpath(path, NULL);

        if (real && trusted_dir(real))
            found[n++] = real;
        free(path);
    }
    return found;
}

const char *install_library(const char *const **looked)
{
    static const char *const places[] = {"libsunshim.so", "../lib/sunshim/libsunshim.so", "../lib/libsunshim.so",
                                         "../lib64/libsunshim.so", "../lib/" MULTIARCH "/libsunshim.so"};
    static const char *tried[sizeof places / sizeof *places + 1];

    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        tried[i] = format_new("%s/%s", home(), places[i]);
        char *real = realpath(tried[i], NULL);

        if (real)
            return real;
    }
    *looked = tried;
    return NULL;
}
