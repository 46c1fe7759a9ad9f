/* Names from outside in records: nothing in a name can end a value or a line.
 * All functions append to a text and are async-signal-safe. */
#ifndef SUNSHIM_SHIM_QUOTE_H
#define SUNSHIM_SHIM_QUOTE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/text.h"

enum quote_style {
    QUOTE_TEXT,     /* "..." with \" \\ and \xHH */
    QUOTE_JSON,     /* a JSON string; bytes that are not UTF-8 become U+FFFD */
    QUOTE_APPARMOR, /* "...", in which a backslash only makes the next byte literal */
};

/* What is longer than this many characters, escapes counted, is shortened in the
 * middle: usually, and where a line would not hold all its values that way. */
enum { QUOTE_USUAL = 1000, QUOTE_TIGHT = 400 };

/* Appends `len` bytes as a quoted string with `prefix` in front of them, shortened
 * to about `most` characters. Printable UTF-8
 * stays as it is, except for characters that change how a line is shown. */
void quote(struct text *t, enum quote_style style, const char *prefix, const void *bytes, size_t len, size_t most);

/* As the kernel's audit writes untrusted strings: "..." when all is printable
 * ASCII, else upper-case hexadecimal without quotes. */
void quote_audit(struct text *t, const char *prefix, const void *bytes, size_t len, size_t most);

bool is_utf8(const void *bytes, size_t len);

#endif
