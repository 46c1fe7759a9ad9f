#include "suite.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "domain/names.h"
#include "expect.h"
#include "findings.h"
#include "leftovers.h"
#include "records.h"
#include "results.h"
#include "summary.h"
#include "verdicts.h"

enum { SHOWN = 10 };

struct suite {
    const struct options *options;
    struct expectations expect;
    struct leftovers leftovers;
    struct findings findings;
    struct results junit, tap;
    struct verdicts verdicts;
    struct record record;
};

static void see(void *ctx, const char *line, size_t len)
{
    struct suite *s = ctx;

    if (!record_read(&s->record, line, len))
        return;
    expect_see(&s->expect, &s->record);
    leftovers_see(&s->leftovers, &s->record);
    findings_see(&s->findings, s->options, &s->record, line, len);
}

/* --- Judging ------------------------------------------------------------------- */

static void judge_command(struct verdicts *v, int status)
{
    char *command = verdicts_command(v), *message = NULL;

    if (WIFSIGNALED(status))
        message = format_new("ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status))
        message = format_new("exit status %d", WEXITSTATUS(status));
    verdict_add(v, (struct verdict){.kind = VERDICT_COMMAND, .result = message ? VERDICT_FAILED : VERDICT_PASSED,
                                    .name = command, .message = message});
}

/* The command has no library that could write a record. */
static void judge_unseen(struct verdicts *v, const char *why)
{
    verdict_add(v, (struct verdict){.kind = VERDICT_UNSEEN, .result = VERDICT_FAILED, .name = v->at[0].name,
                                    .message = format_new("calls of the command are not seen: %s", why)});
}

/* The run's directory, and the short TMPDIR that is removed with it. */
static const char *const *own_directories(const struct suite *s, const struct domain *d)
{
    static const char *own[3];
    char *tmp = allocate(PATH_MAX);
    ssize_t len = s->options->keep ? -1 : readlinkat(d->fd, DOMAIN_TMP, tmp, PATH_MAX - 1);

    own[0] = d->path;
    own[1] = len > 0 ? tmp : NULL;
    return own;
}

static bool found_any(const struct verdicts *v, size_t from)
{
    for (size_t i = from; i < v->count; i++)
        if (v->at[i].result == VERDICT_FAILED)
            return true;
    return false;
}

static void judge_inject(void *ctx, const struct injected *i)
{
    verdict_add(ctx, (struct verdict){
        .kind = VERDICT_INJECTION, .result = i->fired ? VERDICT_PASSED : VERDICT_FAILED,
        .name = format_new("%s:%u", i->file, i->line),
        .message = i->fired ? NULL : i->hits ? format_new("it never fired, and matched %" PRIu64 " times", i->hits)
                                             : format_new("it never fired: it matched no call"),
    });
}

/* What was counted and not recorded. */
static void judge_rest(struct verdicts *v, size_t from, bool happened)
{
    if (happened && !found_any(v, from))
        verdict_add(v, (struct verdict){
            .kind = VERDICT_OTHER, .result = VERDICT_FAILED, .name = "the summary of the run",
            .message = "something was denied, leaked, cut, not seen or not injected: sunshim's last line says what",
        });
}

static void judge(struct suite *s, const struct run_end *end)
{
    struct verdicts *v = &s->verdicts;
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    v->took = (struct timespec){now.tv_sec - v->began.tv_sec, now.tv_nsec - v->began.tv_nsec};
    if (v->took.tv_nsec < 0)
        v->took = (struct timespec){v->took.tv_sec - 1, v->took.tv_nsec + 1000000000};
    judge_command(v, end->status);
    expect_judge(&s->expect, end->unseen ? v->at[0].name : findings_unseen(&s->findings), v);
    size_t from = v->count;
    if (end->unseen)
        judge_unseen(v, end->unseen);
    findings_judge(&s->findings, v);
    summary_injected(end->domain, end->layers, s->options->source_count, judge_inject, v);
    judge_rest(v, from, end->happened);
    leftovers_judge(&s->leftovers, own_directories(s, end->domain), end->others,
                    s->options->leftovers ? VERDICT_FAILED : VERDICT_TOLD, v);
}

/* --- Saying it ------------------------------------------------------------------- */

static size_t say_kind(const struct suite *s, enum verdict_kind kind, const char *what)
{
    const struct verdicts *v = &s->verdicts;
    size_t count = 0;

    for (size_t i = 0; i < v->count; i++) {
        const struct verdict *one = &v->at[i];

        if (one->kind != kind || one->result == VERDICT_PASSED || count++ >= SHOWN)
            continue;
        if (kind == VERDICT_EXPECTATION)
            say("%s: %s: %s", what, one->name, one->message);
        else
            say("%s: %s", what, one->message);
    }
    if (count > SHOWN)
        say("%s: %zu more (--junit and --tap have all)", what, count - SHOWN);
    return count;
}

/* A signal says more than a number, and the command's own failure more than 1. */
static int status_for(const struct suite *s, int status)
{
    if (WIFSIGNALED(status))
        return 0;
    return s->options->error_status ? s->options->error_status : WEXITSTATUS(status) ? 0 : 1;
}

static int end(void *ctx, const struct run_end *end)
{
    struct suite *s = ctx;
    int failed = 0;

    judge(s, end);
    if (say_kind(s, VERDICT_EXPECTATION, "not as expected"))
        failed = status_for(s, end->status);
    if (say_kind(s, VERDICT_LEFTOVER, "left over") && s->options->leftovers)
        failed = status_for(s, end->status);
    if (s->junit.path && results_write(&s->junit, junit_print, &s->verdicts))
        failed = EXIT_SUNSHIM;
    if (s->tap.path && results_write(&s->tap, tap_print, &s->verdicts))
        failed = EXIT_SUNSHIM;
    return failed;
}

/* --- Beginning -------------------------------------------------------------------- */

static bool asked_for(const struct options *o)
{
    return o->expect_count || o->leftovers || o->junit || o->tap;
}

/* Where nothing can be known, nothing may pass. */
static bool blind(const char *name)
{
    const char *mode = getenv("SUNSHIM_MODE"), *format = getenv("SUNSHIM_LOG_FORMAT");
    bool off = mode && !strcmp(mode, "off");

    if (off || (format && !strcmp(format, "apparmor")))
        return usage_error(name, "--expect, --leftovers, --junit and --tap need records of all calls: not with %s in the environment",
                           off ? "SUNSHIM_MODE=off" : "SUNSHIM_LOG_FORMAT=apparmor");
    return false;
}

int suite_watch(const struct options *o, const char *name, char *const *argv, const struct run_watch **watch)
{
    static struct suite s;
    static const struct run_watch w = {.ctx = &s, .line = see, .end = end};
    int status = 0;

    *watch = NULL;
    if (!asked_for(o))
        return 0;
    if (blind(name))
        return EXIT_SUNSHIM;
    if (o->exec)
        return usage_error(name, "--expect, --leftovers, --junit and --tap need somebody who waits for the command: not with --exec");
    s.options = o;
    s.verdicts.argv = argv;
    clock_gettime(CLOCK_REALTIME, &s.verdicts.began);
    for (unsigned i = 0; i < o->expect_count; i++)
        status |= expect_read(&s.expect, o, o->expect[i]);
    if (!status && o->junit)
        status = results_prepare(&s.junit, "--junit", o->junit);
    if (!status && o->tap)
        status = results_prepare(&s.tap, "--tap", o->tap);
    if (!status && o->junit && o->tap && results_same(&s.junit, &s.tap))
        status = fail("--junit and --tap would both write '%s'", s.tap.path);
    *watch = &w;
    return status;
}
