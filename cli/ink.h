/* Text that grows, with names in it that can neither forge a line nor move a cursor. Private
 * to cli/. */
#ifndef SUNSHIM_CLI_INK_H
#define SUNSHIM_CLI_INK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ink_colour { PLAIN, DIM, BOLD, NAMED, FAILED, REFUSED, NOTED, INK_COLOURS };

struct ink {
    char *at;
    size_t len, room;
    bool colours;
};

/* Each adds to the end. What ink_raw(), ink_text() and ink_put() are given stands there as it is. */
void ink_raw(struct ink *t, const void *bytes, size_t len);
void ink_text(struct ink *t, const char *text);
void ink_blanks(struct ink *t, size_t count);
void ink_number(struct ink *t, int64_t number);
/* The last `count` digits of it. */
void ink_digits(struct ink *t, uint64_t number, unsigned count);
void ink_put(struct ink *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Terminal colours; nothing without `colours`. */
void ink_colour(struct ink *t, enum ink_colour colour);
/* Bytes that may be anything, in double quotes. */
void ink_quoted(struct ink *t, const char *bytes, size_t len);
/* The same as one word without quotes. */
void ink_word(struct ink *t, const char *bytes, size_t len);
/* The same with blanks and quotes as they are: for what is text already. */
void ink_plain(struct ink *t, const char *bytes, size_t len);
/* ... as a JSON string; false: they are no UTF-8, and stand there with U+FFFD. */
bool ink_json(struct ink *t, const char *bytes, size_t len);
void ink_free(struct ink *t);

#endif
