/* Starting the command of a run, and what happens when it has ended. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cli.h"
#include "domain.h"
#include "drain.h"
#include "environment.h"
#include "run_in.h"
#include "summary.h"

int run_exec_failure(const char *name, int err)
{
    say("'%s': %s", name, strerror(err));
    return err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* It was there when it was looked at: what is not found is what it needs. */
static int start_failure(const struct start *s, int err)
{
    if (err != ENOENT)
        return run_exec_failure(s->argv[0], err);
    if (*s->program.interpreter)
        say("'%s': its interpreter '%s' is not found", s->argv[0], s->program.interpreter);
    else
        say("'%s': the dynamic linker that it names is not found", s->argv[0]);
    return EXIT_NOT_FOUND;
}

static void prepare(void *ctx)
{
    struct start *s = ctx;

    if (s->given.environment)
        environ = s->given.environment;
    environment_set(&s->domain, &s->options, s->log);
    pass_set(&s->passed);
}

static void release(void *ctx)
{
    const struct start *s = ctx;

    pass_release(&s->passed);
    if (s->drain) /* after the fork, which takes no threads along */
        drain_start(s->drain);
}

static char **given_argv(const struct start *s)
{
    return s->given.argv ? s->given.argv : s->argv;
}

static void say_kept(const struct start *s)
{
    if (s->options.keep && *s->tmp.path)
        say("kept: %s (TMPDIR)", s->tmp.path);
}

static void remove_domain(struct start *s)
{
    if (domain_remove(&s->domain))
        return;
    if (*s->tmp.path && !s->options.keep && !access(s->tmp.path, F_OK))
        say("cannot remove all of %s (TMPDIR)", s->tmp.path);
    else
        say("cannot remove all of %s", s->domain.path);
}

void run_give_up(struct start *s)
{
    if (*s->tmp.path)
        rmdir(s->tmp.path);
    remove_domain(s);
}

int run_become(struct start *s)
{
    say_kept(s);
    prepare(s);
    execvp(s->argv[0], given_argv(s));
    int err = errno;
    run_give_up(s);
    return start_failure(s, err);
}

/* ld.so only warns when it cannot preload. 125 and 127 are what the library and
 * ld.so say themselves when they refuse to start the program. */
static bool ran_unprotected(const struct start *s, const struct outcome *out)
{
    if (!s->program.preloads || domain_reported(&s->domain) || !WIFEXITED(out->status))
        return false;
    return WEXITSTATUS(out->status) != EXIT_SUNSHIM && WEXITSTATUS(out->status) != EXIT_NOT_FOUND;
}

/* A signal says more than a number. */
static int end(const struct start *s, const struct outcome *out, bool happened)
{
    if (happened && s->options.error_status && !WIFSIGNALED(out->status))
        return s->options.error_status;
    return child_end_as(out->status);
}

/* 0, or the exit status that one of them wants. */
static int tell_watches(const struct start *s, const struct run_end *end)
{
    int instead = 0;

    for (unsigned i = 0; i < WATCHES_MAX && s->plan->watches[i]; i++) {
        const struct run_watch *w = s->plan->watches[i];
        int status = w->end ? w->end(w->ctx, end) : 0;

        instead = instead ? instead : status;
    }
    return instead;
}

/* The processes that the command has left behind. */
static void wait_for_others(const struct start *s, struct outcome *out)
{
    if (out->others && s->plan->wait)
        out->others = child_wait_others();
    else if (out->others && *s->tmp.path) /* what may be large is worth a moment */
        out->others = child_others_stay();
}

static int not_started(struct start *s, int err, int exec_error)
{
    run_give_up(s);
    return err ? fail("cannot start a process: %s", strerror(-err)) : start_failure(s, exec_error);
}

static int ended(struct start *s, const struct outcome *out, bool unprotected)
{
    bool happened = false;
    int instead = 0;

    if (!unprotected) {
        happened = summary_say(&s->domain, s->outer, &s->options, s->unseen ? &s->program : NULL, s->layers);
        instead = tell_watches(s, &(struct run_end){out->status, &s->domain, s->layers, s->unseen ? s->program.unseen : NULL, out->others, happened});
    }
    /* With others alive a later run does, unless they end with us: process 1 takes
     * its namespace along, and nobody could tell later. */
    if (!out->others || getpid() == 1)
        remove_domain(s);
    say_kept(s);
    if (unprotected)
        return fail("'%s' ran without the library: nothing was checked", s->argv[0]);
    return instead ? instead : end(s, out, happened);
}

int run_child(struct start *s)
{
    struct outcome out;
    int err = child_run(given_argv(s), prepare, release, s, &out);
    bool started = !err && !out.exec_error, unprotected = started && ran_unprotected(s, &out);

    if (started)
        wait_for_others(s, &out);
    if (s->drain)
        drain_finish(s->drain);
    return started ? ended(s, &out, unprotected) : not_started(s, err, out.exec_error);
}
