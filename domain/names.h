/* What stands in the directory of a run (SUNSHIM_DOMAIN). */
#ifndef SUNSHIM_DOMAIN_NAMES_H
#define SUNSHIM_DOMAIN_NAMES_H

#define DOMAIN_POLICY "policy"          /* policy/layers.h; read-only */
#define DOMAIN_LIBRARY "libsunshim.so"  /* what LD_PRELOAD names: a symlink, or a copy */
#define DOMAIN_REPORTED "reported"      /* the library was in the command's process */
#define DOMAIN_PID "pid"                /* who started the run: "PID STARTTIME PIDNS" */
#define DOMAIN_OUTER "outer"            /* symlink to the directory of the run around this one */
#define DOMAIN_TABLE "table"            /* table.h; there when a policy of the run needs a memory */
#define DOMAIN_RING "ring"              /* ring.h; there when the run tracks sockets */
#define DOMAIN_LEAKS "leaks"            /* empty; there when inherited sockets are to be recorded (--track) */
#define DOMAIN_LINES "lines"            /* lines.h; there when the run is traced */
#define DOMAIN_ALIASES "a"              /* alias.h: a directory; or a symlink (absolute) to one elsewhere */
#define DOMAIN_OWN_ALIASES "aliases"    /* symlink to the directory that has it, if it ends with the run: root's. What it holds is seen
                                           by everybody (ps, ss), so that its name must not tell the run's */
#define DOMAIN_TMP "tmp"                /* symlink to the short TMPDIR that --shorten made; removed with the run */
#define DOMAIN_COUNTS "counts"          /* counts.h; always there */

#endif
