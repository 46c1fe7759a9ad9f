/* Sockets by what they are bound to. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "query.h"
#include "who_find.h"

/* --- By name ------------------------------------------------------------------------------------ */

/* ss(8) and /proc/net/unix show NUL bytes as '@', and programs pad names with them. */
static bool nearly_equal(const struct name *typed, const struct name *own)
{
    size_t i = 0;

    if (own->kind != NAME_ABSTRACT || own->len < typed->len)
        return false;
    for (; i < typed->len; i++)
        if (typed->bytes[i] != own->bytes[i] && !(typed->bytes[i] == '@' && !own->bytes[i]))
            return false;
    while (i < own->len && !own->bytes[i])
        i++;
    return i == own->len;
}

static void add_named(struct answer *a, const struct name *typed,
                      bool (*equal)(const struct name *typed, const struct name *own))
{
    for (size_t i = 0; i < a->world.count; i++)
        if (equal(typed, &a->world.all[i]->name))
            found_add(a, a->world.all[i]);
}

int find_abstract(struct answer *a, const char *operand)
{
    char *bytes = format_new("%s", operand + 1);
    long len = unescape(bytes, strlen(bytes));
    struct name name = {NAME_ABSTRACT, bytes, (size_t)len};

    if (len < 0)
        return fail("%s: \\x needs two hexadecimal digits", operand);
    world_widen(&a->world);
    add_named(a, &name, name_equal);
    if (!a->found_count)
        add_named(a, &name, nearly_equal);
    return a->found_count ? found_complete(a) : find_past(a, operand, 0, &name, "no socket has that name");
}

/* The ways to write a path that a socket may have been bound by. */
struct spellings {
    struct name names[2];
    unsigned count;
    struct file_id file; /* of the canonical one */
};

static void add_spelling(struct spellings *s, char *path)
{
    if (path)
        s->names[s->count++] = (struct name){NAME_PATHNAME, path, strlen(path)};
}

static bool has_spelling(const struct spellings *p, const struct sock *s)
{
    if (s->name.kind != NAME_PATHNAME)
        return false;
    if (file_is_of(&p->file, s))
        return true;
    for (unsigned i = 0; i < p->count; i++)
        if (*p->names[i].bytes == '/' && name_equal(&p->names[i], &s->name))
            return true;
    return false;
}

/* The canonical name, also of a file that is gone. */
static char *canonical(const char *path)
{
    char *real = realpath(path, NULL);
    const char *slash = strrchr(path, '/');

    if (real)
        return real;
    real = realpath(!slash ? "." : slash == path ? "/" : format_new("%.*s", (int)(slash - path), path), NULL);
    return real ? format_new("%s/%s", strcmp(real, "/") ? real : "", slash ? slash + 1 : path) : NULL;
}

static struct spellings spell(const char *path)
{
    struct spellings s = {.count = 0};
    char here[PATH_MAX];

    add_spelling(&s, canonical(path));
    if (s.count)
        file_identify(s.names[0].bytes, &s.file);
    if (*path == '/')
        add_spelling(&s, format_new("%s", path));
    else if (getcwd(here, sizeof here))
        add_spelling(&s, format_new("%s/%s", strcmp(here, "/") ? here : "", path));
    return s;
}

static const char *why_nobody(const struct spellings *s, const char *path)
{
    struct stat st;

    if (s->file.is_socket)
        return "a socket's file, but no socket is bound to it (any more): connecting is refused";
    if (stat(path, &st))
        return errno == ENOENT ? "no such file, and no socket has that name" : strerror(errno);
    return S_ISDIR(st.st_mode) ? "a directory, and not one of a run" : "not a socket";
}

/* As our own answers write names; NULL where that changes nothing. */
static const char *without_escapes(const char *path)
{
    char *plain = format_new("%s", path);
    long len = unescape(plain, strlen(plain));

    if (len <= 0 || (size_t)len == strlen(path) || memchr(plain, '\0', (size_t)len))
        return NULL;
    plain[len] = '\0';
    return plain;
}

int find_path(struct answer *a, const char *path)
{
    struct spellings s = spell(path);
    struct name last;
    const char *plain;

    world_widen(&a->world);
    for (size_t i = 0; i < a->world.count; i++)
        if (has_spelling(&s, a->world.all[i])) {
            found_add(a, a->world.all[i]);
            a->world.all[i]->asked_file = file_is_of(&s.file, a->world.all[i]);
        }
    if (a->found_count)
        return found_complete(a);
    if ((plain = without_escapes(path)))
        return find_path(a, plain);
    last = s.count ? s.names[0] : (struct name){NAME_NONE, NULL, 0};
    return find_past(a, path, 0, &last, why_nobody(&s, path));
}

/* --- By port -------------------------------------------------------------------------------------- */

int find_port(struct answer *a, const char *operand, int protocol)
{
    uint32_t port;

    if (!read_number(operand + 4, &port) || !port || port > 65535)
        return usage_error("who", "'%s': a port is a number from 1 to 65535", operand);
    world_widen(&a->world);
    world_load_inet(&a->world);
    for (size_t i = 0; i < a->world.count; i++) {
        struct sock *s = a->world.all[i];

        if (s->protocol == protocol && (s->local.port == port || s->remote.port == port))
            found_add(a, s);
    }
    if (a->found_count)
        return found_complete(a);
    say("%s: no socket uses that port", shown_text(operand));
    return NOT_FOUND;
}
