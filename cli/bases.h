/* Where the directories of runs are, and what becomes of them. Private to cli/. */
#ifndef SUNSHIM_CLI_BASES_H
#define SUNSHIM_CLI_BASES_H

#include "domain.h"

#define DOMAIN_NEW ".new" /* suffix of a file of a run that is being written */

/* How long an alias, "D/a/sXXXXX", may be, so that sockets' names have room behind it:
 * enough for /run/user/4294967294/sunshim. */
enum { ALIAS_PATH = 60 };

/* The places where a user's domains are, and how their names begin. */
struct domain_base {
    const char *dir, *prefix;
    bool own; /* the directory is sunshim's own, to be made where it is missing */
};

/* In the order of preference; ends with a NULL dir. */
const struct domain_base *domain_bases(void);

/* Root's services change their uid and go on: they must reach what is inside, by its
 * name, which nobody else knows. */
bool domain_is_roots(void);

/* Makes an empty directory in the first base that can be used; with `for_copy` one
 * that programs can be mapped from. 0 or -errno. */
int domain_place(struct domain *d, bool for_copy);

/* `count` random letters, five bits each, terminated. 0 or -errno. */
int random_letters(char *to, unsigned count);
/* Whether `text` is `count` of those, and nothing else. */
bool are_letters(const char *text, unsigned count);

enum { DOMAIN_LETTERS = 16 }; /* in the name of a run's directory */

/* Empties the directory `fd` of the files of a run, removes what the run left
 * elsewhere (TMPDIR, binds that were not finished), and removes it as `name` of
 * `base`. A directory that holds anything else stays; false. */
bool domain_erase(int base, const char *name, int fd);

/* When process `pid` started, in clock ticks since boot; 0 if it is not there or
 * has ended and only waits to be reaped. */
unsigned long long process_start(int pid);

/* Identifies the process ids' namespace: a pid means nothing in another one. */
unsigned long long process_namespace(void);

#endif
