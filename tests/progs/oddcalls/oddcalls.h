/* What the parts of oddcalls share. */
#ifndef TESTS_PROGS_ODDCALLS_H
#define TESTS_PROGS_ODDCALLS_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A sanitizer looks into buffers before the kernel does and stops the program:
 * these calls are left to the plain build. */
#define BAD_POINTER(call) \
    do { \
        if (!WITH_SANITIZER) \
            call; \
    } while (0)

#define UNTOUCHED 7777
#define PATH_AT offsetof(struct sockaddr_un, sun_path)

extern char *guard; /* the first byte of an unreadable page; the page before it is readable */
extern char tag[32];
extern const int unix_types[3];
extern const char *const files[]; /* the bound sockets, by type */
extern int dgram_peer;            /* the one of datagrams; drained so that it never fills up */

/* tools.c */
char *label(const char *format, ...) __attribute__((format(printf, 1, 2)));
void show_error(int err);
void result(const char *what, long ret, int err);
/* What a call left in a buffer of 256 bytes that held 0xee before. */
void show_buffer(const unsigned char *buf, socklen_t len);
void show_name(const char *what, int (*call)(int, struct sockaddr *, socklen_t *), int fd, socklen_t len);

#define CALL(what, expression) \
    do { \
        errno = UNTOUCHED; \
        long ret_ = (expression); \
        int err_ = errno; \
        result((what), ret_, err_); \
    } while (0)

struct sockaddr_un *un_bytes(const char *path, size_t n);
int new_socket(int family, int type); /* nonblocking */
void drain(int fd);

/* Each prints a part of the table; make_addresses() comes first. */

/* addresses.c */
void make_addresses(void);
void address_table(void);
/* sockets.c */
void descriptor_table(void);
void socket_table(void);
void option_table(void);
void inet_table(void);
/* life.c */
void names_table(void);
void bind_again(int type);
void listen_table(void);
void accept_table(void);
void connect_table(void);
void full_backlog(void);
/* messages.c */
void sendmsg_table(void);
void mmsg_table(void);
void receive_table(void);
void recv_errors(void);
void pass_descriptor(void);

#endif
