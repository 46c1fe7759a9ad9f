/* UTF-8, one character at a time. Private to cli/. */
#ifndef SUNSHIM_CLI_UTF8_H
#define SUNSHIM_CLI_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that `at` begins with, and its number; 0 where it is none:
 * cut short, overlong, a surrogate, beyond U+10FFFF. */
size_t utf8_next(const unsigned char *at, size_t len, uint32_t *code);

/* Characters that print nothing, or change the order in which others are read. */
bool utf8_misleads(uint32_t code);
/* Bytes of the character that `at` begins with if a terminal of the user's locale shows it
 * as it is; 0 where it has to be escaped. */
size_t utf8_shown(const unsigned char *at, size_t len);

#endif
