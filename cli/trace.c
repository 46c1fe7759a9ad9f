/* sunshim trace: the options, and what becomes of each record. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "options.h"
#include "run.h"
#include "suite.h"
#include "trace.h"
#include "waits.h"

static const char usage[] =
    "Usage: sunshim trace [OPTION]... [--] COMMAND [ARG...]\n"
    "       sunshim trace [OPTION]... --from LOG\n"
    "Runs COMMAND and shows its socket calls and those of all that it starts, one line\n"
    "a call: time, process, command, the call with the name as it was given, result,\n"
    "duration, what the name led to, the peer, and what a policy said.\n"
    "\n"
    "  -o, --output FILE     write there instead of to standard error (-: standard output)\n"
    "  -e CALL[,CALL]...     these calls only; also trace=CALL, !CALL for all but those,\n"
    "                        status=failed, status=successful\n"
    "      --family FAMILY[,FAMILY]...\n"
    "                        these families only, as unix or inet\n"
    "  -P, --path GLOB       only what has a name that matches: a path, @abstract, IP:PORT;\n"
    "                        as in rules (* is no /, ** is); may be given several times\n"
    "  -z, -Z                only calls that succeed; only calls that fail\n"
    "  -c, --summary-only    no lines, but how many calls, errors and how long, by call and\n"
    "                        by name; -C, --summary: the same after the lines\n"
    "      --json            records as JSON, one a line\n"
    "      --color WHEN      auto (on terminals; the default), always or never\n"
    "      --waiting WHEN    say which calls have not returned for two seconds, when nothing\n"
    "                        else comes, and at the end: auto (where lines go to standard\n"
    "                        error; the default), always or never\n"
    "      --normalize       make traces of two runs the same but for what the programs did:\n"
    "                        numbers for times, processes, inodes, temporary names; ordered\n"
    "                        by process; shown at the end\n"
    "      --from LOG        show a log of sunshim run --trace or sunshim trace --json on\n"
    "                        standard output (-: standard input)\n"
    "  -A                    add to FILE of -o\n"
    "  -f, -q, -s N, -t, -T, -v, -y\n"
    "                        are accepted: it is always so\n"
    "  -p PID                says what can be done about a process that runs already\n"
    "      --policy POLICY, --rule RULE, --apparmor FILE, -I DIR, --profile NAME, --complain,\n"
    "      --log WHERE, --track, --long-paths, --repair, --shorten, --keep, --no-follow,\n"
    "      --pass NAME=FD, --anon NAME, --error-exitcode N, --allow-unseen GLOB, --expect FILE,\n"
    "      --leftovers, --junit FILE, --tap FILE\n"
    "                        as in sunshim run\n"
    "  -h, --help            this text\n"
    "\n"
    "It ends when all processes have ended, with the status of COMMAND.\n"
    "\n"
    "  sunshim trace -- redis-cli -s /run/redis.sock ping\n"
    "  sunshim trace -e connect,bind --family unix -o trace.txt -- make check\n"
    "  sunshim trace --normalize -o before.txt -- ./session; diff before.txt after.txt\n";

enum { LOGS_MAX = 64 };
enum when { AUTO, ALWAYS, NEVER };

struct tracing {
    struct options options;
    struct trace_choice choice;
    const char *output;
    const char *logs[LOGS_MAX];
    unsigned log_count;
    enum when colour, waiting;
    bool summary, lines, same; /* -c, and lines nevertheless; --normalize */
    bool append;               /* to the file of -o */
    unsigned forks;            /* how many -f */
    struct trace_output out;
    struct record reading;
    struct trace_sum *sum;
    struct trace_hold *hold;
    struct waits *waits;       /* --waiting */
};

/* --- Records ------------------------------------------------------------------------------ */

/* `line`: as it came, NULL: it is no longer that. */
static void show(struct tracing *t, const struct record *r, const char *line, size_t len)
{
    if (t->sum)
        trace_sum_add(t->sum, r);
    if (!t->lines)
        return;
    if (!t->options.json) {
        trace_out_text(&t->out, r);
    } else if (line && *line == '{') {
        ink_raw(&t->out.ink, line, len - (line[len - 1] == '\n'));
        ink_raw(&t->out.ink, "\n", 1);
    } else {
        trace_json(&t->out.ink, r);
    }
    trace_out_ease(&t->out);
}

static void show_held(void *ctx, const struct record *r)
{
    show(ctx, r, NULL, 0);
}

static void take(void *ctx, const struct record *r, const char *line, size_t len)
{
    struct tracing *t = ctx;
    bool chosen = trace_chosen(&t->choice, r);

    if (t->waits)
        waits_record(t->waits, r, chosen);
    if (!chosen)
        return;
    if (t->hold)
        trace_hold_add(t->hold, r, line, len);
    else
        show(t, r, line, len);
}

static void show_all(void *ctx)
{
    struct tracing *t = ctx;

    trace_out_write(&t->out);
}

static void show_wait(void *ctx, const struct record *r)
{
    struct tracing *t = ctx;

    trace_wait(&t->out, &t->choice, r);
}

static const char *output_name(const struct tracing *t)
{
    return !t->output ? "the trace" : strcmp(t->output, "-") ? t->output : "to standard output";
}

/* 0, or 125 after saying that it cannot be written. */
static int finish(struct tracing *t)
{
    if (t->hold)
        trace_hold_each(t->hold, show_held, t);
    trace_out_rest(&t->out);
    if (t->sum && t->options.json)
        trace_sum_json(&t->out.ink, t->sum, t->same);
    else if (t->sum)
        trace_sum_text(&t->out.ink, t->sum, t->same);
    int err = trace_out_end(&t->out);
    return err ? fail("cannot write %s: %s", output_name(t), strerror(err)) : 0;
}

/* --- A log, or a run ------------------------------------------------------------------------ */

static int show_logs(struct tracing *t)
{
    uint64_t skipped = 0;
    int status = 0;

    for (unsigned i = 0; i < t->log_count && !status; i++)
        status = records_follow(t->logs[i], take, show_all, t, &skipped);
    if (skipped)
        say(skipped == 1 ? "%llu line was no record" : "%llu lines were no records", (unsigned long long)skipped);
    return status ? status : finish(t);
}

/* A reader that goes away is an error to say, not a signal that ends the launcher. While the command
 * runs all signals are blocked (child.c), in the thread that writes, too; the command gets them as they were. */
static void without_sigpipe(void)
{
    sigset_t pipe;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
}

/* All of it, as it comes. */
static bool wants_lines_alone(const struct tracing *t)
{
    const struct trace_choice *c = &t->choice;

    return t->options.json && !t->sum && !t->hold && !c->by_call && !c->families && !c->glob_count && !c->failed && !c->succeeded;
}

static void take_line(void *ctx, const char *line, size_t len)
{
    struct tracing *t = ctx;

    if (wants_lines_alone(t)) {
        ink_raw(&t->out.ink, line, len);
        trace_out_ease(&t->out);
    } else if (record_read(&t->reading, line, len)) {
        take(t, &t->reading, line, len);
    }
}

static void idle(void *ctx)
{
    struct tracing *t = ctx;

    waits_look(t->waits, show_wait, t);
}

static int end(void *ctx, const struct run_end *how)
{
    struct tracing *t = ctx;

    without_sigpipe();
    if (t->waits)
        waits_end(t->waits, how->others, show_wait, t);
    /* It was said: the command's status is its own, as it is under strace. */
    return finish(t) && !WIFSIGNALED(how->status) ? t->options.error_status : 0;
}

/* What is compared, counted or read by programs has the calls that returned, and nothing else. */
static bool wants_waits(const struct tracing *t)
{
    return t->lines && !t->options.json && !t->hold && (t->waiting == ALWAYS || (t->waiting == AUTO && !t->output));
}

static int run_command_traced(struct tracing *t, char **argv)
{
    t->waits = wants_waits(t) ? waits_new() : NULL;
    struct run_watch watch = {.ctx = t, .line = take_line, .end = end, .pause = show_all, .idle = t->waits ? idle : NULL};
    struct run_plan plan = {.options = &t->options, .argv = argv, .name = "trace", .watches = {&watch},
                            .quiet = !t->options.log, .wait = true};
    int status = suite_watch(&t->options, "trace", argv, &plan.watches[1]);

    t->options.trace = true; /* all of it, in --log as well */
    return status ? status : run_plan(&plan);
}

/* --- Options ----------------------------------------------------------------------------------- */

static int no_attaching(const char *arg)
{
    if (!*arg || arg[strspn(arg, "0123456789, ")])
        return usage_error("trace", "-p is a process here, as in strace; a policy is given by --policy %s", arg);
    return fail("a process that runs cannot be traced: the library is loaded when a program starts. Start it again under "
                "'sunshim trace', or follow it as it is by 'strace -f -e trace=%%network -p %s'; 'sunshim who pid %.*s' shows its sockets",
                arg, (int)strspn(arg, "0123456789"), arg);
}

static int choose_when(enum when *when, const char *option, const char *arg)
{
    static const char *const words[] = {[AUTO] = "auto", [ALWAYS] = "always", [NEVER] = "never"};

    for (int i = AUTO; i <= NEVER; i++)
        if (!strcmp(arg, words[i])) {
            *when = (enum when)i;
            return 0;
        }
    return usage_error("trace", "--%s: '%s' is not auto, always or never", option, arg);
}

static int add_log(struct tracing *t, const char *path)
{
    if (t->log_count == LOGS_MAX)
        return fail("more than %d logs (--from)", LOGS_MAX);
    t->logs[t->log_count++] = path;
    return 0;
}

static const struct own_option own[] = {
    {"output", 'o', 1},       {"output-append-mode", 'A', 0}, {NULL, 'e', 1},              {"trace", 0, 1},
    {"status", 0, 1},         {"family", 0, 1},               {"path", 'P', 1},            {"trace-path", 'P', 1},
    {"summary-only", 'c', 0}, {"summary", 'C', 0},            {"color", 0, 1},             {"colour", 0, 1},
    {"normalize", 0, 0},      {"normalise", 0, 0},            {"from", 0, 1},              {"attach", 'p', 1},
    {"failed-only", 'Z', 0},  {"failing-only", 'Z', 0},       {"successful-only", 'z', 0}, {NULL, 'f', 0},
    {"waiting", 0, 1},
};

static int take_word(struct tracing *t, const char *name, const char *value)
{
    if (!strcmp(name, "family"))
        return trace_choose_families(&t->choice, value);
    if (!strcmp(name, "from"))
        return add_log(t, value);
    if (!strncmp(name, "colo", 4))
        return choose_when(&t->colour, "color", value);
    if (!strcmp(name, "waiting"))
        return choose_when(&t->waiting, name, value);
    if (!strcmp(name, "trace") || !strcmp(name, "status"))
        return trace_choose_calls(&t->choice, format_new("%s=%s", name, value));
    t->same = true;
    return 0;
}

static int take_option(void *ctx, const struct own_option *o, const char *value)
{
    struct tracing *t = ctx;

    switch (o->letter) {
    case 0:
        return take_word(t, o->name, value);
    case 'e':
        return trace_choose_calls(&t->choice, value);
    case 'P':
        return trace_choose_path(&t->choice, value);
    case 'p':
        return no_attaching(value);
    case 'o':
        t->output = value;
        return 0;
    }
    t->append |= o->letter == 'A';
    t->forks += o->letter == 'f';
    t->summary |= o->letter == 'c' || o->letter == 'C';
    t->lines |= o->letter == 'C';
    t->choice.failed |= o->letter == 'Z';
    t->choice.succeeded |= o->letter == 'z';
    return 0;
}

/* --- Beginning ----------------------------------------------------------------------------------- */

static bool wants_colours(const struct tracing *t, int fd)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (t->colour != AUTO)
        return t->colour == ALWAYS;
    return isatty(fd) && (!no || !*no) && (!term || strcmp(term, "dumb"));
}

/* Two that write to one file overwrite each other. */
static bool is_log(const struct tracing *t)
{
    struct stat log, out;

    return t->options.log && !stat(t->options.log, &log) && !fstat(t->out.fd, &out) && S_ISREG(log.st_mode) &&
           log.st_dev == out.st_dev && log.st_ino == out.st_ino;
}

static int prepare(struct tracing *t)
{
    if ((t->out.fd = trace_out_open(t->output, t->append, t->log_count ? STDOUT_FILENO : STDERR_FILENO)) < 0)
        return fail("cannot write %s: %s", output_name(t), strerror(errno));
    if (is_log(t))
        return usage_error("trace", "--log %s: the trace goes there", t->options.log);
    t->out.ink.colours = wants_colours(t, t->out.fd);
    t->lines |= !t->summary;
    t->sum = t->summary ? trace_sum_new() : NULL;
    t->hold = t->same ? trace_hold_new() : NULL;
    return 0;
}

static int trace(int argc, char **argv)
{
    static struct tracing t;
    struct own_options mine = {.list = own, .count = sizeof own / sizeof *own, .take = take_option, .ctx = &t};
    int status;

    trace_habits(&mine);
    status = options_read_own(&t.options, USE_TRACE, &mine, argc, argv);

    if (status)
        return status < 0 ? 0 : status;
    argv += t.options.rest;
    if (t.log_count && (*argv || t.options.source_count))
        return usage_error("trace", "--from shows a log: neither a command nor a policy goes with it");
    if (!t.log_count && !*argv)
        return usage_error("trace", "no command to run");
    if (t.waiting == ALWAYS && (t.log_count || t.same || t.options.json || (t.summary && !t.lines)))
        return usage_error("trace", "--waiting always needs lines that are shown as they come");
    if ((status = trace_check_output(t.output, t.append, t.forks)) || (status = prepare(&t)))
        return status;
    return t.log_count ? show_logs(&t) : run_command_traced(&t, argv);
}

const struct command trace_command = {"trace", "run a program and show its socket calls", usage, trace};
