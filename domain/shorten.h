/* Short names for long directories, put into arguments and environment before a
 * program sees them (--shorten): which parts of a text are long paths, and what
 * stands there instead.
 *
 * A path begins at the start of a text or after one of = : , ; blanks quotes ( < > | & { [ and
 * is absolute; `unix:///x` and its like count, `http://x` and `file:///x` do not, nor does what
 * follows a letter (-I/usr/include), a word like cd, or a compiler's name (in what a shell is
 * to do). What may end it ends it, unless a file is really called
 * so. The directory that the path leads to, or lies in, is replaced by an alias (alias.h)
 * where it exists and the result is shorter: everything behind it stays, byte for byte. Regular
 * files, devices and FIFOs that exist keep their names. Of a directory the last component
 * is kept, so that what is done to the name is done to the directory and not to a link,
 * unless it is too long itself.
 *
 * Pure: the file system is reached through callbacks. Async-signal-safe if those are. */
#ifndef SUNSHIM_DOMAIN_SHORTEN_H
#define SUNSHIM_DOMAIN_SHORTEN_H

#include <stdbool.h>
#include <stddef.h>

enum {
    SHORTEN_OVER = 75,      /* bytes; up to here a path is short, with room for what programs append */
    SHORTEN_WANT = 70,      /* what a shortened one has, if it can be done */
    SHORTEN_ALIAS_MAX = 96, /* room for an alias's path, terminated */
    SHORTEN_WORK = 4096,    /* room to work in */
};

enum shorten_file {
    SHORTEN_NOTHING,   /* not there, or cannot be looked at */
    SHORTEN_DIRECTORY, /* or a symlink to one, as in the following */
    SHORTEN_SOCKET,
    SHORTEN_OTHER,
};

struct shorten {
    /* What `path` (absolute, terminated) leads to: stat(2), symlinks followed. */
    enum shorten_file (*look)(void *ctx, const char *path);
    /* Makes or finds the alias of `dir` (absolute, terminated, exists) and writes its path. Returns
     * its length, or -errno: then the path stays as it is. */
    long (*alias)(void *ctx, const char *dir, char path[SHORTEN_ALIAS_MAX]);
    void *ctx;
    const char *below; /* "D/a/": what begins so is short already. NULL: there are no aliases */
    char *work;        /* SHORTEN_WORK bytes */
};

/* Whether a name means itself in any text: no blanks, quotes or the like. */
bool shorten_is_plain(const char *name);

/* Whether a look at `text` is worth it: false for nearly everything. No callbacks. */
bool shorten_worth(const char *text, size_t len);

/* Works in place on `text` (len bytes, then a NUL), terminates it and returns its new length:
 * shorter, or `len` when nothing has changed. */
size_t shorten_text(const struct shorten *s, char *text, size_t len);

/* Variables that stay as they are: `entry` is NAME=VALUE, or no variable at all. Of others
 * what follows the = is for shorten_text(). */
bool shorten_keeps_variable(const char *entry);

/* Programs (a path or a name) that get their arguments as they are: compilers, linkers and others
 * that write names into files, what prints names, shells and others that only start programs. */
bool shorten_keeps_program(const char *program);
/* Of those, the ones that get their environment as it is, too: all whose own children are seen. */
bool shorten_keeps_environment(const char *program);
/* The same for a word of `len` bytes. shorten_text() asks it about what begins a shell's command. */
bool shorten_keeps_command(const char *word, size_t len);

/* Arguments (never the first, argv[0]) that stay as they are for the same reason, whatever the
 * program. `before`: the argument in front. */
bool shorten_keeps_argument(const char *argument, const char *before);

/* Words (-I, cd) after which a path stays as it is. shorten_text() knows them, too. */
bool shorten_keeps_after(const char *word, size_t len);

#endif
