/* UTF-8, one character at a time. Private to cli/. */
#ifndef SUNSHIM_CLI_UTF8_H
#define SUNSHIM_CLI_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that `at` begins with, and its number; 0 where it is none:
 * cut short, overlong, a surrogate, beyond U+10FFFF. */
size_t utf8_next(const unsigned char *at, size_t len, uint32_t *code);

#endif
