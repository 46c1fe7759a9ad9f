/* What no record tells: that a call has not returned. Which threads of a run sleep in a call on a
 * socket, and on which. Private to cli/. */
#ifndef SUNSHIM_CLI_WAITS_H
#define SUNSHIM_CLI_WAITS_H

#include <stdbool.h>

#include "records.h"

struct waits;

/* Before the command starts: its processes are those that will be our descendants. */
struct waits *waits_new(void);

/* A record came; `shown`: as a line. Cheap. */
void waits_record(struct waits *w, const struct record *r, bool shown);

/* To be called again and again while no record comes; looks around only when it is time to: soon
 * after a record, then once a second, then less and less, and not at all where every thread
 * is known to wait. Calls `tell` once for each call that has lasted two seconds, with
 *   sunshim="WAITING", time= (now), duration_ns= (at least), pid=, tid=, comm=, operation=, fd=, size=,
 *   messages=, family=, sock_type= and, as a TRACE record has them, the names that are known.
 * The record is valid until `tell` returns. */
void waits_look(struct waits *w, void (*tell)(void *ctx, const struct record *r), void *ctx);

/* At the end of the run, with sunshim="UNFINISHED": calls that nobody saw return, unless they were
 * said and no line came since. `others`: processes of the run go on. */
void waits_end(struct waits *w, bool others, void (*tell)(void *ctx, const struct record *r), void *ctx);

#endif
