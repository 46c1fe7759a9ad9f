#include "summary.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "domain/counts.h"
#include "domain/names.h"
#include "unseen.h"

enum { NAMES_SHOWN = 5, PASSED_ON_MAX = 1000000 };

struct sum {
    uint64_t count[COUNTS];
    struct counts_unseen programs[COUNTS_NAMES + 1]; /* and the first one */
    unsigned program_count;
    bool more; /* programs that have no name here */
    struct counts_inject injects[COUNTS_INJECTS];
};

/* The counts of the run in `dir`; -1: there are none, or none of this version. */
static int open_counts(int dir, int flags)
{
    int fd = openat(dir, DOMAIN_COUNTS, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;

    if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_size == COUNTS_SIZE)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Read, not mapped: others may write to the file, and cut it short. Daemons may go on
 * counting: what is read now is what is said. False: there are none any more. */
static bool read_counts(const struct domain *d, struct sum *s)
{
    void *at = allocate(COUNTS_SIZE);
    int fd = open_counts(d->fd, O_RDONLY);
    uint64_t known = 0;
    bool whole = fd >= 0 && pread(fd, at, COUNTS_SIZE, 0) == COUNTS_SIZE;

    if (whole) {
        while (s->program_count < COUNTS_NAMES &&
               counts_unseen_get(at, s->program_count, &s->programs[s->program_count]))
            known += s->programs[s->program_count++].times;
        for (unsigned i = 0; i < COUNTS; i++)
            s->count[i] = counts_get(at, i);
        s->more = s->count[COUNT_UNSEEN] > known;
        memcpy(s->injects, counts_injects(at), sizeof s->injects);
    }
    if (fd >= 0)
        close(fd);
    free(at);
    return whole;
}

static void *map_counts(const char *path)
{
    int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = dir < 0 ? -1 : open_counts(dir, O_RDWR);
    void *at = fd < 0 ? MAP_FAILED : mmap(NULL, COUNTS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    return at == MAP_FAILED ? NULL : at;
}

static void add_times(void *at, enum count which, uint64_t times)
{
    for (uint64_t i = 0; i < times && i < PASSED_ON_MAX; i++)
        counts_add(at, which);
}

/* What happened in a nested run happened in the run around it, too. */
static void pass_on(const char *outer, const struct sum *s)
{
    void *at = map_counts(outer);
    uint64_t unnamed = s->count[COUNT_UNSEEN];

    if (!at)
        return;
    for (unsigned i = 0; i < COUNTS; i++)
        if (i != COUNT_UNSEEN && i != COUNT_ALIASES) /* the library tells of those itself */
            add_times(at, i, s->count[i]);
    for (unsigned i = 0; i < s->program_count; i++) {
        for (uint32_t times = 0; times < s->programs[i].times && times < PASSED_ON_MAX; times++)
            counts_unseen(at, s->programs[i].path, s->programs[i].why);
        unnamed -= s->programs[i].times < unnamed ? s->programs[i].times : unnamed;
    }
    add_times(at, COUNT_UNSEEN, unnamed);
    munmap(at, COUNTS_SIZE);
}

static void forget_allowed(const struct options *o, struct sum *s)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < s->program_count; i++) {
        uint64_t times = s->programs[i].times;

        if (unseen_allowed(o, s->programs[i].path))
            s->count[COUNT_UNSEEN] -= times < s->count[COUNT_UNSEEN] ? times : s->count[COUNT_UNSEEN];
        else
            s->programs[kept++] = s->programs[i];
    }
    s->program_count = kept;
}

/* In front: it was there first. */
static void add_first(const struct program *first, struct sum *s)
{
    struct counts_unseen *p = s->programs;

    memmove(p + 1, p, s->program_count++ * sizeof *p);
    *p = (struct counts_unseen){.times = 1};
    snprintf(p->path, sizeof p->path, "%s", base_name(first->blind));
    snprintf(p->why, sizeof p->why, "%s", first->why);
    s->count[COUNT_UNSEEN]++;
}

/* Another program of the same name, not seen for the same reason, is listed. */
static bool listed(const struct sum *s, unsigned i)
{
    for (unsigned k = 0; k < i; k++)
        if (!strcmp(base_name(s->programs[k].path), base_name(s->programs[i].path)) &&
            !strcmp(s->programs[k].why, s->programs[i].why))
            return true;
    return false;
}

static void print_programs(FILE *out, const struct sum *s)
{
    unsigned shown = 0, left = 0;

    for (unsigned i = 0; i < s->program_count; i++) {
        if (listed(s, i))
            continue;
        if (shown == NAMES_SHOWN)
            left++;
        else
            fprintf(out, "%s%s (%s)", shown++ ? ", " : ": ", base_name(s->programs[i].path), s->programs[i].why);
    }
    if (s->more)
        fputs(shown ? " and others" : "", out);
    else if (left)
        fprintf(out, " and %u more", left);
}

static void print_count(FILE *out, uint64_t count, const char *one, const char *many)
{
    if (count)
        fprintf(out, "%s%" PRIu64 " %s", ftell(out) ? ", " : "", count, count == 1 ? one : many);
}

/* A daemon's standard error is not ours, and gets no records. */
static bool records_go_to_stderr(const struct options *o)
{
    const char *log = o->log ? o->log : getenv("SUNSHIM_LOG");

    return !log || !*log || !strcmp(log, "stderr");
}

/* What would have spared the user `which`, or "". */
static const char *way_out(const struct options *o, enum count which)
{
    return which == COUNT_TRUNCATED && !o->repair              ? " (use --long-paths)"
           : which == COUNT_DROPPED && records_go_to_stderr(o) ? " (use --log FILE)"
                                                               : "";
}

static const char *line_of(const struct options *o, const struct sum *s)
{
    static const struct {
        enum count which;
        const char *one, *many;
    } parts[] = {
        {COUNT_DENIED, "denied", "denied"},
        {COUNT_ALLOWED, "allowed by complain", "allowed by complain"},
        {COUNT_INJECTED, "injected", "injected"},
        {COUNT_LEAK, "leaked", "leaked"},
        {COUNT_TRUNCATED, "cut address", "cut addresses"},
        {COUNT_REPAIRED, "cut address repaired", "cut addresses repaired"},
        {COUNT_DROPPED, "record dropped", "records dropped"},
        {COUNT_OUTSIDE, "bind not remembered", "binds not remembered"},
        {COUNT_UNSEEN, "not seen", "not seen"},
    };
    char *line = NULL;
    size_t len;
    FILE *out = open_memstream(&line, &len);

    if (!out)
        exit(fail("out of memory"));
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        print_count(out, s->count[parts[i].which], parts[i].one, parts[i].many);
        if (s->count[parts[i].which])
            fputs(way_out(o, parts[i].which), out);
    }
    if (s->count[COUNT_UNSEEN])
        print_programs(out, s);
    fclose(out);
    return line;
}

static void each_inject(const struct sum *s, const struct loaded *layers, unsigned count,
                        void (*each)(void *ctx, const struct injected *), void *ctx)
{
    const struct counts_inject *c = s->injects;
    const struct policy_inject *rule;
    struct policy_rule_info at;

    for (unsigned i = 0; i < count; i++)
        for (uint32_t n = 0; (rule = policy_inject(&layers[i].policy, n)); n++, c++)
            if (policy_rule(&layers[i].policy, rule->rule, &at))
                each(ctx, &(struct injected){at.file, at.line, c->hits, c->fired});
}

void summary_injected(const struct domain *d, const struct loaded *layers, unsigned count,
                      void (*each)(void *ctx, const struct injected *), void *ctx)
{
    struct sum *s = allocate(sizeof *s);

    if (read_counts(d, s))
        each_inject(s, layers, count, each, ctx);
    free(s);
}

/* A test that passes because its fault never came would prove nothing. */
static void say_unfired(void *any, const struct injected *i)
{
    if (i->fired)
        return;
    *(bool *)any = true;
    if (i->hits)
        say("inject rule %s:%u never fired: it matched %" PRIu64 " %s", i->file, i->line, i->hits,
            i->hits == 1 ? "call" : "calls");
    else
        say("inject rule %s:%u never fired: it matched no call", i->file, i->line);
}

bool summary_say(const struct domain *d, const char *outer, const struct options *o, const struct program *first,
                 const struct loaded *layers)
{
    struct sum *s = allocate(sizeof *s);
    bool unfired = false;
    const char *line;

    bool known = read_counts(d, s);
    if (!known)
        say("what was denied is not known: %s/" DOMAIN_COUNTS " cannot be read", d->path);
    if (outer)
        pass_on(outer, s);
    forget_allowed(o, s);
    if (*(line = line_of(o, s)) && first) {
        add_first(first, s);
        line = line_of(o, s);
    }
    if (*line)
        say("%s", line);
    if (known)
        each_inject(s, layers, o->source_count, say_unfired, &unfired);
    return !known || unfired || first || s->count[COUNT_DENIED] || s->count[COUNT_LEAK] || s->count[COUNT_TRUNCATED] ||
           s->count[COUNT_UNSEEN];
}
