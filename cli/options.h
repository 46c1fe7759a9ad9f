/* The options of the subcommands, read by getopt_long(). Private to cli/. */
#ifndef SUNSHIM_CLI_OPTIONS_H
#define SUNSHIM_CLI_OPTIONS_H

#include <stdbool.h>

#include "domain/passed.h"
#include "policy/layers.h"

enum use { USE_RUN = 1, USE_ENV = 2, USE_CHECK = 4, USE_EXPLAIN = 8, USE_TRACE = 16, USE_LEARN = 32 };

enum source_kind {
    SOURCE_POLICY,   /* -p NAME or -p PATH/TO/FILE */
    SOURCE_OPERAND,  /* the same given to check and explain: a file here may lack the slash */
    SOURCE_RULE,     /* --rule TEXT */
    SOURCE_APPARMOR, /* --apparmor FILE */
};

struct source {
    enum source_kind kind;
    const char *arg;
};

/* --pass NAME=FD, --anon NAME[:TYPE] */
struct given {
    bool anon;
    const char *arg;
};

enum { DIRS_MAX = 64, GLOBS_MAX = 64, EXPECT_MAX = 64 };

struct options {
    struct source sources[LAYERS_MAX]; /* outermost first */
    unsigned source_count;
    const char *dirs[DIRS_MAX]; /* -I */
    unsigned dir_count;
    const char *profile, *log;
    const char *unseen[GLOBS_MAX]; /* --allow-unseen */
    unsigned unseen_count;
    struct given given[PASSED_MAX];
    unsigned given_count;
    int error_status; /* --error-exitcode; 0: not given */
    const char *expect[EXPECT_MAX]; /* --expect */
    unsigned expect_count;
    const char *junit, *tap;
    bool leftovers;
    bool complain, json, exec, shell, track, trace, no_follow;
    bool repair, shorten, keep; /* --long-paths is the first two */
    bool long_paths;            /* ... said so: `env` has to answer for the second */
    int rest; /* index of the first operand in argv */
};

/* Reads the options that `use` knows. 0; 125 after saying what is wrong; or -1
 * when --help was asked for and has been answered (exit 0). */
int options_read(struct options *o, enum use use, int argc, char **argv);

/* Options that a subcommand has beside those, at most OWN_MAX. A letter given here is no
 * longer one of the above. */
enum { OWN_MAX = 64 };
struct own_option {
    const char *name; /* NULL: a letter alone */
    char letter;      /* 0: none */
    int arg;          /* as in struct option: 0 no, 1 it needs one, 2 --name=VALUE may have one */
};
struct own_options {
    const struct own_option *list;
    unsigned count;
    int (*take)(void *ctx, const struct own_option *which, const char *value); /* 0, or 125 after saying what is wrong */
    void *ctx;
    const struct own_option *ignored; /* taken, and nobody is told; at most OWN_MAX */
    unsigned ignored_count;
    /* What to say of an option that nobody knows: `word` is a letter, or a name without dashes.
     * NULL, or gives NULL: that it is unknown. */
    const char *(*instead)(const char *word);
};
/* The same, with those. */
int options_read_own(struct options *o, enum use use, const struct own_options *own, int argc, char **argv);

/* Adds a layer; 125 when there are too many. */
int options_add(struct options *o, enum source_kind kind, const char *arg);

#endif
