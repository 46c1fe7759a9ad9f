/* Where the launcher of a traced run writes its records. Private to cli/. */
#ifndef SUNSHIM_CLI_LOGFILE_H
#define SUNSHIM_CLI_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>

struct logfile;

/* `log` as environment_log() gives it: "stderr", "fd:N@DEV:INO", "journal" or an absolute path, in
 * which %p stands for the pid of the process that a record is about. NULL after saying why not. */
struct logfile *logfile_open(const char *log);

/* A line with its newline. Errors are said once; what cannot be written is counted. */
void logfile_put(struct logfile *l, const char *line, size_t len);
void logfile_flush(struct logfile *l);
void logfile_close(struct logfile *l);

/* After a write(2) to `fd` that failed: whether to try again, by errno. Waits for room where somebody
 * made it nonblocking: a terminal, or a pipe that is shared. */
bool logfile_try_again(int fd);

#endif
