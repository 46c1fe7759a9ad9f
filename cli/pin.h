/* From a bound socket to a descriptor of its file. Private to cli/. */
#ifndef SUNSHIM_CLI_PIN_H
#define SUNSHIM_CLI_PIN_H

#include <stdbool.h>
#include <sys/stat.h>

/* An O_PATH descriptor, close-on-exec, of the file that the socket `fd` is bound to. -1 after saying
 * why there is none; `what` names the socket in the message, and `st` is what fstat(2) says of it. */
int pin_socket(const char *what, int fd, const struct stat *st);

/* Whether `fd` is a socket, or the file of one. */
bool pin_is_socket(int fd);

/* The same file under a high number, which programs do not use themselves; where the limit leaves none,
 * under the one it has. */
int pin_up(int pin);

#endif
