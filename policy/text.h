/* A bounded string builder: the only formatter of policy/ and shim/.
 *
 * stdio must not be used in a stranger's process (it locks and allocates), so
 * records, diagnostics and paths are put together with these. All of them are
 * async-signal-safe; what does not fit is dropped and `full` is set. */
#ifndef SUNSHIM_POLICY_TEXT_H
#define SUNSHIM_POLICY_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *at;         /* where the next byte goes */
    char *start, *end; /* the buffer; end is one past the last usable byte */
    bool full;        /* something did not fit */
};

/* Builds in buffer[0..size-2]; text_done() has room for its NUL. size >= 1. */
static inline struct text text_into(char *buffer, size_t size)
{
    return (struct text){.at = buffer, .start = buffer, .end = buffer + size - 1, .full = false};
}

void text_byte(struct text *t, char c);
void text_bytes(struct text *t, const void *bytes, size_t len);
void text_str(struct text *t, const char *s);
void text_unsigned(struct text *t, uint64_t n);
void text_signed(struct text *t, int64_t n);
/* n in decimal, padded with zeros on the left to `width` digits. */
void text_padded(struct text *t, uint64_t n, unsigned width);
/* Lower-case hexadecimal, at least `width` digits. */
void text_hex(struct text *t, uint64_t n, unsigned width);

/* Terminates the string and returns its start. */
char *text_done(struct text *t);
static inline size_t text_len(const struct text *t)
{
    return (size_t)(t->at - t->start);
}

#endif
