#include "waits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "waits_in.h"

/* Milliseconds: after the last record; between two looks at least and at most; what is worth saying. */
enum { QUIET = 250, SECOND = 1000, SELDOM = 32000, LONG = 2000 };
enum { TOLD_MAX = 16 }; /* new calls that are looked into at a time; the others are the next time */
enum { KEPT = 4096 };   /* processes and threads of which it is known whether records came */

struct wait {
    struct sleeper sleeper;
    struct record record; /* no fields: not looked into yet */
    int64_t since;        /* milliseconds; when it was first seen there */
    uint64_t records;     /* that had come by then */
    bool here, said;      /* here: at the last look */
    uint64_t said_behind; /* lines that had been shown by then */
};

struct waits {
    struct pids foreign;
    struct wait *at;
    size_t count, room;
    bool news;
    int64_t looked, next, pause;
    uint64_t records, shown;
    int64_t seen[KEPT];  /* processes by pid; of two with the same place, the one that wrote last */
    uint64_t last[KEPT]; /* number of the last record of a thread, or of another one with its place */
};

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct waits *waits_new(void)
{
    struct waits *w = allocate(sizeof *w);

    memset(w, 0, sizeof *w);
    w->news = true;
    pids_children(&w->foreign);
    return w;
}

void waits_record(struct waits *w, const struct record *r, bool shown)
{
    int64_t pid = record_number(r, "pid", 0), tid = record_number(r, "tid", pid);

    w->news = true;
    w->shown += shown;
    w->seen[(uint64_t)pid % KEPT] = pid;
    w->last[(uint64_t)tid % KEPT] = ++w->records;
}

/* --- One look ------------------------------------------------------------------------------- */

static struct wait *find(struct waits *w, int tid)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->at[i].sleeper.tid == tid)
            return &w->at[i];
    return NULL;
}

static struct wait *add(struct waits *w)
{
    if (w->count == w->room) {
        w->room = w->room ? 2 * w->room : 16;
        w->at = enlarged(w->at, w->count * sizeof *w->at, w->room * sizeof *w->at);
    }
    return memset(&w->at[w->count++], 0, sizeof *w->at);
}

/* Where it may have written a record since, it may have been elsewhere. */
static bool may_have_gone_on(const struct waits *w, const struct wait *i)
{
    return w->last[(unsigned)i->sleeper.tid % KEPT] > i->records;
}

static void note(void *ctx, const struct sleeper *s)
{
    struct waits *w = ctx;
    struct wait *i = find(w, s->tid);

    if (i && (strcmp(i->sleeper.line, s->line) || may_have_gone_on(w, i))) {
        told_free(&i->record);
        memset(i, 0, sizeof *i);
    } else if (i) {
        i->here = true;
        return;
    } else {
        i = add(w);
    }
    i->sleeper = *s;
    i->since = now();
    i->records = w->records;
    i->here = true;
}

static void forget_others(struct waits *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->count; i++)
        if (w->at[i].here)
            w->at[kept++] = w->at[i];
        else
            told_free(&w->at[i].record);
    w->count = kept;
}

/* Now, and not when it is said: at the end of the run there is nobody left to ask. */
static void look_into(struct waits *w, const struct pids *all)
{
    struct surroundings around = {.all = all};

    for (size_t i = 0, told = 0; i < w->count && told < TOLD_MAX; i++)
        if (!w->at[i].record.count) {
            sleeper_tell(&w->at[i].record, &w->at[i].sleeper, &around);
            told++;
        }
    surroundings_free(&around);
}

/* How many threads there are. `forgets`: those that are not there any more. */
static size_t look(struct waits *w, bool forgets)
{
    struct pids all = {0};

    for (size_t i = 0; i < w->count; i++)
        w->at[i].here = false;
    size_t threads = sleepers_each(&w->foreign, &all, note, w);
    if (forgets)
        forget_others(w);
    look_into(w, &all);
    free(all.at);
    w->looked = now();
    return threads;
}

/* --- What is said ----------------------------------------------------------------------------- */

static void set_time(struct record *r)
{
    char text[64];
    size_t len;
    struct timespec t;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &tm);
    len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    len += (size_t)snprintf(text + len, sizeof text - len, ".%09ldZ", t.tv_nsec);
    told_set(r, "time", false, text, len);
}

static void say_wait(struct waits *w, struct wait *i, const char *what, void (*tell)(void *ctx, const struct record *r), void *ctx)
{
    char text[32];

    set_time(&i->record);
    told_set(&i->record, "sunshim", false, what, strlen(what));
    told_set(&i->record, "duration_ns", true, text,
             (size_t)snprintf(text, sizeof text, "%" PRId64, (now() - i->since) * 1000000));
    i->said = true;
    i->said_behind = w->shown;
    tell(ctx, &i->record);
}

/* Sets when to look again. `news` or not, the looks are a second apart. */
static void plan(struct waits *w, size_t threads)
{
    bool doubt = false;
    size_t settled = 0;

    for (size_t i = 0; i < w->count; i++) {
        doubt |= !w->at[i].said;
        settled += w->at[i].said && w->at[i].sleeper.call->traced;
    }
    if (doubt)
        w->pause = SECOND;
    w->next = settled == threads ? INT64_MAX : w->looked + w->pause;
    if (!doubt && w->pause < SELDOM)
        w->pause *= 2;
}

void waits_look(struct waits *w, void (*tell)(void *ctx, const struct record *r), void *ctx)
{
    if (w->news) {
        int64_t quiet = now() + QUIET, apart = w->looked + SECOND;

        w->news = false;
        w->pause = SECOND;
        w->next = quiet > apart ? quiet : apart;
    }
    if (w->next == INT64_MAX || now() < w->next)
        return;
    size_t threads = look(w, true);
    for (size_t i = 0; i < w->count; i++) {
        struct wait *each = &w->at[i];

        if (!each->said && each->record.count && w->looked - each->since >= LONG && sleeper_stays(&each->sleeper))
            say_wait(w, each, "WAITING", tell, ctx);
    }
    plan(w, threads);
}

/* Nobody is there to be looked at: what is not on record did not return, if it would be. */
static bool never_returned(const struct waits *w, const struct wait *i)
{
    int pid = i->sleeper.pid;

    return i->sleeper.call->traced && w->seen[(unsigned)pid % KEPT] == pid && !may_have_gone_on(w, i);
}

void waits_end(struct waits *w, bool others, void (*tell)(void *ctx, const struct record *r), void *ctx)
{
    for (size_t i = 0; i < w->count; i++)
        w->at[i].here = false;
    if (others)
        look(w, false);
    for (size_t i = 0; i < w->count; i++) {
        struct wait *each = &w->at[i];
        bool news = !each->said || each->said_behind != w->shown;

        if (news && each->record.count && (each->here || never_returned(w, each)))
            say_wait(w, each, "UNFINISHED", tell, ctx);
    }
}
