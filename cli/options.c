#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct spec {
    const char *name;
    char letter; /* what getopt_long() gives; a printable one is also the short option */
    bool arg;
    unsigned uses;
};

enum { ALL = USE_RUN | USE_ENV | USE_CHECK | USE_EXPLAIN, START = USE_RUN | USE_ENV };
enum { RULE = 1, APPARMOR, PROFILE, COMPLAIN, LOG, JSON, EXEC, SHELL, TRACK, NO_FOLLOW, ERROR_STATUS, UNSEEN,
       LONG_PATHS, REPAIR, SHORTEN, KEEP, PASS, ANON };

static const struct spec specs[] = {
    {"policy", 'p', true, ALL},         {"rule", RULE, true, ALL},
    {"include", 'I', true, ALL},        {"apparmor", APPARMOR, true, ALL},
    {"profile", PROFILE, true, START | USE_EXPLAIN},
    {"complain", COMPLAIN, false, START}, {"log", LOG, true, START},
    {"json", JSON, false, START},       {"exec", EXEC, false, USE_RUN},
    {"shell", SHELL, false, USE_ENV},   {"track", TRACK, false, USE_RUN},
    {"no-follow", NO_FOLLOW, false, START},
    {"error-exitcode", ERROR_STATUS, true, USE_RUN},
    {"allow-unseen", UNSEEN, true, USE_RUN},
    {"long-paths", LONG_PATHS, false, START},
    {"repair", REPAIR, false, START},   {"shorten", SHORTEN, false, START},
    {"keep", KEEP, false, USE_RUN},
    {"pass", PASS, true, START},        {"anon", ANON, true, START},
    {"help", 'h', false, ALL},
};
enum { SPECS = sizeof specs / sizeof *specs };

/* Known from the documents, not there yet: a better answer than "unknown". */
static const char *const later[] = {"trace", "strict", NULL};

struct table {
    struct option options[SPECS + 1];
    const char *names[SPECS + 1]; /* for suggestions */
    char letters[2 * SPECS + 3];
};

static void table_fill(struct table *t, enum use use)
{
    unsigned n = 0;
    /* run: the first operand is the command, and what follows is the command's. */
    char *letter = stpcpy(t->letters, use == USE_RUN ? "+:" : ":");

    for (const struct spec *s = specs; s < specs + SPECS; s++) {
        if (!(s->uses & use))
            continue;
        t->names[n] = s->name;
        t->options[n++] = (struct option){s->name, s->arg ? required_argument : no_argument, NULL, s->letter};
        if (s->letter < ' ')
            continue;
        *letter++ = s->letter;
        if (s->arg)
            *letter++ = ':';
    }
    *letter = '\0';
    t->names[n] = NULL;
    t->options[n] = (struct option){0};
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

static int unknown_long(const char *command, const char *word, const struct table *t)
{
    char name[64];
    const char *near;

    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    if (is_later(name))
        return usage_error(command, "option '--%s' is not in this version", name);
    if ((near = suggest(name, t->names)))
        return usage_error(command, "unknown option '--%s'; did you mean '--%s'?", name, near);
    return usage_error(command, "unknown option '--%s'", name);
}

/* getopt_long() leaves the letter in optopt, or 0 for a long option it does not
 * know (or knows too many of), or the value of one that takes no argument. */
static int unknown(const char *command, char **argv, const struct table *t)
{
    const char *word = argv[optind - 1];

    if (optopt >= ' ' && strncmp(word, "--", 2))
        return usage_error(command, "unknown option '-%c'", optopt);
    if (optopt)
        return usage_error(command, "option '%.*s' takes no value", (int)strcspn(word, "="), word);
    return unknown_long(command, word + 2, t);
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
    case PROFILE:
        o->profile = optarg;
        return 0;
    case LOG:
        o->log = optarg;
        return 0;
    }
    o->complain |= letter == COMPLAIN;
    o->json |= letter == JSON;
    o->exec |= letter == EXEC;
    o->shell |= letter == SHELL;
    o->track |= letter == TRACK;
    o->no_follow |= letter == NO_FOLLOW;
    o->long_paths |= letter == LONG_PATHS;
    o->repair |= letter == REPAIR || letter == LONG_PATHS;
    o->shorten |= letter == SHORTEN || letter == LONG_PATHS;
    o->keep |= letter == KEEP;
    return 0;
}

int options_read(struct options *o, enum use use, int argc, char **argv)
{
    struct table t;
    int letter, status;

    *o = (struct options){0};
    table_fill(&t, use);
    optind = 0; /* the main command line was read before */
    while ((letter = getopt_long(argc, argv, t.letters, t.options, NULL)) != -1) {
        if (letter == 'h') {
            fputs(command_find(argv[0])->usage, stdout);
            return -1;
        }
        if (letter == ':')
            return usage_error(argv[0], "option '%s' needs a value", argv[optind - 1]);
        if (letter == '?')
            return unknown(argv[0], argv, &t);
        if ((status = apply(o, letter)))
            return status;
    }
    o->rest = optind;
    return 0;
}
