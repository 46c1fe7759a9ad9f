#include "shorten.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "address.h"
#include "alias.h"
#include "domain/alias.h"
#include "domain/shorten.h"
#include "record.h"
#include "scratch.h"
#include "sys.h"

enum { PAGE = 4096 };

_Static_assert(SHORTEN_ALIAS_MAX == ALIAS_PATH_MAX && SHORTEN_WORK <= SCRATCH_SIZE, "rooms fit");

/* --- The program's memory --------------------------------------------------------- */

/* Remembers the page that was found to be there: what is read lies close together. */
struct reader {
    uintptr_t page; /* the number of its last byte */
    bool bad;
};

static bool can_read(struct reader *r, const void *at)
{
    uintptr_t page = (uintptr_t)at | (PAGE - 1);
    char byte;

    if (page != r->page && !r->bad)
        r->bad = copy_in(&byte, at, 1) < 0;
    r->page = page;
    return !r->bad;
}

static size_t string_length(struct reader *r, const char *s)
{
    size_t n = 0;

    while (can_read(r, s + n)) {
        size_t left = PAGE - ((uintptr_t)(s + n) & (PAGE - 1)), len = strnlen(s + n, left);

        n += len;
        if (len < left)
            return n;
    }
    return 0;
}

/* NULL at the end, and where it cannot be read. */
static const char *entry(struct reader *r, char *const *vector, size_t i)
{
    const char *at = (const char *)(vector + i);

    return can_read(r, at) && can_read(r, at + sizeof *vector - 1) ? vector[i] : NULL;
}

/* --- Back to the long names --------------------------------------------------------- */

/* Reads what the alias at `at` stands for, terminated; its length, 0: none is there. */
static size_t read_alias(const char *at, size_t len, char to[SCRATCH_SIZE])
{
    char path[ALIAS_PATH_MAX];
    size_t prefix = strlen(state->aliases), all = prefix + 1 + ALIAS_LETTERS;

    if (len < all || memcmp(at, state->aliases, prefix) != 0 || at[prefix] != ALIAS_SHORTENED ||
        (len > all && at[all] != '/' && shorten_is_plain((char[2]){at[all]})))
        return 0;
    memcpy(path, at, all);
    path[all] = '\0';
    long n = sys_readlink(path, to, SCRATCH_SIZE - 1);
    if (n <= 0)
        return 0;
    to[n] = '\0';
    return shorten_is_plain(to) ? (size_t)n : 0;
}

size_t shorten_undo(const char *text, size_t len, char *to, size_t room)
{
    char *target = scratch_take();
    size_t done = 0;

    for (size_t at = 0; at < len;) {
        size_t link = text[at] == '/' && target ? read_alias(text + at, len - at, target) : 0,
               n = link ? link : 1;

        if (done + n < room)
            memcpy(to + done, link ? target : text + at, n);
        done += n;
        at += link ? strlen(state->aliases) + 1 + ALIAS_LETTERS : 1;
    }
    if (done < room)
        to[done] = '\0';
    scratch_give(target);
    return done;
}

/* --- What may be long ---------------------------------------------------------------- */

/* Where the part begins that may hold long paths; NULL: nowhere. */
static const char *value_of(const struct shorten_plan *p, const char *variable)
{
    return p->keeps[true] ? variable : shorten_keeps_variable(variable) ? NULL : strchr(variable, '=') + 1;
}

static const char *argument_of(const struct shorten_plan *p, size_t i)
{
    return !i || (!p->keeps[false] && shorten_keeps_argument(p->argv[i], p->argv[i - 1])) ? NULL : p->argv[i];
}

/* `text` is the end of a string of `len` bytes: what a copy of that takes, 0: none is wanted. */
static size_t copy_size(const char *string, size_t len, const char *text, bool keeps)
{
    if (!text || (keeps && (!alias_prefix() || !strstr(text, state->aliases))))
        return 0;
    if (!keeps)
        return shorten_worth(text, len - (size_t)(text - string)) ? len + 1 : 0;
    size_t now = shorten_undo(text, len, NULL, 0);
    return now == len ? 0 : now + 1;
}

static size_t look_at_vector(struct shorten_plan *p, struct reader *strings, bool variables)
{
    char *const *at = variables ? p->envp : p->argv;
    size_t *n = variables ? &p->envc : &p->argc, sum = 0;
    struct reader vector = {0};

    for (const char *s; at && !strings->bad && (s = entry(&vector, at, *n)); ++*n) {
        size_t len = string_length(strings, s);

        if (len > SHORTEN_OVER || p->keeps[variables])
            sum += copy_size(s, len, variables ? value_of(p, s) : argument_of(p, *n), p->keeps[variables]);
    }
    strings->bad |= vector.bad;
    return sum;
}

/* Which of both it is to have as they are. */
static void look_at_program(struct shorten_plan *p, struct reader *strings, const char *program,
                            char *const *argv)
{
    struct reader vector = {0};

    if (!program && argv)
        program = entry(&vector, argv, 0);
    p->keeps[false] = program && string_length(strings, program) && shorten_keeps_program(program);
    p->keeps[true] = p->keeps[false] && shorten_keeps_environment(program);
}

void shorten_look(struct shorten_plan *p, const char *program, char *const *argv, char *const *envp)
{
    struct reader file = {0}, strings = {0};

    *p = (struct shorten_plan){.argv = argv, .envp = envp};
    look_at_program(p, &file, program, argv);
    size_t sum = look_at_vector(p, &strings, false) + look_at_vector(p, &strings, true);
    p->unreadable = strings.bad;
    if (sum && !alias_prefix())
        shorten_gave_up(-ENOENT, "short names need the directory of a run: sunshim run --shorten");
    else if (sum && !p->unreadable)
        p->room = (p->argc + p->envc + 2) * sizeof(char *) + sum;
}

/* --- What the program gets --------------------------------------------------------------- */

static enum shorten_file look_at(void *ctx, const char *path)
{
    struct stat st;

    (void)ctx;
    if (SYS4(SYS_newfstatat, AT_FDCWD, path, &st, 0) < 0)
        return SHORTEN_NOTHING;
    return S_ISDIR(st.st_mode) ? SHORTEN_DIRECTORY : S_ISSOCK(st.st_mode) ? SHORTEN_SOCKET : SHORTEN_OTHER;
}

static long make_alias(void *ctx, const char *dir, char path[SHORTEN_ALIAS_MAX])
{
    long len = alias_of(ALIAS_SHORTENED, dir, path);

    (void)ctx;
    if (len < 0)
        shorten_gave_up((int)len, "no short name can be made: the program gets long ones");
    return len;
}

size_t shorten_line(char *line, size_t len)
{
    struct shorten s = {look_at, make_alias, NULL, alias_prefix(), scratch_take()};

    if (s.work)
        len = shorten_text(&s, line, len);
    scratch_give(s.work);
    return len;
}

struct copies {
    char *at;
    size_t left;
};

/* The copy of a string, or the string itself. Another thread may have changed it since. */
static char *changed(struct copies *c, char *string, const char *text, bool keeps)
{
    size_t len = strlen(string), head = text ? (size_t)(text - string) : 0,
           now = copy_size(string, len, text, keeps);

    if (!now || now > c->left)
        return string;
    if (keeps) {
        now = shorten_undo(string, len, c->at, c->left);
    } else {
        memcpy(c->at, string, len + 1);
        now = head + shorten_line(c->at + head, len - head);
    }
    if (now == len || now >= c->left)
        return string;
    string = c->at;
    c->at += now + 1;
    c->left -= now + 1;
    return string;
}

void shorten_fill(const struct shorten_plan *p, void *room, char *const **argv, char *const **envp)
{
    char **arguments = room, **variables = arguments + p->argc + 1;
    struct copies c = {.at = (char *)(variables + p->envc + 1)};

    c.left = p->room - (size_t)(c.at - (char *)room);
    for (size_t i = 0; i < p->argc; i++)
        arguments[i] = changed(&c, p->argv[i], argument_of(p, i), p->keeps[false]);
    for (size_t i = 0; i < p->envc; i++)
        variables[i] = changed(&c, p->envp[i], value_of(p, p->envp[i]), p->keeps[true]);
    arguments[p->argc] = variables[p->envc] = NULL;
    *argv = p->argv ? arguments : NULL;
    *envp = p->envp ? variables : NULL;
}

/* --- Where there is room ----------------------------------------------------------------- */

bool shorten_fits_stack(size_t bytes)
{
    enum { SMALL = 6144 }; /* what the C library's own functions take here, too */
    struct rlimit limit;
    const char *here = __builtin_frame_address(0);

    if (bytes <= SMALL)
        return true;
    if (!on_main_stack(here, 1) || SYS4(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &limit) < 0)
        return false;
    size_t most = limit.rlim_cur < 8 << 20 ? (size_t)limit.rlim_cur : 8 << 20;
    /* a quarter may be taken by this program's own arguments (execve(2)) */
    return bytes < most / 2 && (size_t)(state->stack_end - here) < most / 2 - bytes;
}

/* The C library has told the kernel about each of its threads, and does so in a child made
 * by fork(2); one by vfork(2) goes on with its parent's. */
bool shorten_borrows_memory(void)
{
    void *list = NULL;
    size_t len;

    return SYS3(SYS_get_robust_list, 0, &list, &len) < 0 || !list;
}

void shorten_gave_up(int err, const char *why)
{
    static atomic_uint said;

    if (!atomic_exchange(&said, true))
        record_trouble("exec", err, why);
}
