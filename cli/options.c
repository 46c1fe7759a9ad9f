#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct spec {
    const char *name;
    char letter; /* what apply() knows it by; a printable one is also the short option */
    bool arg;
    unsigned uses;
};

/* What starts a command. */
enum { COMMAND = USE_RUN | USE_TRACE | USE_LEARN, SUITE = USE_RUN | USE_TRACE };
enum { ALL = COMMAND | USE_ENV | USE_CHECK | USE_EXPLAIN, START = COMMAND | USE_ENV };
/* What getopt_long() gives for a long option: one of `specs`, or of the subcommand's own. */
enum { LONG = 256, OWN = 512, IGNORED = 768 };
enum { RULE = 1, APPARMOR, PROFILE, COMPLAIN, LOG, JSON, EXEC, SHELL, TRACK, NO_FOLLOW, ERROR_STATUS, UNSEEN,
       LONG_PATHS, REPAIR, SHORTEN, KEEP, PASS, ANON, TRACE,
       EXPECT, JUNIT, TAP, LEFTOVERS };

static const struct spec specs[] = {
    {"policy", 'p', true, ALL},         {"rule", RULE, true, ALL},
    {"include", 'I', true, ALL},        {"apparmor", APPARMOR, true, ALL},
    {"profile", PROFILE, true, START | USE_EXPLAIN},
    {"complain", COMPLAIN, false, START}, {"log", LOG, true, START},
    {"json", JSON, false, START},       {"exec", EXEC, false, USE_RUN},
    {"shell", SHELL, false, USE_ENV},   {"track", TRACK, false, COMMAND},
    {"trace", TRACE, false, USE_RUN | USE_ENV},
    {"no-follow", NO_FOLLOW, false, START},
    {"error-exitcode", ERROR_STATUS, true, COMMAND},
    {"expect", EXPECT, true, SUITE},  {"leftovers", LEFTOVERS, false, SUITE},
    {"junit", JUNIT, true, SUITE},    {"tap", TAP, true, SUITE},
    {"allow-unseen", UNSEEN, true, COMMAND},
    {"long-paths", LONG_PATHS, false, START},
    {"repair", REPAIR, false, START},   {"shorten", SHORTEN, false, START},
    {"keep", KEEP, false, COMMAND},
    {"pass", PASS, true, START},        {"anon", ANON, true, START},
    {"help", 'h', false, ALL},
};
enum { SPECS = sizeof specs / sizeof *specs };

/* Known from the documents, not there yet: a better answer than "unknown". */
static const char *const later[] = {"strict", NULL};

struct table {
    struct option options[SPECS + 2 * OWN_MAX + 1];
    const char *names[SPECS + 2 * OWN_MAX + 1]; /* for suggestions */
    char letters[2 * (SPECS + 2 * OWN_MAX) + 3];
    unsigned count;
};

static void add_long(struct table *t, const char *name, int arg, int value)
{
    t->names[t->count] = name;
    t->options[t->count++] = (struct option){name, arg, NULL, value};
}

static char *add_letter(char *to, char letter, int arg)
{
    *to++ = letter;
    if (arg == required_argument)
        *to++ = ':';
    return to;
}

static const struct own_option *find_letter(const struct own_option *list, unsigned count, int letter)
{
    for (unsigned i = 0; i < count; i++)
        if (letter && list[i].letter == letter)
            return &list[i];
    return NULL;
}

static const struct own_option *own_letter(const struct own_options *own, int letter)
{
    return find_letter(own->list, own->count, letter);
}

static char *add_list(struct table *t, const struct own_option *list, unsigned count, int value, char *letter)
{
    for (unsigned i = 0; i < count; i++) {
        if (list[i].name)
            add_long(t, list[i].name, list[i].arg, value + (int)i);
        if (list[i].letter)
            letter = add_letter(letter, list[i].letter, list[i].arg);
    }
    return letter;
}

static void table_fill(struct table *t, enum use use, const struct own_options *own)
{
    /* The first operand of a command line is its command, and what follows is the command's. */
    char *letter = stpcpy(t->letters, use & COMMAND ? "+:" : ":");

    t->count = 0;
    for (const struct spec *s = specs; s < specs + SPECS; s++) {
        if (!(s->uses & use))
            continue;
        add_long(t, s->name, s->arg, LONG + (int)(s - specs));
        if (s->letter >= ' ' && !own_letter(own, s->letter))
            letter = add_letter(letter, s->letter, s->arg);
    }
    letter = add_list(t, own->list, own->count, OWN, letter);
    letter = add_list(t, own->ignored, own->ignored_count, IGNORED, letter);
    *letter = '\0';
    t->names[t->count] = NULL;
    t->options[t->count] = (struct option){0};
}

int options_add(struct options *o, enum source_kind kind, const char *arg)
{
    if (o->source_count == LAYERS_MAX)
        return fail("more than %u policies at once", LAYERS_MAX);
    o->sources[o->source_count++] = (struct source){kind, arg};
    return 0;
}

static int add_dir(struct options *o, const char *dir)
{
    if (o->dir_count == DIRS_MAX)
        return fail("more than %d directories to search (-I)", DIRS_MAX);
    o->dirs[o->dir_count++] = dir;
    return 0;
}

static int add_unseen(struct options *o, const char *glob)
{
    if (!*glob)
        return fail("--allow-unseen: the pattern is empty");
    if (o->unseen_count == GLOBS_MAX)
        return fail("more than %d programs that need not be seen (--allow-unseen)", GLOBS_MAX);
    o->unseen[o->unseen_count++] = glob;
    return 0;
}

static int add_expectations(struct options *o, const char *path)
{
    if (o->expect_count == EXPECT_MAX)
        return fail("more than %d files of expectations (--expect)", EXPECT_MAX);
    o->expect[o->expect_count++] = path;
    return 0;
}

static int add_given(struct options *o, bool anon, const char *arg)
{
    if (o->given_count == PASSED_MAX)
        return fail("--%s %s: more than %d names to pass (--pass and --anon)", anon ? "anon" : "pass", arg, PASSED_MAX);
    o->given[o->given_count++] = (struct given){anon, arg};
    return 0;
}

static int set_error_status(struct options *o, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long status = digits && digits < 5 && !text[digits] ? strtol(text, NULL, 10) : 0;

    if (status < 1 || status > 255)
        return fail("--error-exitcode: '%s' is no number from 1 to 255", text);
    o->error_status = (int)status;
    return 0;
}

static bool is_later(const char *name)
{
    for (const char *const *l = later; *l; l++)
        if (!strcmp(*l, name))
            return true;
    return false;
}

static const char *instead_of(const struct own_options *own, const char *word)
{
    return own->instead ? own->instead(word) : NULL;
}

static int unknown_long(const char *command, const char *word, const struct table *t, const struct own_options *own)
{
    char name[64];
    const char *near;

    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    if ((near = instead_of(own, name)))
        return usage_error(command, "--%s: %s", name, near);
    if (is_later(name))
        return usage_error(command, "option '--%s' is not in this version", name);
    if ((near = suggest(name, t->names)))
        return usage_error(command, "unknown option '--%s'; did you mean '--%s'?", name, near);
    return usage_error(command, "unknown option '--%s'", name);
}

/* getopt_long() leaves the letter in optopt, or 0 for a long option it does not
 * know (or knows too many of), or the value of one that takes no argument. */
static int unknown(const char *command, char **argv, const struct table *t, const struct own_options *own)
{
    const char *word = argv[optind - 1], *instead;

    if (optopt >= ' ' && optopt < LONG) { /* not all of its word is read: `word` may be the one before */
        if ((instead = instead_of(own, (const char[]){(char)optopt, '\0'})))
            return usage_error(command, "-%c: %s", optopt, instead);
        return usage_error(command, "unknown option '-%c'", optopt);
    }
    if (optopt)
        return usage_error(command, "option '%.*s' takes no value", (int)strcspn(word, "="), word);
    return unknown_long(command, word + 2, t, own);
}

static void set_flag(struct options *o, int letter)
{
    o->complain |= letter == COMPLAIN;
    o->json |= letter == JSON;
    o->exec |= letter == EXEC;
    o->shell |= letter == SHELL;
    o->track |= letter == TRACK;
    o->trace |= letter == TRACE;
    o->leftovers |= letter == LEFTOVERS;
    o->no_follow |= letter == NO_FOLLOW;
    o->long_paths |= letter == LONG_PATHS;
    o->repair |= letter == REPAIR || letter == LONG_PATHS;
    o->shorten |= letter == SHORTEN || letter == LONG_PATHS;
    o->keep |= letter == KEEP;
}

static int apply(struct options *o, int letter)
{
    switch (letter) {
    case 'p':
        return options_add(o, SOURCE_POLICY, optarg);
    case RULE:
        return options_add(o, SOURCE_RULE, optarg);
    case APPARMOR:
        return options_add(o, SOURCE_APPARMOR, optarg);
    case 'I':
        return add_dir(o, optarg);
    case UNSEEN:
        return add_unseen(o, optarg);
    case PASS:
    case ANON:
        return add_given(o, letter == ANON, optarg);
    case ERROR_STATUS:
        return set_error_status(o, optarg);
    case EXPECT:
        return add_expectations(o, optarg);
    case JUNIT:
        o->junit = optarg;
        return 0;
    case TAP:
        o->tap = optarg;
        return 0;
    case PROFILE:
        o->profile = optarg;
        return 0;
    case LOG:
        o->log = optarg;
        return 0;
    }
    set_flag(o, letter);
    return 0;
}

/* What getopt_long() found, to the subcommand or to apply(). */
static int take(struct options *o, const struct own_options *own, int found)
{
    const struct own_option *mine = found < LONG ? own_letter(own, found) : NULL;

    if (found >= IGNORED || (!mine && found < LONG && find_letter(own->ignored, own->ignored_count, found)))
        return 0;
    if (found >= OWN)
        mine = &own->list[found - OWN];
    if (mine)
        return own->take(own->ctx, mine, optarg);
    return apply(o, found >= LONG ? specs[found - LONG].letter : found);
}

static bool asks_for_help(int found)
{
    return found == 'h' || (found >= LONG && found < LONG + SPECS && specs[found - LONG].letter == 'h');
}

int options_read_own(struct options *o, enum use use, const struct own_options *own, int argc, char **argv)
{
    struct table t;
    int found, status;

    *o = (struct options){0};
    table_fill(&t, use, own);
    optind = 0; /* the main command line was read before */
    while ((found = getopt_long(argc, argv, t.letters, t.options, NULL)) != -1) {
        if (asks_for_help(found)) {
            fputs(command_find(argv[0])->usage, stdout);
            return -1;
        }
        if (found == ':')
            return usage_error(argv[0], "option '%s' needs a value", argv[optind - 1]);
        if (found == '?')
            return unknown(argv[0], argv, &t, own);
        if ((status = take(o, own, found)))
            return status;
    }
    o->rest = optind;
    return 0;
}

int options_read(struct options *o, enum use use, int argc, char **argv)
{
    return options_read_own(o, use, &(struct own_options){0}, argc, argv);
}
