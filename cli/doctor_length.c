/* How long the name is, where its bytes go, and what does not fit behind it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"

/* The directory as it is typed, for commands; "." when there is none. */
static char *typed_directory(const struct doctor *d, const char **name)
{
    size_t end = d->len;

    while (end > 1 && d->path[end - 1] == '/')
        end--;
    size_t at = end;
    while (at && d->path[at - 1] != '/')
        at--;
    *name = format_new("%.*s", (int)(end - at), d->path + at);
    return at ? format_new("%.*s", (int)(at > 1 ? at - 1 : 1), d->path) : format_new(".");
}

/* Commands with long names in them are not read by anybody. */
static const char *short_word(const char *dir)
{
    return strlen(dir) <= 40 ? shell_word(dir) : "DIRECTORY";
}

static bool is_below_tmpdir(const char *path)
{
    const char *tmp = getenv("TMPDIR");
    size_t len = tmp ? strlen(tmp) : 0;

    return len > sizeof "/tmp/" && !strncmp(path, tmp, len) && path[len] == '/';
}

/* Whether a short name for the directory makes the whole one fit. */
static bool directory_matters(struct doctor *d)
{
    enum { ALIAS = 50 }; /* about what an alias has */
    const char *name;
    size_t dir = strlen(typed_directory(d, &name));

    return dir > ALIAS && ALIAS + 1 + strlen(name) <= SUN_USABLE;
}

static bool fits_behind(const char *dir, const char *name)
{
    return strlen(dir) + strlen(name) <= SUN_USABLE;
}

static void add_shorter_names(struct doctor *d, struct finding *f)
{
    const char *name;
    char *typed = typed_directory(d, &name);
    const char *dir = short_word(typed);

    if (strlen(name) > SUN_USABLE || !strcmp(typed, ".")) {
        remedy_add(f, "give it a shorter name: %zu bytes can be used", (size_t)SUN_USABLE);
        return;
    }
    remedy_add(f, "cd %s   and use the name %s%s", dir, *name == '-' ? "./" : "", shell_word(name));
    if (d->absolute && strlen(dir) == strlen(typed))
        dir = "DIRECTORY"; /* a link or a rule wants it from the root */
    if (fits_behind("/tmp/short/", name))
        remedy_add(f, "ln -s %s /tmp/short   and use /tmp/short/%s", dir, shell_word(name));
    if (is_below_tmpdir(d->path))
        remedy_add(f, "a shorter TMPDIR");
    if (*dir == '\'')
        dir = "DIRECTORY"; /* a policy quotes in another way */
    if (fits_behind("/short/", name))
        remedy_add(f, "a policy with: map /short/ -> %s/,   and use /short/%s", strcmp(dir, "/") ? dir : "",
                   shell_word(name));
    else
        remedy_add(f, "a policy with: map /short -> %s/NAME,   and use /short", strcmp(dir, "/") ? dir : "");
    remedy_add(f, "an abstract name (@NAME), if both sides can use one");
}

static void too_long(struct doctor *d)
{
    struct finding *f;

    if (d->len == SUN_ROOM)
        f = finding_add(&d->findings, "too-long", REMEDY,
                        "1 byte too long: %d fit without a NUL only, which few programs do", SUN_ROOM);
    else
        f = finding_add(&d->findings, "too-long", REMEDY,
                        "%zu bytes too long for an address: programs refuse or cut it", d->len - SUN_USABLE);
    if (d->len < PATH_MAX && directory_matters(d))
        remedy_add(f, "sunshim run --long-paths -- COMMAND");
    else if (d->len < PATH_MAX)
        remedy_add(f, "sunshim run --long-paths -- COMMAND   where the name is cut, not where it is refused");
    add_shorter_names(d, f);
}

/* What is made of a socket's own name. */
static void near_limit(struct doctor *d)
{
    size_t spare = SUN_USABLE - d->len;
    struct finding *f = finding_add(&d->findings, "near-limit", NOTE, "fits with %zu byte%s to spare", spare,
                                    spare == 1 ? "" : "s");

    for (const struct known *k = known_names; k->program; k++)
        if (!k->variable && strlen(k->appended) > spare)
            remedy_add(f, "too long for %s, which adds up to %zu bytes", k->program, strlen(k->appended));
    if (!spare)
        remedy_add(f, "just where programs cut names: see that it is not the start of a longer one");
    if (directory_matters(d))
        remedy_add(f, "sunshim run --long-paths -- COMMAND   makes room for derived names");
}

static void too_long_for_a_path(struct doctor *d)
{
    struct finding *f =
        finding_add(&d->findings, "path-too-long", REMEDY,
                    "%zu bytes: no system call takes a path of more than %d", d->len, PATH_MAX - 1);

    remedy_add(f, "cd into the directory in several steps, and use the name in it");
}

/* False: no file can be called so. */
static bool check_components(struct doctor *d)
{
    bool good = true;
    size_t n;

    for (const char *at = d->path; *at; at += n + (at[n] == '/')) {
        n = strcspn(at, "/");
        if (n <= NAME_MAX)
            continue;
        good = false;
        struct finding *f =
            finding_add(&d->findings, "component-too-long", HOPELESS,
                        "a component of %zu bytes: a file's name has %d at most", n, NAME_MAX);
        remedy_add(f, "use a shorter name for %s", shown_short(format_new("%.*s", (int)n, at), 40));
    }
    return good;
}

static void check_characters(struct doctor *d)
{
    bool newline = strchr(d->path, '\n'), control = false;

    for (const char *at = d->path; *at; at++)
        control |= (unsigned char)*at < ' ' || *at == 0x7f;
    if (!control)
        return;
    struct finding *f = finding_add(&d->findings, "control-characters", NOTE, "%s in the name",
                                    newline ? "a newline" : "control characters");
    remedy_add(f, "see that it is meant: %s",
               newline ? "a file that was read may have ended so" : "it is easily mistyped");
}

static void make_absolute(struct doctor *d)
{
    char *here = *d->path == '/' ? NULL : getcwd(NULL, 0);

    if (*d->path != '/' && !here)
        doctor_note(d, format_new("the working directory has no name: %s", strerror(errno)));
    if (here)
        d->absolute = format_new("%s/%s", strcmp(here, "/") ? here : "", d->path);
}

void doctor_length(struct doctor *d)
{
    make_absolute(d);
    bool can_be = check_components(d);
    if (d->len >= PATH_MAX)
        too_long_for_a_path(d);
    if (d->len > SUN_USABLE && can_be)
        too_long(d);
    else if (d->len >= NEAR_LIMIT && d->len <= SUN_USABLE)
        near_limit(d);
    check_characters(d);
}
