#include "pass.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "pin.h"

/* --- Words -------------------------------------------------------------------- */

static int descriptor_in(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long fd = digits && digits < 11 && !text[digits] ? strtol(text, NULL, 10) : -1;

    return fd < 0 || fd > INT_MAX ? -1 : (int)fd;
}

static int type_in(const char *text)
{
    static const struct {
        const char *name;
        int type;
    } types[] = {{"stream", SOCK_STREAM}, {"dgram", SOCK_DGRAM}, {"seqpacket", SOCK_SEQPACKET}};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(text, types[i].name))
            return types[i].type;
    return -1;
}

/* What stands behind the name. */
static int read_value(struct passed_one *one, const char *value)
{
    if (one->anon) {
        one->type = *value ? type_in(value + 1) : SOCK_STREAM;
        return one->type >= 0 ? 0
                              : fail("%s %s: '%s' is no type of socket; there are stream, dgram and seqpacket", one->option,
                                     one->arg, value + 1);
    }
    one->fd = *value ? descriptor_in(value + 1) : -1;
    if (!*value)
        return fail("%s %s: it wants NAME=FD, a name and the number of a descriptor", one->option, one->arg);
    return one->fd >= 0 ? 0 : fail("%s %s: '%s' is no number of a descriptor", one->option, one->arg, value + 1);
}

static int read_one(struct passed_one *one, const struct given *given)
{
    *one = (struct passed_one){.option = given->anon ? "--anon" : "--pass", .arg = given->arg, .anon = given->anon,
                               .fd = -1, .pin = -1};
    size_t len = strcspn(given->arg, given->anon ? ":" : "=");

    if (!policy_passed_name(given->arg, len))
        return fail("%s %s: a name has letters, digits, '.', '_' and '-', 1 to %d of them", one->option, one->arg,
                    POLICY_PASSED_MAX);
    if (*given->arg == '-') /* "--anon -- COMMAND" */
        return fail("%s %s: a name does not begin with '-'", one->option, one->arg);
    one->name = format_new("%.*s", (int)len, given->arg);
    return read_value(one, given->arg + len);
}

static const struct passed_one *own_of(const struct passed_list *l, const char *name, size_t len)
{
    for (unsigned i = 0; i < l->count; i++)
        if (strlen(l->own[i].name) == len && !memcmp(l->own[i].name, name, len))
            return &l->own[i];
    return NULL;
}

int pass_read(struct passed_list *l, const struct options *o)
{
    *l = (struct passed_list){.others = "", .text = ""};
    for (unsigned i = 0; i < o->given_count; i++) {
        struct passed_one *one = &l->own[i];

        if (read_one(one, &o->given[i]))
            return EXIT_SUNSHIM;
        if (own_of(l, one->name, strlen(one->name)))
            return fail("%s %s: the name '%s' is given twice", one->option, one->arg, one->name);
        l->count++;
    }
    return 0;
}

/* --- Text ----------------------------------------------------------------------- */

static const char *append(const char *list, const char *entry)
{
    return *list ? format_new("%s:%s", list, entry) : entry;
}

static const char *fits(const char *list)
{
    if (strlen(list) < PASSED_BYTES)
        return list;
    say("too much is passed: SUNSHIM_FDS would have %zu bytes, and at most %d are read: use shorter names", strlen(list),
        PASSED_BYTES - 1);
    return NULL;
}

const char *pass_text_elsewhere(const struct passed_list *l)
{
    const char *list = "";

    for (unsigned i = 0; i < l->count; i++)
        list = append(list, format_new("%s=%d", l->own[i].name, l->own[i].fd));
    return fits(list);
}

/* Whoever lost the descriptor finds it in this process. */
static const char *noted(const struct passed_one *one)
{
    struct stat st;

    if (fstat(one->pin, &st))
        return format_new("%s=%d", one->name, one->pin);
    return format_new("%s=%d,%d,%" PRIuMAX ",%" PRIuMAX, one->name, one->pin, getpid(), (uintmax_t)st.st_dev,
                      (uintmax_t)st.st_ino);
}

/* 0 or 125. */
static int write_text(struct passed_list *l)
{
    l->text = "";
    for (unsigned i = 0; i < l->count; i++)
        l->text = append(l->text, noted(&l->own[i]));
    if (*l->others)
        l->text = append(l->text, l->others);
    return (l->text = fits(l->text)) ? 0 : EXIT_SUNSHIM;
}

/* --- Around us ------------------------------------------------------------------- */

/* Without a note a number that is closed would lead to whatever is opened next. */
static bool goes_on(const struct passed_list *l, const char *entry, size_t len)
{
    struct passed found;

    return !own_of(l, entry, len) && !passed_find(l->others, entry, len, &found) && passed_find(entry, entry, len, &found) &&
           (found.pid || fcntl(found.fd, F_GETFD) >= 0);
}

/* 0 or 125. */
static int take_others(struct passed_list *l)
{
    const char *list = getenv("SUNSHIM_FDS");
    unsigned count = l->count;

    for (const char *at = list ? list : ""; *at; at += strspn(at, ":")) {
        size_t len = strcspn(at, ":"), name = strcspn(at, "=:");

        if (policy_passed_name(at, name) && goes_on(l, at, name)) {
            l->others = append(l->others, format_new("%.*s", (int)len, at));
            count++;
        }
        at += len;
    }
    if (count > PASSED_MAX)
        return fail("more than %d names are passed, those of the runs around this one included", PASSED_MAX);
    return 0;
}

/* --- Descriptors -------------------------------------------------------------------- */

static const char *kind_of(const struct stat *st)
{
    switch (st->st_mode & S_IFMT) {
    case S_IFDIR:
        return "a directory";
    case S_IFREG:
        return "a regular file";
    case S_IFIFO:
        return "a pipe";
    case S_IFCHR:
    case S_IFBLK:
        return "a device";
    case S_IFLNK:
        return "a symbolic link";
    }
    return "something else";
}

static int take_pin(struct passed_one *one)
{
    const char *what = format_new("%s %s", one->option, one->arg);
    int flags = fcntl(one->fd, F_GETFL), own = fcntl(one->fd, F_GETFD);
    struct stat st;

    /* What we opened ourselves is no argument. */
    if (own < 0 || own & FD_CLOEXEC || fstat(one->fd, &st))
        return fail("%s: descriptor %d is not open (one with FD_CLOEXEC is closed by now)", what, one->fd);
    if (!S_ISSOCK(st.st_mode))
        return fail("%s: descriptor %d is %s; wanted is a unix socket that is bound to a path, or its file opened with O_PATH",
                    what, one->fd, kind_of(&st));
    if (flags & O_PATH)
        one->pin = one->fd;
    else if ((one->pin = pin_socket(what, one->fd, &st)) >= 0)
        one->pin = pin_up(one->pin);
    return one->pin < 0 ? EXIT_SUNSHIM : 0;
}

int pass_open(struct passed_list *l)
{
    int status = take_others(l);

    anon_find(&l->listening);
    if (!status)
        status = anon_open(&l->listening, l->own, l->count);
    for (unsigned i = 0; i < l->count && !status; i++)
        if (!l->own[i].anon)
            status = take_pin(&l->own[i]);
    return status ? status : write_text(l);
}

/* --- The policies --------------------------------------------------------------------- */

static bool is_passed(const struct passed_list *l, const char *name)
{
    struct passed found;

    return own_of(l, name, strlen(name)) || passed_find(l->others, name, strlen(name), &found);
}

static int check_layer(const struct passed_list *l, const struct policy *p)
{
    const char *name;
    uint32_t rule;
    int status = 0;

    for (unsigned i = 0; (name = policy_map_passed(p, i, &rule)); i++) {
        struct policy_rule_info info = {.file = "?"};

        if (is_passed(l, name))
            continue;
        policy_rule(p, rule, &info);
        diag_file(format_new("%s:%u", info.file, info.line), POLICY_ERROR,
                  format_new("nothing is passed as '%s': use --pass %s=FD or --anon %s", name, name, name));
        status = EXIT_SUNSHIM;
    }
    return status;
}

int pass_check(const struct passed_list *l, const struct loaded *layers, unsigned count)
{
    int status = 0;

    for (unsigned i = 0; i < count; i++)
        status |= check_layer(l, &layers[i].policy);
    return status;
}

/* --- The command's ----------------------------------------------------------------------- */

void pass_set(const struct passed_list *l)
{
    for (unsigned i = 0; i < l->count; i++)
        fcntl(l->own[i].pin, F_SETFD, 0);
    if (*l->text)
        setenv("SUNSHIM_FDS", l->text, 1);
    else
        unsetenv("SUNSHIM_FDS");
    anon_set(&l->listening);
}

void pass_release(const struct passed_list *l)
{
    anon_release(&l->listening);
    for (unsigned i = 0; i < l->count; i++)
        if (!l->own[i].anon && l->own[i].pin != l->own[i].fd && l->own[i].fd > STDERR_FILENO)
            close(l->own[i].fd);
}
