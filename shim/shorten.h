/* Short names for programs that this one starts (--shorten; domain/shorten.h): what long
 * paths their arguments and environment hold leads through aliases of the run.
 *
 * Names that no alias can be made for stay, with one record (HINT) for each process. Programs that
 * are to have the long names get those back that this one knows by short ones. */
#ifndef SUNSHIM_SHIM_SHORTEN_H
#define SUNSHIM_SHIM_SHORTEN_H

#include <stdbool.h>
#include <stddef.h>

#include "state.h"

struct shorten_plan {
    char *const *argv, *const *envp; /* as given */
    size_t argc, envc;
    size_t room;     /* bytes that shorten_fill() wants; 0: all can stay */
    bool keeps[2];   /* arguments, environment: they are to have the long names */
    bool unreadable; /* some of it is; the kernel will say EFAULT */
};

/* Whether there is anything to do at all: one load. */
static inline bool shorten_on(void)
{
    return __builtin_expect(state->shortens, 0);
}

/* Looks at what `program` (NULL: argv[0]) is about to get. Reads with care: pointers may lead nowhere.
 * Async-signal-safe; allocates nothing. */
void shorten_look(struct shorten_plan *plan, const char *program, char *const *argv, char *const *envp);

/* Puts the vectors with short names into `room` (plan->room bytes, aligned as a pointer), which has to
 * last until the call is made, and sets *argv and *envp. Entries that stay are
 * the same pointers. Makes aliases. Async-signal-safe; leaves errno alone. */
void shorten_fill(const struct shorten_plan *plan, void *room, char *const **argv, char *const **envp);

/* Copies `text` (len bytes) with long names in place of aliases to `to` (`room` bytes, terminated; NULL with
 * room 0: nowhere). Returns the length that is needed; `len` where nothing has changed. Names that could be
 * taken for more than a name, because of blanks or the like, are left alone. */
size_t shorten_undo(const char *text, size_t len, char *to, size_t room);

/* Puts short names into a line of text, in place; a NUL stands at line[len]. Returns its new length. */
size_t shorten_line(char *line, size_t len);

/* Whether the stack has so many bytes. */
bool shorten_fits_stack(size_t bytes);

/* Whether memory mapped now would stay with somebody else when this process executes
 * another program, as in a child made by vfork(2). When in doubt, yes. */
bool shorten_borrows_memory(void);

/* Puts on record, once, that a program gets long names. `err` is negative. */
void shorten_gave_up(int err, const char *why);

#endif
