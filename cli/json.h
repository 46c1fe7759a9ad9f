/* JSON on standard output, one document on one line. Commas are its own business;
 * balancing begin and end is the caller's. Private to cli/. */
#ifndef SUNSHIM_CLI_JSON_H
#define SUNSHIM_CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `key` is a plain word, or NULL inside arrays. */
void json_object(const char *key);
void json_array(const char *key);
void json_end(void); /* of the object or array that was begun last */

/* Bytes that may be anything, terminated in json_string(). Those that are no UTF-8 become U+FFFD, and the whole
 * stands under `key`_hex as well. */
void json_string(const char *key, const char *value);
void json_bytes(const char *key, const void *bytes, size_t len);
void json_number(const char *key, int64_t value);
void json_unsigned(const char *key, uint64_t value);
void json_bool(const char *key, bool value);

/* The newline at the end of the document. */
void json_done(void);

#endif
