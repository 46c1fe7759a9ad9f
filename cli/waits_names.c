/* What a thread waits for, in the words of records. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"
#include "policy/policy.h"
#include "records_in.h"
#include "waits_in.h"

void told_set(struct record *r, const char *key, bool word, const char *value, size_t len)
{
    struct field *f = (struct field *)record_field(r, key);
    char *copy = memcpy(allocate(len + 1), value, len);

    if (!f) {
        record_add(r, key, copy, len, word);
        return;
    }
    free((void *)(uintptr_t)f->value);
    *f = (struct field){.key = key, .value = copy, .len = len, .word = word};
}

void told_free(struct record *r)
{
    for (unsigned i = 0; i < r->count; i++)
        free((void *)(uintptr_t)r->fields[i].value);
    *r = (struct record){0};
}

static void set_word(struct record *r, const char *key, const char *value)
{
    if (value)
        told_set(r, key, true, value, strlen(value));
}

static void set_number(struct record *r, const char *key, unsigned long value)
{
    char text[24];

    told_set(r, key, true, text, (size_t)snprintf(text, sizeof text, "%lu", value));
}

/* --- Paths ---------------------------------------------------------------------------------- */

/* Whether paths, or sockets, are to the thread what they are to us. */
static bool same_space(const struct sleeper *s, const char *space)
{
    char path[64], own[32];
    struct stat a, b;

    snprintf(path, sizeof path, "/proc/%d/task/%d/ns/%s", s->pid, s->tid, space);
    snprintf(own, sizeof own, "/proc/self/ns/%s", space);
    return !stat(path, &a) && !stat(own, &b) && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* A link in the directory of the thread in /proc. False: it cannot be read. */
static bool read_link(const struct sleeper *s, const char *name, char to[PATH_MAX])
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/task/%d/%s", s->pid, s->tid, name);
    ssize_t n = readlink(path, to, PATH_MAX - 1);
    to[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool sees_our_files(const struct sleeper *s)
{
    char root[PATH_MAX];

    return same_space(s, "mnt") && read_link(s, "root", root) && !strcmp(root, "/");
}

/* What the kernel was given in place of a long name, or so that nobody changes what it means: a
 * descriptor's number behind /proc/thread-self/fd/. */
static bool is_pin(const char *name, char link[32])
{
    int number, end = 0;

    if (sscanf(name, "/proc/thread-self/fd/%d%n", &number, &end) != 1 || name[end])
        return false;
    snprintf(link, 32, "fd/%d", number);
    return true;
}

/* The canonical path of `name` as the thread would find it. False: it cannot be known. */
static bool resolve(const struct sleeper *s, const char *name, char to[PATH_MAX])
{
    char link[32], whole[2 * PATH_MAX] = "";

    if (is_pin(name, link))
        return read_link(s, link, to) && *to == '/';
    if (!sees_our_files(s) || (*name != '/' && !read_link(s, "cwd", whole)))
        return false;
    size_t used = strlen(whole);
    snprintf(whole + used, sizeof whole - used, "%s%s", used ? "/" : "", name);
    return realpath(whole, to);
}

/* The word of a record for a path as it stands: as shim/format.c's addr_prefix(). */
static void set_path(struct record *r, const char *key, const char *path, size_t len)
{
    static const char *const words[] = {"none", "auto", "unknown"};
    bool like_a_word = *path == '@';

    for (int i = 0; i < 3; i++)
        like_a_word |= strlen(words[i]) == len && !memcmp(path, words[i], len);
    char *text = format_new("%s%.*s", like_a_word ? "./" : "", (int)len, path);
    told_set(r, key, false, text, strlen(text));
    free(text);
}

static void set_abstract(struct record *r, const char *key, const char *bytes, size_t len)
{
    char *text = allocate(len + 1);

    *text = '@';
    memcpy(text + 1, bytes, len);
    told_set(r, key, false, text, len + 1);
    free(text);
}

/* --- What the other end was called by ---------------------------------------------------------- */

static bool copy_from(const struct sleeper *s, unsigned long from, void *to, size_t len)
{
    struct iovec here = {to, len}, there = {(void *)from, len};

    return process_vm_readv(s->pid, &here, 1, &there, 1, 0) == (ssize_t)len;
}

/* Where the address is, and its length; false: none was given. */
static bool name_of(const struct sleeper *s, unsigned long *at, unsigned long *len)
{
    struct msghdr header = {0};

    if (s->call->name_at) {
        *at = s->arguments[s->call->name_at];
        *len = s->arguments[s->call->name_at + 1] & UINT32_MAX;
    } else if (s->call->header && copy_from(s, s->arguments[1], &header, sizeof header)) {
        *at = (unsigned long)header.msg_name;
        *len = header.msg_namelen;
    } else {
        return false;
    }
    return *at && *len;
}

static void set_inet(struct record *r, const char *ip, const char *port, int family, const void *address, in_port_t number)
{
    char text[INET6_ADDRSTRLEN];

    if (!inet_ntop(family, address, text, sizeof text))
        return;
    set_word(r, ip, text);
    set_number(r, port, number);
}

static void set_pathname(struct record *r, const struct sleeper *s, const char *name)
{
    char path[PATH_MAX], link[32];
    bool known = resolve(s, name, path);

    if (known && !is_pin(name, link) && strcmp(name, path))
        set_path(r, "given", name, strlen(name));
    set_path(r, "peer_addr", known ? path : name, strlen(known ? path : name));
}

static void set_given(struct record *r, const struct sleeper *s)
{
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    } a;
    char name[sizeof a.un.sun_path + 1] = "";
    unsigned long at, len;

    memset(&a, 0, sizeof a);
    if (!name_of(s, &at, &len) || !copy_from(s, at, &a, len < sizeof a ? len : sizeof a))
        return;
    size_t rest = (len < sizeof a.un ? len : sizeof a.un) - offsetof(struct sockaddr_un, sun_path);
    if (a.any.sa_family == AF_INET)
        set_inet(r, "faddr", "fport", AF_INET, &a.in.sin_addr, ntohs(a.in.sin_port));
    else if (a.any.sa_family == AF_INET6)
        set_inet(r, "faddr", "fport", AF_INET6, &a.in6.sin6_addr, ntohs(a.in6.sin6_port));
    else if (a.any.sa_family != AF_UNIX || len <= offsetof(struct sockaddr_un, sun_path))
        return;
    else if (!*a.un.sun_path)
        set_abstract(r, "peer_addr", a.un.sun_path + 1, rest - 1);
    else
        set_pathname(r, s, memcpy(name, a.un.sun_path, rest));
}

/* --- What the kernel knows of the socket --------------------------------------------------------- */

static struct sock *socket_of(struct surroundings *around, uint32_t ino)
{
    if (!around->loaded)
        world_load(&around->world);
    around->loaded = true;
    struct sock *s = world_find(&around->world, ino);
    if (s || around->inet)
        return s;
    world_load_inet(&around->world);
    around->inet = true;
    return world_find(&around->world, ino);
}

static bool is_the_file(const struct sock *sock, const char *path)
{
    char *slash = strrchr(path, '/'), *above = format_new("%.*s", slash ? (int)(slash - path) + 1 : 0, path);
    struct stat file, dir;
    bool is = false;

    if (!lstat(path, &file)) {
        struct file_id id = file_id_of(&file, stat(above, &dir) ? NULL : &dir);

        is = file_is_of(&id, sock);
    }
    free(above);
    return is;
}

/* A path that it was bound to leads there if that file is its own: whoever bound it may have
 * had another directory. */
static void set_bound(struct record *r, const char *key, const struct sleeper *s, const struct sock *sock)
{
    const struct name *n = &sock->name;
    char path[PATH_MAX];

    if (n->kind == NAME_ABSTRACT) {
        set_abstract(r, key, n->bytes, n->len);
    } else if (n->kind == NAME_PATHNAME) {
        char *bound = format_new("%.*s", (int)n->len, n->bytes);
        bool known = resolve(s, bound, path) && is_the_file(sock, path);

        set_path(r, key, known ? path : bound, strlen(known ? path : bound));
        free(bound);
    }
}

static bool holds(int pid, uint32_t ino)
{
    struct holders h = {0};
    bool found = false;

    holders_of(&h, pid);
    for (size_t i = 0; i < h.count; i++)
        found |= h.at[i].ino == ino;
    free(h.at);
    return found;
}

/* Of the run, and not the process that waits itself. */
static void set_holder(struct record *r, const struct sleeper *s, uint32_t ino, const struct pids *all)
{
    for (size_t i = 0; ino && i < all->count; i++)
        if (all->at[i] != s->pid && holds(all->at[i], ino)) {
            set_number(r, "peer_pid", (unsigned long)all->at[i]);
            return;
        }
}

static bool listens_at(const struct sock *sock, const struct field *name)
{
    if (sock->family != AF_UNIX || sock->state != STATE_LISTEN)
        return false;
    if (sock->name.kind == NAME_ABSTRACT)
        return name->len == sock->name.len + 1 && *name->value == '@' && !memcmp(name->value + 1, sock->name.bytes, sock->name.len);
    return *name->value == '/' && is_the_file(sock, name->value);
}

/* A unix socket connects at once, unless too many wait already. */
static void set_listener(struct record *r, const struct sleeper *s, struct surroundings *around)
{
    const struct field *name = record_field(r, "peer_addr");

    for (size_t i = 0; name && i < around->world.count; i++) {
        const struct sock *l = around->world.all[i];

        if (!listens_at(l, name) || !same_space(s, "net"))
            continue;
        set_holder(r, s, l->ino, around->all);
        if (l->has_queue && l->recv > l->send)
            set_number(r, "pending", l->recv);
        return;
    }
}

static void set_unix(struct record *r, const struct sleeper *s, struct surroundings *around, const struct sock *sock)
{
    struct sock *peer = sock->has_peer && sock->peer ? socket_of(around, sock->peer) : NULL;

    set_bound(r, "addr", s, sock);
    if (!strcmp(s->call->name, "connect"))
        set_listener(r, s, around);
    if (!peer)
        return;
    if (!record_field(r, "peer_addr"))
        set_bound(r, "peer_addr", s, peer);
    set_holder(r, s, peer->ino, around->all);
}

static void set_ends(struct record *r, const struct sock *sock)
{
    if (sock->local.port)
        set_inet(r, "laddr", "lport", sock->family, sock->local.address, sock->local.port);
    if (sock->remote.port && !record_field(r, "faddr"))
        set_inet(r, "faddr", "fport", sock->family, sock->remote.address, sock->remote.port);
}

static void set_socket(struct record *r, const struct sleeper *s, struct surroundings *around)
{
    struct sock *sock = socket_of(around, s->ino);

    if (!sock)
        return;
    if (sock->family >= 0)
        set_word(r, "family", policy_family_name(sock->family));
    if (sock->type >= 0)
        set_word(r, "sock_type", policy_type_name(sock->type));
    if (sock->family == AF_UNIX)
        set_unix(r, s, around, sock);
    else if (sock->family == AF_INET || sock->family == AF_INET6)
        set_ends(r, sock);
}

/* --- All of it -------------------------------------------------------------------------------------- */

/* recv() and send() are no system calls of their own. */
static const char *call_name(const struct sleeper *s)
{
    if (!strcmp(s->call->name, "recvfrom") && !s->arguments[4])
        return "recv";
    return !strcmp(s->call->name, "sendto") && !s->arguments[4] ? "send" : s->call->name;
}

static void set_comm(struct record *r, const struct sleeper *s)
{
    char *path = format_new("/proc/%d/task/%d/comm", s->pid, s->tid), *text;
    size_t len;

    if ((text = read_whole(AT_FDCWD, path, &len)))
        told_set(r, "comm", false, text, len && text[len - 1] == '\n' ? len - 1 : len);
    free(text);
    free(path);
}

void sleeper_tell(struct record *r, const struct sleeper *s, struct surroundings *around)
{
    set_number(r, "pid", (unsigned long)s->pid);
    if (s->tid != s->pid)
        set_number(r, "tid", (unsigned long)s->tid);
    set_comm(r, s);
    told_set(r, "operation", false, call_name(s), strlen(call_name(s)));
    set_number(r, "fd", s->arguments[0] & INT_MAX);
    if (s->call->has_size)
        set_number(r, "size", s->arguments[2]);
    if (s->call->has_messages)
        set_number(r, "messages", s->arguments[2] & UINT32_MAX);
    set_given(r, s);
    set_socket(r, s, around);
}

void surroundings_free(struct surroundings *around)
{
    if (around->loaded)
        world_free(&around->world);
}
