/* What stands where a program ends up that cuts the name to what fits. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"
#include "who_print.h"

static const char *kind(const struct stat *st)
{
    return S_ISSOCK(st->st_mode)  ? "a socket"
           : S_ISDIR(st->st_mode) ? "a directory"
           : S_ISLNK(st->st_mode) ? "a symbolic link"
           : S_ISREG(st->st_mode) ? "a regular file"
                                  : "a file";
}

/* Who has the socket of that file, in words; NULL: it is none. */
static char *bound_to(struct doctor *d, const char *path)
{
    struct file_id id;

    if (file_identify(path, &id) || !id.is_socket)
        return NULL;
    if (!d->answer.world.space_count) {
        world_load(&d->answer.world);
        world_widen(&d->answer.world);
    }
    for (size_t i = 0; i < d->answer.world.count; i++) {
        const struct sock *s = d->answer.world.all[i];
        struct holders h = {0};

        if (!file_is_of(&id, s) || sock_is_connection(s))
            continue;
        holders_scan(&h, &s->ino, 1);
        return h.count ? format_new("held by %s", holder_word(h.at)) : format_new("holder not visible");
    }
    return format_new("stale");
}

static void look(struct doctor *d, const char *path, size_t at)
{
    char *cut = format_new("%.*s", (int)at, path), *who;
    struct stat st;

    /* Cut at the end of a component it is a directory on the way. */
    if (strlen(path) <= at || path[at] == '/' || path[at - 1] == '/' || lstat(cut, &st))
        return;
    who = bound_to(d, cut);
    struct finding *f =
        finding_add(&d->findings, "cut-name", NOTE, "cut after %zu bytes by a program: %s has that name%s%s",
                    at, kind(&st), who ? ", " : "", who ? who : "");
    remedy_add(f, "run both ends with: sunshim run --long-paths -- COMMAND");
    remedy_add(f, "sunshim who %s", shell_word(cut));
}

void doctor_cut(struct doctor *d)
{
    const char *absolute = d->absolute;

    for (size_t at = SUN_USABLE; at <= SUN_ROOM; at++) {
        look(d, d->path, at);
        if (absolute)
            look(d, absolute, at);
    }
}
