#include "library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "install.h"

static const char *say_missing(const char *const *looked)
{
    say("the library libsunshim.so is missing; looked for:");
    for (; *looked; looked++)
        fprintf(stderr, "    %s\n", *looked);
    return NULL;
}

/* In the child. Without SUNSHIM_*: this is about the library, not about what a
 * policy in the environment would make of it. */
static _Noreturn void try_load(const char *path, int report)
{
    unsetenv("SUNSHIM_POLICY");
    unsetenv("SUNSHIM_DOMAIN");
    unsetenv("SUNSHIM_REPORT");
    unsetenv("SUNSHIM_LOG");
    unsetenv("SUNSHIM_LOG_FORMAT");
    unsetenv("SUNSHIM_MODE");
    if (dlopen(path, RTLD_NOW | RTLD_LOCAL))
        _exit(0);
    const char *why = dlerror();
    ssize_t n = write(report, why, strlen(why));
    _exit(n < 0 ? 2 : 1);
}

/* What the child says, until it ends. */
static void hear(int from, char *text, size_t size)
{
    size_t len = 0;
    ssize_t n;

    while (len < size - 1 && ((n = read(from, text + len, size - 1 - len)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0)
            len += (size_t)n;
    text[len] = '\0';
}

static bool loads(const char *path)
{
    char why[512];
    int ends[2], status = 0;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) || (child = fork()) < 0) {
        say("cannot try the library: %s", strerror(errno));
        return false;
    }
    if (!child)
        try_load(path, ends[1]);
    close(ends[1]);
    hear(ends[0], why, sizeof why);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && !WEXITSTATUS(status))
        return true;
    if (WIFSIGNALED(status))
        say("the library cannot be loaded: %s: %s while loading it", path, strsignal(WTERMSIG(status)));
    else
        say("the library cannot be loaded: %s", *why ? why : path);
    return false;
}

const char *library_ready(void)
{
    const char *const *looked;
    const char *path = install_library(&looked);

    if (!path)
        return say_missing(looked);
    return loads(path) ? path : NULL;
}

bool library_public(const char *path)
{
    char part[PATH_MAX];
    struct stat st;

    if (stat(path, &st) || !(st.st_mode & S_IROTH))
        return false;
    for (const char *slash = path; slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path) + 1, path);
        if (stat(part, &st) || !(st.st_mode & S_IXOTH))
            return false;
    }
    return true;
}
