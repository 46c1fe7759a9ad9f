#include "outer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "domain_names.h"

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

int outer_layers(struct layer *layers)
{
    const char *domain = getenv("SUNSHIM_DOMAIN");
    size_t len;
    int count;

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
    for (int i = 0; i < count; i++) {
        layers_get(file, len, (uint32_t)i, &layers[i]);
        if (++layers[i].up == RUNS_MAX) {
            say("more than %u runs nested in each other", RUNS_MAX);
            return -1;
        }
    }
    return count;
}
