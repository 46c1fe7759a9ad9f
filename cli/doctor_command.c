/* sunshim doctor -- COMMAND: names in arguments and environment that will not fit
 * into a socket address, or leave no room for what programs append. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "doctor.h"
#include "domain/longnames.h"
#include "domain/shorten.h"
#include "json.h"
#include "program.h"
#include "who_print.h"

enum { RELATIVE_MAX = 64 };

struct looking {
    struct findings findings;
    const char *place;      /* "argument 2", "TMPDIR": what is looked at */
    const char *text, *end; /* the value; where the last name in it ended */
    bool encoded;           /* D-Bus writes bytes as %xx */
    const char *relative[RELATIVE_MAX]; /* where too long ones start, in arguments: --shorten leaves those */
    unsigned relative_count;
};

/* --- One name ------------------------------------------------------------------------------ */

static size_t longest_component(const char *path)
{
    size_t longest = 0, n;

    for (; *path; path += n + (path[n] == '/')) {
        n = strcspn(path, "/");
        longest = n > longest ? n : longest;
    }
    return longest;
}

/* What is there and no socket is not going to be one. */
static bool is_something_else(const char *path)
{
    struct stat st;

    return !stat(path, &st) && !S_ISSOCK(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* Whatever is in it has two bytes more at least. */
static void judge_directory(struct looking *l, const char *path, size_t len)
{
    if (len + 2 > SUN_USABLE)
        finding_add(&l->findings, "too-long", REMEDY,
                    "%s: a directory of %zu bytes, no socket in it fits: %s", l->place, len,
                    shown_short(path, 50));
    else
        finding_add(&l->findings, "near-limit", NOTE,
                    "%s: a directory of %zu bytes, %zu to spare for names in it: %s", l->place, len,
                    SUN_USABLE - len - 1, shown_short(path, 50));
}

static void judge(struct looking *l, const char *path)
{
    size_t len = strlen(path);
    const char *name = shown_short(path, 50);
    struct stat st;

    if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
        judge_directory(l, path, len);
        return;
    }

    if (len >= PATH_MAX || longest_component(path) > NAME_MAX)
        finding_add(&l->findings, "impossible", HOPELESS, "%s: %zu bytes, no file can be called so: %s",
                    l->place, len, name);
    else if (len > SUN_USABLE)
        finding_add(&l->findings, "too-long", REMEDY, "%s: %zu bytes, %zu too many for a socket: %s",
                    l->place, len, len - SUN_USABLE, name);
    else
        finding_add(&l->findings, "near-limit", NOTE, "%s: %zu bytes, %zu to spare for what is appended: %s",
                    l->place, len, SUN_USABLE - len, name);
}

static void found(void *ctx, const struct longname *n)
{
    struct looking *l = ctx;
    char *path = allocate(n->len + 1);

    if (n->again || n->at < l->end)
        return;
    l->end = n->at + n->len;
    if (l->encoded)
        longnames_decode(path, n->at, n->len);
    else
        memcpy(path, n->at, n->len);
    if (strlen(path) < NEAR_LIMIT || is_something_else(path))
        return;
    judge(l, path);
    if (*path != '/' && strlen(path) > SUN_USABLE && l->relative_count < RELATIVE_MAX)
        l->relative[l->relative_count++] = n->at;
}

static void look_at(struct looking *l, const char *place, const char *text)
{
    l->place = place;
    l->text = l->end = text;
    l->encoded = strstr(text, "unix:path=") || strstr(text, "unix:dir=") || strstr(text, "unix:tmpdir=");
    longnames_in(text, NEAR_LIMIT, found, l);
}

/* --- Arguments ---------------------------------------------------------------------------------- */

/* Programs that make names absolute meet the working directory's length. */
static void look_at_relative(struct looking *l, const char *place, const char *text, size_t here)
{
    size_t len = here + 1 + strlen(text);
    struct stat st;
    bool like = strchr(text, '/') || (!stat(text, &st) && S_ISSOCK(st.st_mode));

    if (*text == '/' || *text == '-' || !like || strpbrk(text, ":=, ") || strlen(text) > SUN_USABLE || is_something_else(text) ||
        len <= SUN_USABLE)
        return;
    finding_add(&l->findings, "relative", NOTE,
                "%s: fits as it is; with the working directory it has %zu bytes: %s", place, len,
                shown_short(text, 40));
}

static void look_at_arguments(struct looking *l, char **argv)
{
    char *here = getcwd(NULL, 0);

    for (unsigned i = 1; argv[i]; i++) {
        char *place = format_new("argument %u", i);

        if (shorten_keeps_argument(argv[i], argv[i - 1]))
            continue;
        look_at(l, place, argv[i]);
        look_at_relative(l, place, argv[i], here ? strlen(here) : 0);
    }
}

/* --- Environment ------------------------------------------------------------------------------------ */

/* A home is rarely where sockets are; the others are there for them. */
static void look_at_derived(struct looking *l, const char *variable, const char *value)
{
    bool home = !strcmp(variable, "HOME");

    for (const struct known *k = known_names; k->program; k++) {
        size_t len = strlen(value) + strlen(k->appended);

        if (k->variable && *value == '/' && !strcmp(k->variable, variable) && len > SUN_USABLE)
            finding_add(&l->findings, "derived", home ? NOTE : REMEDY,
                        "%s: %s makes up to %zu bytes of it: %s%s", variable, k->program, len,
                        shown_short(value, 24), k->appended);
    }
}

static void look_at_environment(struct looking *l)
{
    for (char **e = environ; *e; e++) {
        const char *value = longnames_value(*e);

        if (!value || shorten_keeps_variable(*e))
            continue;
        char *variable = shown(*e, (size_t)(value - *e) - 1);
        look_at_derived(l, variable, value);
        look_at(l, variable, value);
    }
}

/* --- The answer ---------------------------------------------------------------------------------------- */

/* What is given as an absolute name can be shortened. */
static const char *made_absolute(const struct looking *l, const char *word)
{
    char *here = getcwd(NULL, 0);

    for (unsigned i = 0; here && i < l->relative_count; i++) {
        const char *at = l->relative[i];

        if (at >= word && at < word + strlen(word))
            return format_new("%.*s%s/%s", (int)(at - word), word, strcmp(here, "/") ? here : "", at);
    }
    return word;
}

static char *typed(const struct looking *l, char **argv)
{
    char *line = format_new("sunshim run --long-paths --");

    for (; *argv; argv++)
        line = format_new("%s %s", line, shell_word(made_absolute(l, *argv)));
    return line;
}

static char *describe_program(const char *name)
{
    static struct program p;
    int err = program_look(name, &p);

    if (err)
        return format_new("%s: %s", shown_text(name), strerror(err));
    if (!*p.unseen)
        return format_new("%s: the library can be in it", shown_short(p.path, 40));
    return format_new("%s (%s): the library cannot be in it; short names help", shown_short(p.path, 40),
                      shown_text(p.unseen));
}

static char *verdict(const struct looking *l)
{
    const struct finding *worst = findings_worst(&l->findings);

    if (!worst)
        return format_new(l->findings.count ? "works: the names fit, but some leave little room"
                                            : "works: all names fit");
    return format_new("%s: %s", worst->severity == REMEDY ? "needs a remedy" : "does not work", worst->what);
}

static void print(const struct looking *l, char **argv)
{
    printf("%s\n\n", verdict(l));
    if (l->findings.count)
        field("type", "%s", typed(l, argv));
    field("program", "%s", describe_program(*argv));
    findings_print(&l->findings);
}

static void print_for_tools(const struct looking *l, char **argv, int status)
{
    static const char *const verdicts[] = {"works", "remedy", "none"};

    json_object(NULL);
    json_string("verdict", verdicts[status]);
    json_string("summary", verdict(l));
    json_string("command", typed(l, argv));
    json_string("program", describe_program(*argv));
    findings_json(&l->findings);
    json_end();
    json_done();
}

int doctor_for_command(char **argv, bool json)
{
    static struct looking l;
    const struct finding *worst;

    look_at_arguments(&l, argv);
    look_at_environment(&l);
    worst = findings_worst(&l.findings);
    int status = !worst ? 0 : worst->severity == REMEDY ? 1 : 2;
    if (json)
        print_for_tools(&l, argv, status);
    else
        print(&l, argv);
    return status;
}
