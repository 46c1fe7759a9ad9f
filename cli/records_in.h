/* What the readers of the three forms of records share. Private to cli/records*.c. */
#ifndef SUNSHIM_CLI_RECORDS_IN_H
#define SUNSHIM_CLI_RECORDS_IN_H

#include "records.h"

/* Adds a field; a key that is there already keeps its first value. False: there are too many.
 * `value` must be terminated and stay as long as the record's room does. */
bool record_add(struct record *r, const char *key, const char *value, size_t len, bool word);

/* From now on `f`, a field of `r`, has that key. */
void record_rename(struct record *r, struct field *f, const char *key);

/* Bytes of the room behind the line's, for what does not stand in it as such; the last few are
 * where record_query() leaves IP addresses. */
enum { RECORD_SPARE = 4096, RECORD_ADDRESSES = 32 };

/* `line` is a terminated copy in the record's room, which may be written to, with room for
 * as much again and RECORD_SPARE behind it. False: no line of that form. */
bool record_from_text(struct record *r, char *line);
bool record_from_json(struct record *r, const char *line, size_t len, char *spare, size_t spare_size);

/* Gives the fields of a line for AppArmor's readers our keys and values. `when`: what stood
 * in audit(...), or NULL. `spare` as above. */
void record_from_apparmor(struct record *r, const char *when, char *spare, size_t spare_size);

#endif
