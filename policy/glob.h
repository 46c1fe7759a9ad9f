/* AppArmor's globs: * ** ? [..] [^..] {a,b} and \-escapes. Private to policy/.
 *
 * A glob is kept as a run of tokens. A name is matched as a string of bytes
 * whose first byte tells its kind: '/' for a pathname, NUL for an abstract name
 * (written '@' in text, followed by the name's own bytes, which may be NUL). */
#ifndef SUNSHIM_POLICY_GLOB_H
#define SUNSHIM_POLICY_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

enum glob_op {
    GLOB_BYTE,     /* this byte */
    GLOB_ANY,      /* ?  any byte but '/' */
    GLOB_CLASS,    /* [..] any byte of the set */
    GLOB_STAR,     /* *  any run without '/' */
    GLOB_STARSTAR, /* ** any run */
    GLOB_ALT,      /* {  start of alternatives: `to` is the next alternative */
    GLOB_JUMP,     /* end of an alternative: go on at `to`, after the } */
};

struct glob_token {
    uint8_t op;
    uint8_t byte;
    uint16_t set;  /* GLOB_CLASS: index into sets */
    uint32_t to;   /* GLOB_ALT: token where the next alternative starts (0: none is left);
                      GLOB_JUMP: token after the closing brace */
};

struct glob {
    const struct glob_token *tokens;
    uint32_t count;
    const uint8_t (*sets)[32]; /* bitmaps of 256 bits */
    uint32_t set_count;
};

enum glob_flavour {
    GLOB_ADDR,  /* a socket name: leading '@' means NUL, or '/' */
    GLOB_PLAIN, /* a label, a profile's attachment: bytes as they are */
};

/* Parses `text` (quotes already removed, variables expanded, escapes not).
 * -EINVAL with *error_at (byte offset) and *why (static text) set; -ENOMEM. */
int glob_parse(struct arena *a, enum glob_flavour flavour, const char *text, size_t len, struct glob *out,
               size_t *error_at, const char **why);

/* Matches the whole of `name`. Linear in len x count, no recursion deeper than
 * the nesting of braces (at most GLOB_NESTING), no allocation. Test oracle and
 * fallback of the index. */
bool glob_match(const struct glob *g, const void *name, size_t len);

#define GLOB_NESTING 8

#endif
