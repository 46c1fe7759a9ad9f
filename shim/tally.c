#include "tally.h"

#include "domain/names.h"
#include "policy/text.h"
#include "state.h"
#include "sys.h"

/* Mapped for a moment: what is counted is rare, and most programs count nothing.
 * Kept short of a page of stack; a run's directory has a short name. */
static void *counts_map(void)
{
    char path[320];
    struct text t = text_into(path, sizeof path);
    struct stat st;
    void *at = NULL;

    if (!state->domain[0])
        return NULL;
    text_str(&t, state->domain);
    text_str(&t, "/" DOMAIN_COUNTS);
    text_done(&t);
    int fd = t.full ? -1 : sys_openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0)
        return NULL;
    if (sys_fstat(fd, &st) == 0 && st.st_size == COUNTS_SIZE)
        at = sys_map(COUNTS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
    sys_close(fd);
    return at;
}

void tally(enum count which)
{
    void *at = counts_map();

    if (!at)
        return;
    counts_add(at, which);
    sys_unmap(at, COUNTS_SIZE);
}

void tally_unseen(const char *path, const char *why)
{
    void *at = counts_map();

    if (!at)
        return;
    counts_unseen(at, path, why);
    sys_unmap(at, COUNTS_SIZE);
}
