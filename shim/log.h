/* Where records go. No descriptor is held between records. */
#ifndef SUNSHIM_SHIM_LOG_H
#define SUNSHIM_SHIM_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_state;

/* Understand the values of SUNSHIM_LOG_FORMAT and SUNSHIM_LOG; NULL: not set.
 * Return NULL, or what is wrong with the value. */
const char *log_set_format(struct log_state *log, const char *format);
const char *log_set_place(struct log_state *log, const char *where);

/* Writes one line of at most 4,096 bytes in one go, or drops and counts it.
 * Waits at most a second for a reader. All signals must be blocked. `room` is
 * LOG_ROOM bytes to work in: paths do not belong on a small stack.
 *
 * In a traced run the launcher gets it, through the run's queue of lines, and is waited for as
 * long as it lives; `signals` is the mask meanwhile. `traced`: a TRACE record, which is for the
 * innermost run that traces and of no use to anybody once that has ended; others go to the log
 * of the innermost run. */
void log_write(const char *line, size_t len, char *room, bool traced, const uint64_t *signals);

#define LOG_ROOM 1440

/* Counts a record that could not even be put together. */
void log_dropped(void);

#endif
