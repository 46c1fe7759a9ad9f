/* Aliases: symbolic links with short names in the directory D/a of a run, each
 * standing for a long directory. The link is the whole memory: whoever meets a
 * name below D/a, in whatever process, reads the link to learn what was meant. So
 * nothing can be torn, and nothing is lost by kill -9.
 *
 *   dXXXXX -> /long/dir            a bind asked for /long/dir/NAME; the kernel
 *                                  keeps D/a/dXXXXX/NAME
 *   rXXXXX -> /cwd/./long/dir      the same asked for relatively, as long/dir/NAME:
 *                                  what follows the first "/./" (a working
 *                                  directory's own name never holds one)
 *   sXXXXX -> /long/dir            for the program itself, which was given the short
 *                                  name (--shorten) and is told nothing else
 *   tXXXXXXXX/.sunshim-XXXXXXXX -> /long/dir/NAME
 *   uXXXXXXXX/.sunshim-XXXXXXXX -> /cwd/./long/dir/NAME
 *                                  the last component itself was too long for bind.
 *                                  While such a bind is on its way tXXXXXXXX is a
 *                                  link to /long/dir, in which a file
 *                                  .sunshim-XXXXXXXX may stand, and the directory is
 *                                  called nXXXXXXXX: whoever finds that after the
 *                                  binder's end removes both, and NAME, if
 *                                  no socket is bound to it
 *
 * Names of d, r and s follow from what they stand for, so that two processes that
 * want the same alias make the same link. Pure; async-signal-safe. */
#ifndef SUNSHIM_DOMAIN_ALIAS_H
#define SUNSHIM_DOMAIN_ALIAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alias_kind {
    ALIAS_ABSOLUTE = 'd',
    ALIAS_RELATIVE = 'r',
    ALIAS_SHORTENED = 's',
    ALIAS_FILE = 't',
    ALIAS_FILE_RELATIVE = 'u',
    ALIAS_PREPARED = 'n', /* of t and u, not finished */
};

#define ALIAS_TEMPORARY ".sunshim-" /* and the letters of its t or u */

enum {
    ALIAS_LETTERS = 5,       /* of d, r, s */
    ALIAS_FILE_LETTERS = 8,  /* of t, u, n */
    ALIAS_NAME_MAX = 16,     /* room for any of these names, terminated */
    ALIAS_TEMPORARY_MAX = 24,
};

/* How to make and read links; `name` is one in D/a. Both return -errno as
 * symlinkat(2) and readlinkat(2) would. */
struct alias_links {
    int (*make)(void *ctx, const char *target, const char *name);
    long (*read)(void *ctx, const char *name, char *to, size_t room);
    void *ctx;
};

/* Finds or makes the link of kind d, r or s to `target` (terminated, shorter than
 * PATH_MAX). `room`: at least as long as the target, to compare in. Writes the link's
 * name. 0 or -errno. */
int alias_make(const struct alias_links *links, enum alias_kind kind, const char *target, char *room, size_t size,
               char name[ALIAS_NAME_MAX]);

/* The name of a t, u or n (the kind may be exchanged afterwards), and of the file. */
void alias_file_name(enum alias_kind kind, uint64_t random, char name[ALIAS_NAME_MAX],
                     char temporary[ALIAS_TEMPORARY_MAX]);

/* Whether the `len` bytes at `name`, what follows "D/a/" in a socket's name, are an
 * alias of a bind and something in it. Returns the kind or 0, and how many bytes
 * at the start name the link to read: "dXXXXX" of d and r, all of t and u. */
enum alias_kind alias_parse(const char *name, size_t len, size_t *link);

/* What was asked for. `target` (target_len bytes, with room for `size`) is what the
 * link holds; `rest` follows the link's name: "/NAME", or empty. Works in place: sets
 * *asked into the buffer and returns its length, terminated; -ENAMETOOLONG. `absolute`:
 * of a relative one the absolute name. */
long alias_asked(enum alias_kind kind, char *target, size_t target_len, size_t size, const char *rest, size_t rest_len,
                 bool absolute, const char **asked);

#endif
