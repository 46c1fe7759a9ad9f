/* What `sunshim doctor` finds out about one socket path. Private to cli/doctor*.c.
 * Everything is allocated once and never freed. */
#ifndef SUNSHIM_CLI_DOCTOR_H
#define SUNSHIM_CLI_DOCTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "who.h"

enum {
    SUN_ROOM = 108,             /* sizeof sun_path */
    SUN_USABLE = SUN_ROOM - 1,  /* what programs can use of it */
    NEAR_LIMIT = 90,            /* from here on derived names stop fitting */
    LINKS_MAX = 40,             /* as the kernel follows */
    FINDINGS_MAX = 64, REMEDIES_MAX = 8, TRIALS_MAX = 8,
};

/* --- Findings ------------------------------------------------------------ */

enum severity {
    NOTE,     /* good to know */
    REMEDY,   /* it does not work before somebody does something, which the caller may */
    HOPELESS, /* nothing that the caller may do makes this very path work */
};

struct finding {
    const char *word; /* "too-long", "stale", ...: for tools */
    enum severity severity;
    char *what;
    char *remedies[REMEDIES_MAX];
    unsigned remedy_count;
};

struct findings {
    struct finding at[FINDINGS_MAX];
    unsigned count;
};

/* `word` is kept, the sentence made. NULL: there are FINDINGS_MAX already. */
struct finding *finding_add(struct findings *f, const char *word, enum severity severity, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Another thing to do about it; NULL for `f` is allowed. */
void remedy_add(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first of the most severe; NULL when there are only notes. */
const struct finding *findings_worst(const struct findings *f);

/* --- Words (doctor_words.c) ------------------------------------------------ */

/* As shown(), its middle left out where it is longer than `most` bytes. */
char *shown_short(const char *text, size_t most);

/* --- The way to a file (doctor_walk.c) --------------------------------------- */

struct walk {
    int error;     /* 0, or the errno at which it ended */
    char *stopped; /* the name that the error is about: of the path walked so far */
    bool last;     /* that was the last component */
    int dir, file; /* O_PATH: the last component's directory, and the file; -1 */
    char *dir_name, *name; /* that directory as it was walked to; the last component */
    struct stat dir_st, st; /* of dir and file, where those are >= 0 */
    struct {
        char *name, *target;
    } links[LINKS_MAX + 1];
    unsigned link_count;
    bool ends_in_link;  /* the last component that was asked for is a symbolic link */
    bool ends_in_slash;
};

/* Follows `path` as connect(2) would, of whatever length. */
void walk_path(struct walk *w, const char *path);
/* The canonical name of a directory's descriptor; NULL without /proc. */
char *canonical_of(int fd);

/* --- One path ---------------------------------------------------------------- */

enum listening { LISTENING_UNKNOWN, LISTENING_NOBODY, LISTENING_SILENT, LISTENING_YES };

struct trial {
    const char *name;
    int error[2];        /* of stream and of dgram: 0 worked; -1: not tried */
    const char *step[2]; /* the call that failed */
    bool remedy; /* for a name that is too long */
};

struct doctor {
    const char *path;
    size_t len;
    char *absolute; /* of a relative path; NULL where it is not known */
    struct walk walk;
    struct answer answer; /* sockets bound to it, and their holders */
    const struct sock *bound; /* the one that answers; NULL */
    enum listening listening;
    struct findings findings;
    struct trial trials[TRIALS_MAX];
    unsigned trial_count;
    const char *notes[8]; /* what could not be seen */
    unsigned note_count;
};

void doctor_length(struct doctor *d); /* doctor_length.c: bytes, components, names near the limit */
void doctor_place(struct doctor *d);  /* doctor_place.c: the way there, the directory, the file */
void doctor_socket(struct doctor *d); /* doctor_socket.c: who is bound to the file */
void doctor_cut(struct doctor *d);    /* doctor_cut.c: what stands where a cut name leads */
void doctor_try(struct doctor *d);    /* doctor_try.c: --try */
/* doctor_map.c: makes `path` and `len` what the policies' rules lead to; path NULL: nothing that could be looked
 * at. 0, or 125 after saying why a policy cannot be loaded. */
struct options;
int doctor_map(struct doctor *d, const struct options *o);

/* What could not be seen, as a sentence; kept, not copied. */
void doctor_note(struct doctor *d, const char *note);
/* Whether the caller may make and remove names in the directory, as far as modes say. */
bool may_change(int dir);
/* The same of one that is there already: mind the sticky bit. */
bool may_remove(const struct walk *w);

/* 0, 1, 2 as the command's exit status. */
int doctor_status(const struct doctor *d);
/* "works: ...", "needs a remedy: ...", "does not work: ..." */
char *doctor_verdict(const struct doctor *d);
void doctor_print(const struct doctor *d);
void doctor_print_json(const struct doctor *d);
void findings_print(const struct findings *f);
void findings_json(const struct findings *f);

/* --- What programs append (doctor_known.c) -------------------------------------- */

struct known {
    const char *variable; /* names a directory; NULL: a socket's own name */
    const char *program, *appended;
};
extern const struct known known_names[]; /* ends with program NULL */

/* --- Commands (doctor_command.c), and the hidden half of --try (doctor_trial.c) -- */

/* The whole of `sunshim doctor -- COMMAND`. Gives the exit status. */
int doctor_for_command(char **argv, bool json);
int doctor_trial(const char *type, const char *path);
/* Bind, listen, connect, a byte there; 0 or errno, *step names the call. `address`: of
 * any length. Removes nothing. */
int trial_run(int type, const char *address, const char **step);

#endif
