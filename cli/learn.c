/* sunshim learn: runs a command, or reads logs, and writes the policy that allows it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "learn.h"
#include "run.h"

static const char usage[] =
    "Usage: sunshim learn -o POLICY [OPTION]... [--] COMMAND [ARG...]\n"
    "       sunshim learn [-o POLICY] [OPTION]... --from LOG [LOG...]\n"
    "Writes the smallest policy under which the same run passes, with what was seen as\n"
    "comments.\n"
    "\n"
    "  -o, --output POLICY   where to; '-' is standard output, as --from has without -o\n"
    "      --from LOG        learn from records: the log of a run with --trace, with\n"
    "                        --complain or with audit rules; each LOG is a run of its own\n"
    "      --merge OLD       extend OLD: keep it as it is, and append what it does not\n"
    "                        allow; without -o into OLD itself\n"
    "      --force           overwrite POLICY\n"
    "      --denied          allow, too, what was denied because no rule allowed it\n"
    "  -h, --help            this text\n"
    "\n"
    "and those of sunshim run: -p, --rule, -I, --apparmor, --profile, --complain, --log,\n"
    "--json, --track, --long-paths, --repair, --shorten, --keep, --no-follow, --pass,\n"
    "--anon, --allow-unseen.\n"
    "\n"
    "All programs of a run go into one policy. What changes from run to run becomes a\n"
    "pattern: numbers of processes, counters (3 alike, or another one in each LOG), dates,\n"
    "names drawn by lot (mkstemp and the like) or made by an autobind, the user's own\n"
    "directories. A pattern has as many bytes as were seen, at most 4 places, and 4 bytes\n"
    "that stay.\n"
    "\n"
    "Exit status: that of COMMAND; 125 when sunshim itself fails.\n"
    "\n"
    "  sunshim learn -o redis.policy -- ./test.sh\n"
    "  sunshim learn --merge redis.policy -- ./another-test.sh\n"
    "  sunshim run --complain -p web --log web.log ./server; sunshim learn --merge web.policy --from web.log\n";

enum { LOGS_MAX = 64 };

struct command_line {
    struct options options;
    const char *output, *merge;
    const char *from[LOGS_MAX + 1]; /* --from, in their order; further ones are operands */
    unsigned from_count;
    bool force;
    char **operands;
};

struct learning {
    struct command_line line;
    struct learned learned;
    struct record record;
    struct policy_input around;
    struct old_policy old;
};

/* --- The command line ---------------------------------------------------- */

static const struct own_option own[] = {{"output", 'o', true}, {"from", 0, true},    {"merge", 0, true},
                                        {"force", 0, false},   {"denied", 0, false}};

static int take_option(void *ctx, const struct own_option *which, const char *value)
{
    struct learning *g = ctx;

    if (which == &own[0])
        g->line.output = value;
    else if (which == &own[1] && g->line.from_count == LOGS_MAX)
        return fail("more than %d times --from; further logs can follow without it", LOGS_MAX);
    else if (which == &own[1])
        g->line.from[g->line.from_count++] = value;
    else if (which == &own[2])
        g->line.merge = value;
    g->line.force |= which == &own[3];
    g->learned.with_denied |= which == &own[4];
    return 0;
}

/* Something would be lost; a terminal or a pipe loses nothing. */
static bool is_file(const char *path)
{
    struct stat st;

    return strcmp(path, "-") && !stat(path, &st) && S_ISREG(st.st_mode);
}

/* 0 when files can be made beside `path`. */
static int check_directory(const char *path)
{
    const char *slash = strrchr(path, '/'), *dir = slash ? format_new("%.*s", (int)(slash - path) + 1, path) : ".";

    if (!access(dir, W_OK))
        return 0;
    return errno == ENOENT ? fail("'%s': %s", path, strerror(errno))
                           : fail("'%s' cannot be written to: %s", dir, strerror(errno));
}

/* A long run is not to end with a policy that cannot be written. */
static int check_place(const char *path)
{
    struct stat st;
    char *real;

    if (!strcmp(path, "-"))
        return 0;
    if (stat(path, &st)) {
        if (errno == ENOENT && *path)
            return lstat(path, &st) ? check_directory(path) : fail("'%s' is a symbolic link that leads nowhere", path);
        return fail("'%s': %s", path, strerror(errno));
    }
    if (S_ISDIR(st.st_mode))
        return fail("'%s': %s", path, strerror(EISDIR));
    if (!S_ISREG(st.st_mode))
        return access(path, W_OK) ? fail("'%s': %s", path, strerror(errno)) : 0;
    if (!(real = realpath(path, NULL)))
        return fail("'%s': %s", path, strerror(errno));
    return check_directory(real);
}

static bool same_file(const char *a, const char *b)
{
    struct stat one, other;

    return !strcmp(a, b) || (!stat(a, &one) && !stat(b, &other) && one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

static bool is_extended(const struct command_line *c)
{
    return c->merge && (!c->output || same_file(c->merge, c->output));
}

static int check_output(const struct command_line *c)
{
    if (!c->from_count && !*c->operands)
        return usage_error("learn", "no command to run, and no --from LOG to learn from");
    if (!c->from_count && !c->output && !c->merge)
        return usage_error("learn", "where to? -o POLICY; '-o -' writes to standard output, after what the command writes");
    if (c->output && !c->force && is_file(c->output) && !is_extended(c))
        return fail("'%s' is there already: --merge %s extends it, --force overwrites it", c->output, c->output);
    return c->output || c->merge ? check_place(c->output ? c->output : c->merge) : 0;
}

static int read_old(struct learning *g)
{
    struct policy_file file;
    int err;

    if (!g->line.merge)
        return 0;
    if ((err = policy_files.read(NULL, g->line.merge, &file)) == -ENOENT && !g->line.output)
        return fail("'%s' is not there to be extended: -o %s writes a new one", g->line.merge, g->line.merge);
    if (err)
        return fail("'%s': %s", g->line.merge, read_failure(g->line.merge, -err));
    if (memchr(file.text, '\0', file.len))
        return fail("'%s' holds NUL bytes", g->line.merge);
    g->old = (struct old_policy){g->line.merge, format_new("%.*s", (int)file.len, file.text), file.len};
    return 0;
}

/* What was typed, to be found again in the policy. */
static const char *typed(int argc, char **argv)
{
    const char *line = "sunshim";

    for (int i = 0; i < argc; i++)
        line = format_new("%s %s", line, shell_word(argv[i]));
    return strlen(line) > 400 ? format_new("%.400s...", line) : line;
}

/* --- What was learned ---------------------------------------------------- */

static void say_result(const struct learning *g, const char *to)
{
    const struct learned *l = &g->learned;
    unsigned kept = 0;

    for (size_t i = 0; i < l->rule_count; i++)
        kept += !l->rules[i]->dropped;
    if (l->unclear)
        say("%llu call%s cannot be learned from: records do not say enough, or no rule can", (unsigned long long)l->unclear,
            l->unclear == 1 ? "" : "s");
    if (l->denied && !l->with_denied)
        say("%llu call%s denied, and stay%s so (--denied learns those that no rule denied)", (unsigned long long)l->denied,
            l->denied == 1 ? " was" : "s were", l->denied == 1 ? "s" : "");
    if (!g->old.text && !l->calls)
        say("no socket call was seen, and %s allows none", strcmp(to, "-") ? to : "the policy");
    else if (g->old.text && !kept)
        say("%s allows %s already", g->old.path,
            l->refused      ? "everything else"
            : !l->calls     ? "what was seen, which is no call,"
            : l->calls == 1 ? "the call"
                            : format_new("all %llu calls", (unsigned long long)l->calls));
    else
        say("learned %u rule%s from %llu call%s: %s", kept, kept == 1 ? "" : "s", (unsigned long long)l->calls,
            l->calls == 1 ? "" : "s", strcmp(to, "-") ? to : "standard output");
}

static bool has_news(const struct learned *l)
{
    for (size_t i = 0; i < l->rule_count; i++)
        if (!l->rules[i]->dropped)
            return true;
    return false;
}

/* Learners that extend the same policy take turns; where there are no locks, luck decides. */
static int take_turn(const char *path)
{
    char *real = realpath(path, NULL), *slash = real ? strrchr(real, '/') : NULL;
    int fd;

    if (!slash)
        return -1;
    slash[slash == real] = '\0';
    fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) && errno == EINTR)
        ;
    free(real);
    return fd;
}

/* 0 or 125. */
static int work_out(struct learning *g)
{
    struct learned *l = &g->learned;
    int status;

    g->around = load_input(&g->line.options, 0);
    l->old_text = g->old.text;
    learn_autobinds(l);
    learn_resolve(l);
    names_settle(l, &g->around);
    if ((status = check_old(l, &g->around, &g->old)))
        return status;
    rules_make(l);
    return check_rules(l, &g->around, &g->old);
}

static int write_policy(struct learning *g)
{
    const char *to = g->line.output ? g->line.output : g->line.merge ? g->line.merge : "-";
    bool extended = is_extended(&g->line), fresh = !g->line.force && !extended;
    int turn = extended ? take_turn(to) : -1, status = read_old(g); /* as others have left it by now */

    if (!status)
        status = work_out(g);
    if (!status && (!g->old.text || has_news(&g->learned)))
        status = file_replace(to, learned_text(&g->learned, &g->old, true), fresh);
    else if (!status && !extended)
        status = file_replace(to, g->old.text, fresh);
    if (turn >= 0)
        close(turn);
    if (!status)
        say_result(g, to);
    return status;
}

/* --- From logs ----------------------------------------------------------- */

static void take_record(void *ctx, const struct record *r, const char *line, size_t len)
{
    struct learning *g = ctx;

    (void)line, (void)len;
    learn_record(&g->learned, r);
}

/* Each is a run of its own. 0 or 125. */
static int read_logs(struct learning *g, const char *const *logs)
{
    uint64_t skipped = 0;

    for (; *logs; logs++) {
        uint64_t before = g->learned.calls + g->learned.denied;

        if (records_each(*logs, take_record, g, &skipped))
            return EXIT_SUNSHIM;
        if (g->learned.calls + g->learned.denied == before)
            say("%s: no record of a socket call in it (was it a log of --trace, --complain or audit rules?)", *logs);
        g->learned.runs++;
    }
    return 0;
}

static int learn_from_logs(struct learning *g)
{
    if (read_logs(g, g->line.from) || read_logs(g, (const char *const *)g->line.operands))
        return EXIT_SUNSHIM;
    if (!g->learned.calls && g->learned.denied && !g->learned.with_denied)
        return fail("nothing to learn from but %llu call%s that %s denied: --denied learns those that no rule denied",
                    (unsigned long long)g->learned.denied, g->learned.denied == 1 ? "" : "s",
                    g->learned.denied == 1 ? "was" : "were");
    if (!g->learned.calls)
        return fail("nothing to learn from");
    return write_policy(g);
}

/* --- From a command ------------------------------------------------------ */

static void take_line(void *ctx, const char *line, size_t len)
{
    struct learning *g = ctx;

    if (record_read(&g->record, line, len))
        learn_record(&g->learned, &g->record);
}

static int end_of_run(void *ctx, const struct run_end *end)
{
    struct learning *g = ctx;

    g->learned.runs = 1;
    if (!WIFEXITED(end->status) || WEXITSTATUS(end->status))
        say("the command failed: what was learned is what it did until then");
    return write_policy(g);
}

static int learn_from_command(struct learning *g)
{
    const struct run_watch watch = {.ctx = g, .line = take_line, .end = end_of_run};
    const struct run_plan plan = {.options = &g->line.options, .argv = g->line.operands, .name = "learn",
                                  .watches = {&watch}, .quiet = !g->line.options.log, .wait = true};

    return run_plan(&plan);
}

static int learn(int argc, char **argv)
{
    static struct learning g;
    const struct own_options mine = {.list = own, .count = sizeof own / sizeof *own, .take = take_option, .ctx = &g};
    int status = options_read_own(&g.line.options, USE_LEARN, &mine, argc, argv);

    if (status)
        return status < 0 ? 0 : status;
    g.line.operands = argv + g.line.options.rest;
    g.learned.how = typed(argc, argv);
    if ((status = check_output(&g.line)) || (status = read_old(&g)))
        return status;
    return g.line.from_count ? learn_from_logs(&g) : learn_from_command(&g);
}

const struct command learn_command = {"learn", "write a policy from what a program does", usage, learn};
