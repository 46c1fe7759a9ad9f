/* AppArmor's globs: * ** ? [..] [^..] {a,b} and \-escapes. Private to policy/.
 *
 * A glob is kept as a short program of bytes. A name is matched as a string of
 * bytes whose first byte tells its kind: '/' for a pathname, NUL for an
 * abstract name (written '@' in text, followed by the name's own bytes, which
 * may be NUL). */
#ifndef SUNSHIM_POLICY_GLOB_H
#define SUNSHIM_POLICY_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"

/* One byte each; a byte that is not listed here stands for itself. */
enum glob_op {
    GLOB_END,      /* of the program */
    GLOB_STAR,     /* *  any run without '/' */
    GLOB_STARSTAR, /* ** any run */
    GLOB_ANY,      /* ?  any byte but '/' */
    GLOB_CLASS,    /* [..] followed by an index into `sets` */
    GLOB_ALT,      /* start of an alternative; u16: distance to the next one's ALT, 0: it is the last */
    GLOB_JUMP,     /* end of an alternative; u16: distance to what follows the } */
    GLOB_QUOTE,    /* the next byte stands for itself */
    GLOB_OPS,
};

#define GLOB_CODE_MAX 4608u /* bytes of a program; POLICY_NAME_MAX and room for what grows */
#define GLOB_SETS_MAX 255u
#define GLOB_NESTING 49     /* of braces, as AppArmor's parser */

struct glob {
    const uint8_t *code;
    uint32_t len; /* of code, GLOB_END included */
    uint8_t set_count;
    bool hard; /* glob_match has to follow several paths at once */
    const uint8_t (*sets)[32]; /* bitmaps of 256 bits */
};

enum glob_flavour {
    GLOB_ADDR,  /* a socket name: a leading '@' means NUL, else '/' */
    GLOB_PLAIN, /* a label, a profile's attachment: bytes as they are */
};

/* Parses `text` (quotes already removed, variables expanded, escapes not).
 * -EINVAL with *error_at (byte offset) and *why (static text) set; -ENOMEM. */
int glob_parse(struct arena *a, enum glob_flavour flavour, const char *text, size_t len, struct glob *out,
               size_t *error_at, const char **why);

/* Matches the whole of `name`. Time at most proportional to len x g->len, no
 * recursion, about 300 bytes of stack (800 for a program of more than 512
 * bytes with braces). */
bool glob_match(const struct glob *g, const void *name, size_t len);

/* The same, slower for globs with braces, in half the stack. */
bool glob_match_low(const struct glob *g, const void *name, size_t len);

/* glob_match from byte `from` of the program on. */
bool glob_match_from(const struct glob *g, uint32_t from, const void *name, size_t len);

static inline uint32_t glob_distance(const uint8_t *code)
{
    return code[1] | (uint32_t)code[2] << 8;
}

/* What `hard` has to be for a program without braces. */
bool glob_hard(const uint8_t *code, const uint8_t (*sets)[32]);

/* Bytes of the program element at `code`. */
static inline uint32_t glob_step(const uint8_t *code)
{
    switch (*code) {
    case GLOB_ALT:
    case GLOB_JUMP:
        return 3;
    case GLOB_CLASS:
    case GLOB_QUOTE:
        return 2;
    default:
        return 1;
    }
}

/* The next element from `at` on that is not a byte standing for itself; at most
 * `end`. */
static inline uint32_t glob_skip_literals(const uint8_t *code, uint32_t at, uint32_t end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t v;
        memcpy(&v, code + at, 8);
        v &= 0xf8f8f8f8f8f8f8f8ull; /* a byte of an element is 0 now */
        if ((v - 0x0101010101010101ull) & ~v & 0x8080808080808080ull)
            break;
    }
    while (at < end && code[at] >= GLOB_OPS)
        at++;
    return at;
}
_Static_assert(GLOB_OPS == 8, "glob_skip_literals takes five bits for a literal byte");

/* What follows the } of the group whose first ALT is at `code`. */
static inline const uint8_t *glob_after_braces(const uint8_t *code)
{
    const uint8_t *jump = code + glob_distance(code) - 3;

    return jump + glob_distance(jump);
}

static inline bool glob_in_set(const uint8_t set[32], uint8_t byte)
{
    return set[byte >> 3] >> (byte & 7) & 1;
}

/* Whether the element at `code`, which is no star and no brace, takes the byte `c`. */
static inline bool glob_takes(const struct glob *g, const uint8_t *code, uint8_t c)
{
    switch (*code) {
    case GLOB_END:
        return false;
    case GLOB_ANY:
        return c != '/';
    case GLOB_CLASS:
        return glob_in_set(g->sets[code[1]], c);
    case GLOB_QUOTE:
        return code[1] == c;
    default:
        return *code == c;
    }
}

#endif
