/* The parts of waits.c. Private to cli/waits*.c. */
#ifndef SUNSHIM_CLI_WAITS_IN_H
#define SUNSHIM_CLI_WAITS_IN_H

#include "waits.h"
#include "who.h"

/* --- Threads (waits_threads.c) ----------------------------------------------------------- */

struct waits_call {
    long number;
    const char *name;
    bool traced;   /* has a record when it returns */
    bool has_size, has_messages;
    int name_at;   /* which argument is the other end's name, in front of its length; 0: none */
    bool header;   /* it is in a struct msghdr, the second argument */
};

struct sleeper {
    int pid, tid;
    const struct waits_call *call;
    unsigned long arguments[6];
    uint32_t ino;   /* of the socket */
    char line[288]; /* the same as long as the thread sleeps in the same call */
};

struct pids {
    int *at;
    size_t count, room;
};

/* The children that this process has now. */
void pids_children(struct pids *p);
bool pids_has(const struct pids *p, int pid);

/* Our descendants but `foreign` ones and theirs go into `all`; calls `each` for every thread of them
 * that sleeps in a call on a socket. How many threads there are. */
size_t sleepers_each(const struct pids *foreign, struct pids *all, void (*each)(void *ctx, const struct sleeper *s), void *ctx);
/* Whether it has slept all the time. */
bool sleeper_stays(const struct sleeper *s);

/* --- Names (waits_names.c) ------------------------------------------------------------------ */

struct surroundings {
    const struct pids *all;
    struct world world; /* is loaded as far as was necessary */
    bool loaded, inet;
};

/* Fills in what can be known of its call and socket. All values are allocated. */
void sleeper_tell(struct record *r, const struct sleeper *s, struct surroundings *around);
/* Adds a field, or changes it. */
void told_set(struct record *r, const char *key, bool word, const char *value, size_t len);
void told_free(struct record *r);
void surroundings_free(struct surroundings *around);

#endif
