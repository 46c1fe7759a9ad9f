#include "outer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "domain/names.h"

/* NULL with errno. */
static const void *map(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *file = MAP_FAILED;

    if (fd < 0)
        return NULL;
    if (!fstat(fd, &st)) {
        *len = (size_t)st.st_size;
        file = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    int err = errno;
    close(fd);
    errno = err;
    return file == MAP_FAILED ? NULL : file;
}

int outer_directory(const char **dir)
{
    const char *domain = getenv("SUNSHIM_DOMAIN");

    *dir = NULL;
    if (!domain || !*domain || (*dir = realpath(domain, NULL)))
        return 0;
    return fail("cannot tell where the run around this one is: %s: %s", domain, strerror(errno));
}

/* How many runs there are, the one of `domain` and those around it. */
static unsigned depth(const char *domain)
{
    int fd = open(domain, O_PATH | O_DIRECTORY | O_CLOEXEC);
    unsigned runs = 0;

    while (fd >= 0 && ++runs < RUNS_MAX) {
        int next = openat(fd, DOMAIN_OUTER, O_PATH | O_DIRECTORY | O_CLOEXEC);

        close(fd);
        fd = next;
    }
    if (fd >= 0)
        close(fd);
    return runs;
}

static int too_deep(void)
{
    say("more than %u runs nested in each other", RUNS_MAX);
    return -1;
}

int outer_layers(struct layer *layers, uint32_t *flags)
{
    const char *domain = getenv("SUNSHIM_DOMAIN");
    size_t len;
    int count;

    *flags = LAYERS_NO_MEMORY;
    if (!domain || !*domain)
        return 0;
    const void *file = map(format_new("%s/" DOMAIN_POLICY, domain), &len);
    if (!file) {
        say("cannot read the policies of the run around this one: %s/" DOMAIN_POLICY ": %s", domain,
            strerror(errno));
        return -1;
    }
    if ((count = layers_check(file, len)) < 0 || !layers_sealed(file, len)) {
        say("the policies of the run around this one are damaged: %s/" DOMAIN_POLICY, domain);
        return -1;
    }
    if (depth(domain) == RUNS_MAX)
        return too_deep();
    *flags = layers_flags(file, len);
    for (int i = 0; i < count; i++) {
        layers_get(file, len, (uint32_t)i, &layers[i]);
        if (++layers[i].up == RUNS_MAX)
            return too_deep();
    }
    return count;
}
