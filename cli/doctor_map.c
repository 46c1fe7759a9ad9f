/* Where a path leads by the `map` rules of policies, as the library would follow them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"
#include "domain/passed.h"
#include "load.h"

static const char *place_of(const struct policy *p, uint32_t rule)
{
    struct policy_rule_info info = {.file = "?"};

    policy_rule(p, rule, &info);
    return format_new("%s:%u", info.file, info.line);
}

/* --- Passed descriptors ------------------------------------------------------------ */

static bool is_passed_file(const char *path, const struct passed *p)
{
    struct stat st;

    return !stat(path, &st) && S_ISSOCK(st.st_mode) && (!p->pid || (st.st_dev == p->dev && st.st_ino == p->ino));
}

/* The way to it: our own descriptor, or the launcher's; NULL: nothing is passed here. */
static const char *way_to(const char *name)
{
    struct passed p;

    if (!passed_find(getenv("SUNSHIM_FDS"), name, strlen(name), &p))
        return NULL;
    const char *own = format_new("/proc/self/fd/%d", p.fd), *launchers = format_new("/proc/%d/fd/%d", p.pid, p.fd);
    return is_passed_file(own, &p) ? own : p.pid && is_passed_file(launchers, &p) ? launchers : NULL;
}

static const char *find_passed(struct doctor *d, const char *name, const char *rule)
{
    const char *way = way_to(name);

    if (way) {
        finding_add(&d->findings, "passed", NOTE, "it leads to %s, which is passed as '%s', by %s", way, name, rule);
        return way;
    }
    struct finding *f = finding_add(&d->findings, "not-passed", REMEDY,
                                    "it leads to the socket that is passed as '%s', by %s; here none is", name, rule);
    remedy_add(f, "sunshim run --anon %s -p POLICY -- COMMAND   for a new socket, of a server in that run", name);
    remedy_add(f, "sunshim run --pass %s=FD -p POLICY -- COMMAND   for one that descriptor FD is", name);
    return NULL;
}

/* --- The rules ------------------------------------------------------------------------ */

/* False: there is no more to look at. */
static bool follow(struct doctor *d, const struct policy *p)
{
    char *to = allocate(PATH_MAX);
    long len = policy_map(p, d->path, d->len, to, PATH_MAX);
    const char *rule = len ? place_of(p, policy_map_rule(p, d->path, d->len, allocate(PATH_MAX), PATH_MAX)) : NULL;

    if (len > 0 && *to != '/') {
        d->path = find_passed(d, to + 3, rule);
        return false;
    }
    if (len < 0) {
        finding_add(&d->findings, "path-too-long", HOPELESS, "it leads to more than %d bytes, by %s", PATH_MAX - 1, rule);
        d->path = NULL;
    } else if (len) {
        finding_add(&d->findings, "mapped", NOTE, "it leads to %s, by %s", shown_short(to, 60), rule);
        d->path = to;
        d->len = (size_t)len;
    }
    return d->path;
}

int doctor_map(struct doctor *d, const struct options *o)
{
    struct loaded *layers = allocate(LAYERS_MAX * sizeof *layers);

    memset(layers, 0, LAYERS_MAX * sizeof *layers);
    if (load_all(o, 0, layers) || load_select(layers, o->source_count, NULL, o->profile))
        return EXIT_SUNSHIM;
    for (unsigned i = o->source_count; i-- > 0 && follow(d, &layers[i].policy);)
        ;
    if (d->path)
        d->len = strlen(d->path);
    return 0;
}
