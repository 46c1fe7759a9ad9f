/* Everything before the command of a run starts: the policies are compiled, its program looked at,
 * the domain made. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "domain.h"
#include "drain.h"
#include "environment.h"
#include "library.h"
#include "load.h"
#include "memory.h"
#include "outer.h"
#include "run_in.h"
#include "unseen.h"

/* 0, or the exit status. */
static int check_program(struct start *s)
{
    int err = program_look(s->argv[0], &s->program);

    if (err)
        return run_exec_failure(s->argv[0], err);
    s->unseen = *s->program.unseen && !unseen_allowed(&s->options, s->program.path) &&
                !unseen_allowed(&s->options, s->program.blind);
    if (s->unseen)
        say("not seen: %s (%s)%s", base_name(s->argv[0]), s->program.unseen,
            s->options.shorten ? "; it is given short names all the same" : "");
    return 0;
}

/* The layers in one file, those of the run around this one in front. Ours were
 * checked when they were compiled, the others by the launcher that sealed them. */
static int lay_out(const struct options *o, const struct loaded *own, void **file, size_t *len)
{
    struct layer layers[LAYERS_MAX];
    struct memory want = memory_wanted(o, own);
    uint32_t flags, injects = 0;
    int count = outer_layers(layers, &flags);

    if (want.table || want.ring || want.leaks || want.lines)
        flags &= ~(uint32_t)LAYERS_NO_MEMORY;
    if (count < 0)
        return EXIT_SUNSHIM;
    for (unsigned i = 0; i < o->source_count; i++)
        injects += policy_inject_count(&own[i].policy);
    if (injects > POLICY_INJECTS_MAX)
        return fail("%u inject rules; the limit of a run is %u", injects, POLICY_INJECTS_MAX);
    if ((unsigned)count + o->source_count > LAYERS_MAX)
        return fail("more than %u policies at once, the ones around this run included", LAYERS_MAX);
    for (unsigned i = 0; i < o->source_count; i++)
        layers[count++] = (struct layer){.blob = own[i].blob, .len = own[i].len, .flags = o->complain ? LAYER_COMPLAIN : 0};
    *len = layers_size(layers, (uint32_t)count);
    *file = allocate(*len);
    int err = layers_layout(layers, (uint32_t)count, flags, *file, *len);
    return err ? fail("cannot put the policies together: %s", strerror(-err)) : 0;
}

/* With other policies in force around or behind ours the profile may be in one of
 * those; then it is the library that finds out. */
static int check_profile(const struct start *s, struct loaded *layers)
{
    if (!s->options.profile || getenv("SUNSHIM_DOMAIN") || getenv("SUNSHIM_POLICY"))
        return 0;
    return load_select(layers, s->options.source_count, NULL, s->options.profile);
}

/* A limit on the size of files is to be an error, not a signal. */
static int make_domain(struct start *s, const struct contents *c)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;

    sigaction(SIGXFSZ, &ignore, &before);
    int status = domain_make(&s->domain, c);
    sigaction(SIGXFSZ, &before, NULL);
    return status;
}

/* What programs are given instead of long names. 0 or 125. */
static int shorten(struct start *s)
{
    int status;

    if (!s->options.shorten)
        return 0;
    if ((status = tmpdir_make(&s->tmp, &s->domain, s->options.keep)) ||
        (status = shorten_program(&s->domain, s->argv, &s->given)))
        run_give_up(s);
    return status;
}

/* 0 or 125. */
static int follow_records(struct start *s)
{
    const char *log = s->log ? s->log : getenv("SUNSHIM_LOG");

    if (!s->options.trace || s->options.exec)
        return 0;
    return drain_open(&s->drain, &s->domain, s->outer, s->plan->quiet ? NULL : log && *log ? log : "stderr",
                      s->plan->options->trace, s->plan->watches);
}

static int start(struct start *s, const char *library)
{
    static struct loaded layers[LAYERS_MAX];
    void *file;
    size_t len;
    int status;

    s->layers = layers;
    /* First: policies may speak of @{TMPDIR}. */
    if ((status = s->options.shorten ? tmpdir_choose(&s->tmp) : 0) ||
        (status = load_all(&s->options, 0, layers)) ||
        (status = check_profile(s, layers)) ||
        (status = pass_check(&s->passed, layers, s->options.source_count)) ||
        (status = check_program(s)) ||
        (status = lay_out(&s->options, layers, &file, &len)) ||
        (status = outer_directory(&s->outer)))
        return status;
    domain_sweep();
    const struct contents c = {library, file, len, s->outer, memory_wanted(&s->options, layers)};
    if ((status = make_domain(s, &c)) || (status = shorten(s)))
        return status;
    free(file);
    if ((status = follow_records(s))) {
        run_give_up(s);
        return status;
    }
    fflush(NULL);
    return s->options.exec ? run_become(s) : run_child(s);
}

/* Inherited from somewhere, it would go unnoticed. 0 or 125. */
static int say_off(const struct start *s)
{
    const char *mode = getenv("SUNSHIM_MODE");

    if (!mode || strcmp(mode, "off"))
        return 0;
    if (s->plan->watches[0])
        return fail("nothing can be traced, because SUNSHIM_MODE=off is set");
    if (s->options.source_count || s->options.trace)
        say("warning: nothing is checked, because SUNSHIM_MODE=off is set");
    return 0;
}

/* The library takes them from there, too. */
static void look_for_long_paths(struct options *o)
{
    bool both = environment_says("SUNSHIM_LONG_PATHS");

    o->repair |= both || environment_says("SUNSHIM_REPAIR");
    o->shorten |= both || environment_says("SUNSHIM_SHORTEN");
}

static int check_options(struct start *s)
{
    if (s->options.exec && s->options.error_status)
        return usage_error(s->plan->name, "--error-exitcode needs somebody who waits for the command: not with --exec");
    look_for_long_paths(&s->options);
    if (s->options.keep && !s->options.shorten)
        return usage_error(s->plan->name,
                           "--keep keeps the TMPDIR that --shorten makes: it needs --shorten or --long-paths");
    return 0;
}

int run_plan(const struct run_plan *plan)
{
    static struct start s;
    const char *library;
    int status;

    s.plan = plan;
    s.options = *plan->options;
    s.options.trace |= plan->watches[0] != NULL;
    s.argv = plan->argv;
    if ((status = check_options(&s)))
        return status;
    if (pass_read(&s.passed, &s.options) || pass_open(&s.passed))
        return EXIT_SUNSHIM;
    if (s.options.log && !(s.log = environment_log(s.options.log)))
        return EXIT_SUNSHIM;
    if (!(library = library_ready()))
        return EXIT_SUNSHIM;
    if (say_off(&s))
        return EXIT_SUNSHIM;
    return start(&s, library);
}
