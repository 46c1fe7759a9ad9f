/* Records in words: what the reports of a run call a call. Private to cli/. */
#ifndef SUNSHIM_CLI_TOLD_H
#define SUNSHIM_CLI_TOLD_H

#include <stddef.h>

#include "records.h"

/* Bytes in quotes, as records write them: nothing in them can end the quotes or the line. */
char *told_quoted(const char *bytes, size_t len);
/* A value without quotes, safe all the same; NULL: the record has none. */
char *told_word(const struct record *r, const char *key);
/* connect unix "/run/app.sock"; bind inet 127.0.0.1 port 80; socket inet stream */
char *told_call(const struct record *r);
/* python3 */
char *told_program(const struct record *r);
/* python3 (pid 4711) */
char *told_who(const struct record *r);

/* What a socket is bound to, as a word that tells it from others: "/run/app.sock" in quotes,
 * or 127.0.0.1 port 80. `peer`: the other end. NULL: no name. */
char *told_address(const struct record *r, bool peer);

#endif
