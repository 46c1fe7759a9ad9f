/* What `sunshim who` knows of sockets, their holders and their history.
 * Private to cli/who*.c, where everything is allocated once and never freed, and to cli/waits*.c,
 * which looks again and again: see world_free(). */
#ifndef SUNSHIM_CLI_WHO_H
#define SUNSHIM_CLI_WHO_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "domain/counts.h"
#include "domain/ring.h"
#include "domain/table.h"

/* --- Names (who_name.c) -------------------------------------------------- */

enum name_kind { NAME_NONE, NAME_PATHNAME, NAME_ABSTRACT };

struct name {
    enum name_kind kind;
    const char *bytes; /* of an abstract name those after the leading NUL */
    size_t len;
};

/* Bytes as one word that a terminal can take: blanks, backslashes, control
 * characters and whatever else would mislead are escaped, as \xHH or \c. */
char *shown(const void *bytes, size_t len);
char *shown_text(const char *text);
/* "@abstract" or "/path", as `sunshim who` takes it; "(unnamed)". */
char *shown_name(const struct name *n);
/* 2026-01-31T03:02:11Z */
char *shown_time(time_t when);
bool name_equal(const struct name *a, const struct name *b);

/* --- Sockets (who_diag.c, who_inet.c, who_world.c) ------------------------- */

enum { STATE_UNKNOWN = 0, STATE_ESTAB = 1, STATE_UNCONN = 7, STATE_LISTEN = 10 }; /* of the kernel's TCP_* */

struct end {
    unsigned char address[16];
    uint16_t port;
};

struct sock {
    int family, type, protocol; /* -1: not known */
    int state;
    uint32_t ino;
    uint64_t cookie; /* 0: not known */
    bool has_uid, has_queue, has_peer, has_file, described; /* described: by sock_diag */
    uint32_t uid, recv, send;
    uint32_t peer;     /* has_peer: its inode, 0 where it has none (any more) */
    uint8_t shutdown;
    struct name name;
    uint32_t dev, file_ino; /* has_file: of the pathname's file; dev is major << 20 | minor */
    uint32_t *pending;      /* clients that wait to be accepted */
    unsigned pendings;
    struct end local, remote; /* AF_INET, AF_INET6 */
    char protocol_name[16];   /* of other families: what the kernel calls them */
    unsigned space;           /* index of its network namespace; 0: ours */
    bool asked_file;          /* the path that was asked for leads to it now */
};

/* All sockets that can be seen, sorted by inode. */
struct world {
    struct sock **all;
    size_t count, room;
    int unix_error, inet_error; /* negative errno of sock_diag; 0 */
    bool wide, hidden_spaces; /* hidden: there are namespaces that could not be entered */
    unsigned inet_spaces;     /* those whose TCP and UDP sockets are loaded */
    struct {
        ino_t ino;
        int netlink, pid; /* pid: a process in it */
    } *spaces;
    unsigned space_count;
};

/* Unix sockets of this network namespace. */
void world_load(struct world *w);
void world_free(struct world *w);
/* Also those of all others that may be entered. */
void world_widen(struct world *w);
/* Also TCP and UDP, of the namespaces that are known by now. */
void world_load_inet(struct world *w);
/* NULL: none that is known. Asks for it by itself where a dump has missed it. */
struct sock *world_find(struct world *w, uint32_t ino);
struct sock *world_add(struct world *w, uint32_t ino);
void world_sort(struct world *w);

/* Netlink. Each gives 0 or a negative errno and adds what it finds to the world. */
int diag_open(void);
int diag_ask(int netlink, const void *request, size_t len, bool dump,
             void (*each)(void *ctx, const void *payload, size_t len), void *ctx);
int diag_unix(struct world *w, unsigned space, uint32_t ino); /* 0: all */
int diag_inet(struct world *w, unsigned space, int family, int protocol);
/* Where there is no unix_diag: /proc/net/unix. */
int procnet_unix(struct world *w);

/* "unix", "tcp", "udp"; "stream" or NULL; "LISTEN", "ESTAB", ... */
const char *sock_family(const struct sock *s);
const char *sock_type(const struct sock *s);
const char *sock_state(const struct sock *s);
/* Whether it is one end of what a listener accepted, or the end that connected. */
bool sock_is_connection(const struct sock *s);
/* "127.0.0.1:80", "[::1]:80" */
char *sock_end(const struct sock *s, const struct end *e);

/* --- Processes (who_proc.c) ------------------------------------------------ */

struct holder {
    uint32_t ino;
    int pid, fd;
    bool cloexec;
};

struct holders {
    struct holder *at; /* sorted by inode, process, descriptor */
    size_t count, room;
    bool hidden;  /* processes that could not be looked into */
    bool no_proc;
};

/* The whole file, with a NUL behind it; NULL with errno. Refuses what is no regular
 * file unless it is in /proc. Never waits. */
char *read_whole(int dir, const char *path, size_t *len);

/* Who holds the sockets of `inos` (sorted): one pass over all processes. */
void holders_scan(struct holders *h, const uint32_t *inos, size_t count);
/* All sockets of one process; sorted by descriptor. -errno. */
int holders_of(struct holders *h, int pid);
/* Holders of `ino`: the first, and how many. */
const struct holder *holders_find(const struct holders *h, uint32_t ino, size_t *count);

/* Of the process, as it is now; "?" where that cannot be known. */
char *process_comm(int pid);
char *process_exe(int pid);
/* What the kernel calls the protocol of a descriptor; "" unknown. */
void process_protocol(int pid, int fd, char *out, size_t size);
/* Calls `each` for every process that can be seen. False: no /proc. */
bool processes_each(void (*each)(void *ctx, int pid), void *ctx);

/* --- Runs (who_domains.c) and what they remember (who_history.c) ------------ */

struct run_layer {
    const char *name; /* of its policy */
    bool complain;
    unsigned up;
};

struct run {
    char *dir;
    uid_t owner;
    int launcher;
    bool launched, there, foreign; /* the pid file can be read; launcher lives; pids of another namespace */
    struct timespec since; /* 0: not known */
    char *outer; /* directory of the run around it, or NULL */
    struct run_layer *layers;
    unsigned layer_count;
    int *pids; /* processes of this very run */
    unsigned pid_count, pid_room;
    char *counts; /* COUNTS_SIZE bytes, or NULL */
    bool has_ring, has_table;
    bool remembered; /* the rest is filled in: what they hold, sorted by cookie */
    struct ring_entry *made;
    struct table_entry *bound;
    size_t made_count, bound_count;
};

struct runs {
    struct run *at;
    unsigned count, room;
};

/* All runs of this user that left a directory; for root those of all users. */
void runs_load(struct runs *r);
/* Fills in which processes live in them. */
void runs_find_processes(struct runs *r);
/* Whether its launcher or any process lives. */
bool run_lives(const struct run *r);
/* The run with that directory, or that the process is in; NULL. */
struct run *runs_by_dir(struct runs *r, const char *dir);
struct run *runs_of_process(struct runs *r, int pid);

/* What one run remembers of one socket. */
struct history {
    const struct run *run;
    bool has_ring, has_from, has_bound;
    enum { MADE_UNKNOWN, MADE_INSIDE, MADE_OUTSIDE } made;
    struct ring_entry ring, from; /* from: of its listener, or of what carried it */
    struct table_entry bound;     /* who bound it */
};

/* Of a socket by cookie; at most `max` of different runs. How many. */
unsigned history_of(struct runs *r, uint64_t cookie, struct history *out, unsigned max);
/* Of sockets that are gone, by inode or by the name they were bound to (the latest
 * of each run). */
unsigned history_by_ino(struct runs *r, uint32_t ino, struct history *out, unsigned max);
unsigned history_by_name(struct runs *r, const struct name *n, struct history *out, unsigned max);
/* The name that the socket of an entry was bound to; its bytes are the entry's. */
struct name ring_name(const struct ring_entry *e);
const char *ring_call(const struct ring_entry *e); /* "socket", "accept", ... "unknown" */

/* --- The answer (who_print.c, who_json.c) ----------------------------------- */

enum { HISTORIES_MAX = 8 };

struct answer {
    struct world world;
    struct holders holders;
    struct runs runs;
    struct sock **found; /* to be described */
    size_t found_count, found_room;
    int process;         /* its sockets were asked for; 0: none */
    struct holders own;  /* that process's descriptors */
    struct history past[HISTORIES_MAX]; /* of sockets that are no more */
    unsigned past_count;
    struct run *run; /* a run was asked for */
    bool all_runs;   /* nothing was asked for */
};

/* What file a path leads to, in the kernel's words: a socket is bound to it if one
 * of the devices and the inode are its own. On overlay a file and its directory
 * name different devices. `dev` is 0 where it is not known. */
struct file_id {
    bool is_socket;
    uint32_t ino, dev[2];
};
/* Of what stat(2) says of the file and of its directory (NULL: not known). */
struct file_id file_id_of(const struct stat *file, const struct stat *dir);
/* The last component is not followed. 0 or errno. */
int file_identify(const char *path, struct file_id *id);
/* Whether that file is the one the socket is bound to. */
bool file_is_of(const struct file_id *id, const struct sock *s);

/* Where the file of a pathname socket is: said in words, and the handle. */
struct file_state {
    const char *word; /* "there", "gone", "moved" (but asked for), "replaced", "unclear" */
    char *why;        /* for people; may be empty */
    char *handle;     /* TYPE:HEX of the file that is there; NULL */
};
struct file_state file_state(const struct answer *a, const struct sock *s);

/* who_index.c, NULL where there is none: the listener in whose queue a client waits;
 * that of the same name as a connection; the other end of a connection by IP on this
 * machine. */
const struct sock *waits_at(const struct answer *a, const struct sock *s);
const struct sock *accepted_from(const struct answer *a, const struct sock *s);
const struct sock *inet_peer(const struct answer *a, const struct sock *s);
/* Neither end has a name: only socketpair(2) makes such connections. */
bool is_pair(const struct answer *a, const struct sock *s);
/* The command line of a launcher; NULL. */
char *run_command_line(const struct run *r, size_t *len);

/* The whole answer on standard output. */
void print_text(const struct answer *a);
void print_json(const struct answer *a);
/* What could not be seen, as sentences; NULL after the last. */
const char *const *notes_of(const struct answer *a);

#endif
