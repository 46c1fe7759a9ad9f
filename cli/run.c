/* sunshim run: compiles the policies, makes the domain, starts the command. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cli.h"
#include "domain.h"
#include "drain.h"
#include "environment.h"
#include "library.h"
#include "load.h"
#include "memory.h"
#include "outer.h"
#include "pass.h"
#include "program.h"
#include "run.h"
#include "shorten.h"
#include "suite.h"
#include "summary.h"
#include "tmpdir.h"
#include "unseen.h"

static const char usage[] =
    "Usage: sunshim run [OPTION]... [--] COMMAND [ARG...]\n"
    "Runs COMMAND with its socket calls checked against policies.\n"
    "\n"
    "  -p, --policy POLICY   a file (a name with a slash), or the name of a policy:\n"
    "                        NAME.policy in the directories of -I, ~/.config/sunshim,\n"
    "                        /etc/sunshim and among the ready-made ones\n"
    "      --rule RULE       one rule on top of 'allow all,'\n"
    "      --apparmor FILE   an AppArmor profile, with AppArmor's own meaning\n"
    "  -I, --include DIR     look for policies and <includes> here first\n"
    "      --profile NAME    use this profile, whatever the program's path\n"
    "      --complain        deny nothing, record what would have been denied\n"
    "      --log WHERE       a file (%p is the pid), stderr, fd:N or journal\n"
    "      --json            records as JSON\n"
    "      --trace           record every socket call, not only what was denied\n"
    "      --track           remember how sockets came to be; record those that programs\n"
    "                        inherit by accident\n"
    "      --long-paths      make socket paths work that are longer than 107 bytes: both of\n"
    "                        the following\n"
    "      --repair          make addresses whole that a program has cut to fit\n"
    "      --shorten         give programs short names for long directories\n"
    "      --keep            keep the short TMPDIR that --shorten makes\n"
    "      --no-follow       leave programs alone that are started with another environment\n"
    "      --pass NAME=FD    let 'map /some/name -> fd:NAME,' lead to the unix socket that is\n"
    "                        open as descriptor FD, or to its file (O_PATH)\n"
    "      --anon NAME       the same with a new socket that has no name; a server finds it as\n"
    "                        LISTEN_FDS says (NAME:dgram, NAME:seqpacket: of another type)\n"
    "      --error-exitcode N\n"
    "                        exit with N when anything was denied, leaked, cut or not seen,\n"
    "                        or an inject rule never fired\n"
    "      --expect FILE     fail unless what FILE says the command must do was done, and\n"
    "                        nothing that it must not do was tried\n"
    "      --leftovers       fail when socket files or listeners without clients are left\n"
    "      --junit FILE      write what was found as JUnit's XML (%p is the pid)\n"
    "      --tap FILE        the same as TAP; '-' is standard output\n"
    "      --allow-unseen GLOB\n"
    "                        say nothing of these programs when their calls are not seen\n"
    "      --exec            become COMMAND and keep the pid (for service managers)\n"
    "  -h, --help            this text\n"
    "\n"
    "Each -p, --rule and --apparmor is a layer; every layer must allow a call. Without\n"
    "any, nothing is checked.\n"
    "\n"
    "Exit status: that of COMMAND; 125 when sunshim itself fails (COMMAND was not\n"
    "started), 126 when COMMAND cannot be executed, 127 when it is not found. When a\n"
    "signal ends COMMAND, the same signal ends sunshim.\n"
    "\n"
    "  sunshim run --long-paths -- make check\n"
    "  sunshim run -p no-network -- make check\n"
    "  sunshim run --rule 'deny unix (connect) peer=(addr=/run/docker.sock),' sh\n"
    "  sunshim run --anon app --rule 'map /run/app.sock -> fd:app,' -- sh -c './server & ./client'\n";

struct start {
    const struct run_plan *plan;
    struct options options;
    struct drain *drain; /* NULL: nobody reads records here */
    const char *log;
    struct domain domain;
    char **argv;
    struct program program;
    const struct loaded *layers; /* our own */
    const char *outer; /* directory of the run around this one */
    struct tmpdir tmp;
    struct passed_list passed;
    struct shortened given; /* to the command; NULL: what we have */
    bool unseen;       /* the program is not, and --allow-unseen does not name it */
};

static int exec_failure(const char *name, int err)
{
    say("'%s': %s", name, strerror(err));
    return err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/* It was there when it was looked at: what is not found is what it needs. */
static int start_failure(const struct start *s, int err)
{
    if (err != ENOENT)
        return exec_failure(s->argv[0], err);
    if (*s->program.interpreter)
        say("'%s': its interpreter '%s' is not found", s->argv[0], s->program.interpreter);
    else
        say("'%s': the dynamic linker that it names is not found", s->argv[0]);
    return EXIT_NOT_FOUND;
}

/* 0, or the exit status. */
static int check_program(struct start *s)
{
    int err = program_look(s->argv[0], &s->program);

    if (err)
        return exec_failure(s->argv[0], err);
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

/* The command was not started. */
static void give_up(struct start *s)
{
    if (*s->tmp.path)
        rmdir(s->tmp.path);
    remove_domain(s);
}

static int become(struct start *s)
{
    say_kept(s);
    prepare(s);
    execvp(s->argv[0], given_argv(s));
    int err = errno;
    give_up(s);
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

static int run_child(struct start *s)
{
    struct outcome out;
    int err = child_run(given_argv(s), prepare, release, s, &out);
    bool started = !err && !out.exec_error, unprotected = started && ran_unprotected(s, &out), happened = false;
    int instead = 0;

    if (started && out.others && s->plan->wait)
        out.others = child_wait_others();
    else if (started && out.others && *s->tmp.path) /* what may be large is worth a moment */
        out.others = child_others_stay();
    if (s->drain)
        drain_finish(s->drain);
    if (started && !unprotected) {
        happened = summary_say(&s->domain, s->outer, &s->options, s->unseen ? &s->program : NULL, s->layers);
        instead = tell_watches(s, &(struct run_end){out.status, &s->domain, s->layers, s->unseen ? s->program.unseen : NULL, out.others, happened});
    }
    /* With others alive a later run does, unless they end with us: process 1 takes
     * its namespace along, and nobody could tell later. */
    if (!started)
        give_up(s);
    else if (!out.others || getpid() == 1)
        remove_domain(s);
    if (started)
        say_kept(s);
    if (err)
        return fail("cannot start a process: %s", strerror(-err));
    if (out.exec_error)
        return start_failure(s, out.exec_error);
    if (unprotected)
        return fail("'%s' ran without the library: nothing was checked", s->argv[0]);
    return instead ? instead : end(s, &out, happened);
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
        give_up(s);
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
    if ((status = s->options.shorten ? tmpdir_choose(&s->tmp) : 0) || (status = load_all(&s->options, 0, layers)) || (status = check_profile(s, layers)) ||
        (status = pass_check(&s->passed, layers, s->options.source_count)) || (status = check_program(s)) || (status = lay_out(&s->options, layers, &file, &len)) ||
        (status = outer_directory(&s->outer)))
        return status;
    domain_sweep();
    const struct contents c = {library, file, len, s->outer, memory_wanted(&s->options, layers)};
    if ((status = make_domain(s, &c)) || (status = shorten(s)))
        return status;
    free(file);
    if ((status = follow_records(s))) {
        give_up(s);
        return status;
    }
    fflush(NULL);
    return s->options.exec ? become(s) : run_child(s);
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

static int run(int argc, char **argv)
{
    static struct options options;
    struct run_plan plan = {.options = &options, .name = "run"};
    int status = options_read(&options, USE_RUN, argc, argv);

    if (status)
        return status < 0 ? 0 : status;
    plan.argv = argv + options.rest;
    if (!*plan.argv)
        return usage_error("run", "no command to run");
    if ((status = suite_watch(&options, "run", plan.argv, &plan.watches[0])))
        return status;
    return run_plan(&plan);
}

const struct command run_command = {"run", "run a program under policies", usage, run};
