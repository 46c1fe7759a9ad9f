/* The directory of a run: what its processes find by path. Private to cli/. */
#ifndef SUNSHIM_CLI_DOMAIN_H
#define SUNSHIM_CLI_DOMAIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct domain {
    char path[PATH_MAX]; /* absolute, without blanks and colons */
    int fd;              /* of the directory; close-on-exec */
};

/* Which of the files that processes of the run write to it has; memory.h. */
struct memory {
    bool table, ring, leaks;
    bool lines;  /* the run is traced */
    bool nested; /* sockets may have names from the runs around it (COUNT_ALIASES) */
};

/* What a run's directory holds. */
struct contents {
    const char *library; /* linked to, or copied where other users could not reach it */
    const void *layers;  /* policy/layers.h */
    size_t len;
    const char *outer;   /* directory of the run around this one; NULL: none */
    struct memory memory;
};

/* Makes the directory with all of it. 125 after saying why it cannot; nothing is
 * left behind then. */
int domain_make(struct domain *d, const struct contents *c);

/* A file of the run is written under a temporary name, so that whoever finds it
 * finds all of it: a descriptor for reading and writing, or -errno. */
int domain_begin(const struct domain *d, const char *name);

/* Who may do what with it, whatever the umask: those of a root's run are for every
 * user, because services change their uid and go on. */
enum domain_mode { DOMAIN_READABLE, DOMAIN_WRITABLE };

/* Closes `fd` of domain_begin() and gives the file its name, unless `err` says that it
 * is not complete. 0 or -errno. */
int domain_finish(const struct domain *d, const char *name, int fd, int err, enum domain_mode mode);

/* Says why a file of `bytes` could not be made; 125. */
int domain_refuse(const struct domain *d, const char *name, size_t bytes, int err);

/* Whether the library reported from the command. */
bool domain_reported(const struct domain *d);

/* With all that it holds and notes; no process of the run is left. False: it stays,
 * because something of it cannot be removed. */
bool domain_remove(struct domain *d);

/* Removes the directories of earlier runs of this user of which no process is
 * left. Says nothing: whatever is in doubt stays. */
void domain_sweep(void);

#endif
