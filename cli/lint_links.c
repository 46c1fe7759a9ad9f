/* Names that lead through symbolic links. Rules are asked about names without any, so a
 * rule with one never matches: /var/run/x where /var/run leads to /run, /bin/x where /bin
 * leads to /usr/bin. */
#include "lint.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

enum { NAME_BYTES = POLICY_NAME_MAX + 1 };

/* The bytes a path's program begins with that stand for themselves; their number. `whole`:
 * there is nothing else. */
static size_t beginning(const struct glob *g, char out[NAME_BYTES], bool *whole)
{
    const uint8_t *c = g->code;
    size_t n = 0;

    for (; (*c >= GLOB_OPS || *c == GLOB_QUOTE) && n < NAME_BYTES - 1; c += glob_step(c))
        out[n++] = (char)(*c == GLOB_QUOTE ? c[1] : *c);
    out[n] = '\0';
    *whole = *c == GLOB_END && strlen(out) == n;
    return n;
}

/* The first part of `path` that is a symbolic link, its end; 0: none. What is not there is
 * none. */
static size_t link_in(char *path, size_t len)
{
    struct stat st;

    for (size_t i = 1; i <= len; i++) {
        char was = path[i];

        if (i < len && was != '/')
            continue;
        path[i] = '\0';
        bool link = !lstat(path, &st) && S_ISLNK(st.st_mode);
        path[i] = was;
        if (link)
            return i;
    }
    return 0;
}

/* `last`: the last component is followed, too. The link, and where it leads to; NULL:
 * nothing to say. */
static const char *linked(const struct glob *g, bool last, const char **instead)
{
    char path[NAME_BYTES], real[PATH_MAX];
    bool whole;
    size_t len = beginning(g, path, &whole), dir = len, end;
    const char *link;

    if (g->code[0] != '/' || !strncmp(path, "/proc/", 6))
        return NULL;
    if (!whole || !last)
        while (dir && path[dir - 1] != '/')
            dir--;
    while (dir > 1 && path[dir - 1] == '/')
        dir--;
    if (dir < 2 || !(end = link_in(path, dir)))
        return NULL;
    link = format_new("%.*s", (int)end, path);
    if (!realpath(link, real))
        return NULL;
    *instead = format_new("%s", real);
    return link;
}

static const char *all_linked(const struct glob *globs, uint32_t count, bool last, const char **suggestion)
{
    const char *link = NULL, *first = NULL, *instead, *first_instead = NULL;

    for (uint32_t i = 0; i < count; i++) {
        if (!(link = linked(&globs[i], last, &instead)))
            return NULL;
        first = first ? first : link;
        first_instead = first_instead ? first_instead : instead;
    }
    if (!first)
        return NULL;
    *suggestion = format_new("write %s in its place: rules are asked about names without links", first_instead);
    return format_new("%s is a symbolic link here", first);
}

const char *lint_link(const struct rule *r, enum lint_side *side, const char **suggestion)
{
    const char *why = NULL;

    *side = LINT_LOCAL;
    if (r->local.match == ADDR_GLOB)
        why = all_linked(r->local.globs, r->local.glob_count, false, suggestion);
    if (why)
        return why;
    *side = LINT_PEER;
    if (r->peer.match == ADDR_GLOB)
        why = all_linked(r->peer.globs, r->peer.glob_count, true, suggestion);
    return why ? why : all_linked(r->exes, r->exe_count, true, suggestion);
}

const char *lint_link_profile(const struct profile *p, const char **suggestion)
{
    return all_linked(p->attachments, p->attachment_count, true, suggestion);
}
