/* How the policy parser reaches files inside the constructor, and the memory it
 * works in; both are given back at the end. */
#ifndef SUNSHIM_SHIM_FILES_H
#define SUNSHIM_SHIM_FILES_H

#include "policy/policy.h"

/* Everything mapped while a policy is compiled. Small mappings come with their
 * pages: each page fault saved is worth two microseconds at every exec. */
struct workspace {
    size_t chunk; /* bytes the next chunk of the arena should have */
    struct mapping {
        struct mapping *next;
        size_t size;
    } *mappings;
    struct arena arena;
    struct policy_files files;
};

/* `size` zeroed bytes that last as long as the workspace; never NULL. */
void *workspace_take(struct workspace *w, size_t size);

void workspace_start(struct workspace *w);
void workspace_end(struct workspace *w);

/* Makes `len` bytes, which were the last that were taken, read-only and lets them outlive the
 * workspace: where they are, if they begin a mapping, else in one of their own. */
const void *workspace_keep(struct workspace *w, const void *bytes, size_t len);

/* Reads a regular file whole. -EISDIR, -EINVAL for what is no regular file, -EFBIG. */
int workspace_read(void *workspace, const char *path, struct policy_file *out);

#endif
