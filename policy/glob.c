#include "glob.h"

#include <errno.h>
#include <string.h>

/* --- Parsing ----------------------------------------------------------- */

struct group {
    uint32_t alt;   /* ALT of the current alternative */
    uint32_t jumps; /* last JUMP waiting for the end; each holds the distance to the one before it */
    size_t at;      /* of the { in the text */
    bool several;   /* a comma was seen */
};

struct parse {
    struct arena *arena;
    const char *text;
    size_t len, at;
    uint32_t used;       /* bytes of `code` */
    uint8_t (*sets)[32]; /* room for as many as there are [ left in the text */
    unsigned set_count;
    bool slash;     /* the last element is a literal '/' */
    bool path;      /* runs of '/' count as one, as in AppArmor's file rules */
    bool stars, double_stars, wide_class, hard;
    unsigned depth;
    size_t error_at;
    const char *why;
    struct group groups[GLOB_NESTING];
    uint8_t code[GLOB_CODE_MAX + 16];
};
enum { CODE_LIMIT = GLOB_CODE_MAX - 8 }; /* what an element adds fits behind it */

static int refuse(struct parse *p, size_t at, const char *why)
{
    p->error_at = at;
    p->why = why;
    return -EINVAL;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Up to `most` digits as long as the value fits a byte; -1 when there is none. */
static int number(const char *s, size_t len, int base, size_t most, size_t *taken)
{
    int value = 0;
    size_t n = 0;

    while (n < len && n < most && digit(s[n]) < base && value * base + digit(s[n]) <= 255)
        value = value * base + digit(s[n++]);
    *taken = n;
    return n ? value : -1;
}

/* The byte an escape stands for; `at` is after the backslash. AppArmor's set:
 * \a \e \f \n \r \t, octal, \dNNN decimal, \xHH; any other byte is itself. */
static uint8_t escape(const char *text, size_t len, size_t at, size_t *next)
{
    static const char names[] = "aefnrt", values[] = "\a\033\f\n\r\t";
    char c = text[at];
    size_t taken = 0;
    int value = -1;

    if (c >= '0' && c <= '7')
        value = number(text + at, len - at, 8, 3, &taken);
    else if (c == 'x' || c == 'd')
        value = number(text + at + 1, len - at - 1, c == 'x' ? 16 : 10, c == 'x' ? 2 : 3, &taken);
    if (value >= 0) {
        *next = at + taken + (c == 'x' || c == 'd');
        return (uint8_t)value;
    }
    *next = at + 1;
    const char *named = memchr(names, c, sizeof names - 1);
    return (uint8_t)(named ? values[named - names] : c);
}

static void emit(struct parse *p, uint8_t op)
{
    p->code[p->used++] = op;
    p->slash = false;
}

static void emit_distance(struct parse *p, uint32_t at, uint32_t distance)
{
    p->code[at + 1] = (uint8_t)distance;
    p->code[at + 2] = (uint8_t)(distance >> 8);
}

static void literal(struct parse *p, uint8_t byte)
{
    if (byte == '/' && p->slash && p->path)
        return;
    if (byte < GLOB_OPS)
        emit(p, GLOB_QUOTE);
    emit(p, byte);
    p->slash = byte == '/';
}

/* Whether the text at `at` starts with a literal '/', escaped or not. */
static bool slash_follows(const struct parse *p, size_t at)
{
    size_t next;

    if (at < p->len && p->text[at] == '\\' && at + 1 < p->len)
        return escape(p->text, p->len, at + 1, &next) == '/';
    return at < p->len && p->text[at] == '/';
}

/* A * or ** that is a whole path component needs at least one byte, so that
 * one below /a/ does not match the directory itself (AppArmor: in every kind of
 * name). */
static void star(struct parse *p)
{
    size_t end = p->at;

    while (end < p->len && p->text[end] == '*')
        end++;
    if (p->slash && (end == p->len || slash_follows(p, end)))
        emit(p, GLOB_ANY);
    p->hard |= p->double_stars && end - p->at == 1;
    emit(p, end - p->at > 1 ? GLOB_STARSTAR : GLOB_STAR);
    if (end - p->at > 1)
        p->double_stars = true;
    else
        p->stars = true;
    p->at = end;
}

static int class_byte(struct parse *p, uint8_t *byte)
{
    if (p->text[p->at] == '\\') {
        if (p->at + 1 == p->len)
            return refuse(p, p->at, "a backslash at the end escapes nothing");
        *byte = escape(p->text, p->len, p->at + 1, &p->at);
        return 0;
    }
    *byte = (uint8_t)p->text[p->at++];
    return 0;
}

static void set_range(uint8_t set[32], unsigned from, unsigned to)
{
    unsigned low = from < to ? from : to, high = from < to ? to : from;

    for (unsigned c = low; c <= high; c++)
        set[c >> 3] |= (uint8_t)(1u << (c & 7));
}

/* One byte or range of a class. A dash counts as itself only at the start. */
static int class_item(struct parse *p, uint8_t set[32], bool first)
{
    uint8_t from, to;
    int err;

    if (p->text[p->at] == '-' && !first)
        return refuse(p, p->at, "a '-' in [...] must come first or stand between two bytes");
    if ((err = class_byte(p, &from)))
        return err;
    to = from;
    if (p->at < p->len && p->text[p->at] == '-') {
        if (++p->at == p->len || p->text[p->at] == ']')
            return refuse(p, p->at - 1, "a '-' in [...] must come first or stand between two bytes");
        if ((err = class_byte(p, &to)))
            return err;
    }
    set_range(set, from, to);
    return 0;
}

static int class_number(struct parse *p, size_t start)
{
    for (unsigned i = 0; i < p->set_count; i++)
        if (!memcmp(p->sets[i], p->sets[p->set_count], 32))
            return (int)i;
    if (p->set_count == GLOB_SETS_MAX)
        return refuse(p, start, "more than 255 different [...] in one name");
    return (int)p->set_count++;
}

static int reserve_sets(struct parse *p)
{
    size_t classes = 0;

    for (size_t i = p->at; i < p->len; i++)
        classes += p->text[i] == '[';
    p->sets = arena_alloc(p->arena, 32 * (classes <= GLOB_SETS_MAX ? classes : GLOB_SETS_MAX + 1), 1);
    return p->sets ? 0 : -ENOMEM;
}

static int class(struct parse *p)
{
    size_t start = p->at;
    int err, index;

    if (!p->sets && (err = reserve_sets(p)))
        return err;
    uint8_t *set = p->sets[p->set_count];
    bool negated = ++p->at < p->len && p->text[p->at] == '^';
    memset(set, 0, 32);
    p->at += negated;
    for (bool first = true; p->at < p->len && p->text[p->at] != ']'; first = false)
        if ((err = class_item(p, set, first)))
            return err;
    if (p->at++ >= p->len)
        return refuse(p, start, "this [ is never closed");
    for (unsigned i = 0; negated && i < 32; i++)
        set[i] = (uint8_t)~set[i];
    p->wide_class |= glob_in_set(set, '/');
    if ((index = class_number(p, start)) < 0)
        return index;
    emit(p, GLOB_CLASS);
    emit(p, (uint8_t)index);
    return 0;
}

static void start_alternative(struct parse *p, struct group *g)
{
    g->alt = p->used;
    emit(p, GLOB_ALT);
    emit(p, 0);
    emit(p, 0);
}

static int open_group(struct parse *p)
{
    if (p->depth == GLOB_NESTING)
        return refuse(p, p->at, "braces are nested more than 49 deep");
    struct group *g = &p->groups[p->depth++];
    *g = (struct group){.at = p->at++};
    start_alternative(p, g);
    p->hard = true;
    return 0;
}

static void next_alternative(struct parse *p)
{
    struct group *g = &p->groups[p->depth - 1];
    uint32_t jump = p->used;

    emit(p, GLOB_JUMP);
    emit(p, 0);
    emit(p, 0);
    emit_distance(p, jump, g->several ? jump - g->jumps : 0);
    g->jumps = jump;
    g->several = true;
    emit_distance(p, g->alt, p->used - g->alt);
    start_alternative(p, g);
    p->at++;
}

static int close_group(struct parse *p)
{
    if (!p->depth)
        return refuse(p, p->at, "this } closes nothing (write \\} for the byte itself)");
    struct group *g = &p->groups[p->depth - 1];
    if (!g->several)
        return refuse(p, g->at, "{...} needs at least two alternatives, as in {a,b}");
    for (uint32_t jump = g->jumps;;) {
        uint32_t before = glob_distance(p->code + jump);
        emit_distance(p, jump, p->used - jump);
        if (!before)
            break;
        jump -= before;
    }
    p->depth--;
    p->at++;
    p->slash = false;
    return 0;
}

static int element(struct parse *p)
{
    char c = p->text[p->at];

    switch (c) {
    case '*':
        star(p);
        return 0;
    case '?':
        emit(p, GLOB_ANY);
        break;
    case '[':
        return class(p);
    case ']':
        return refuse(p, p->at, "this ] closes nothing (write \\] for the byte itself)");
    case '{':
        return open_group(p);
    case '}':
        return close_group(p);
    case '\\':
        if (p->at + 1 == p->len)
            return refuse(p, p->at, "a backslash at the end escapes nothing");
        literal(p, escape(p->text, p->len, p->at + 1, &p->at));
        return 0;
    case ',':
        if (p->depth) {
            next_alternative(p);
            return 0;
        }
        /* fall through */
    default:
        literal(p, (uint8_t)c);
    }
    p->at++;
    return 0;
}

/* Bytes of the text that do more than stand for themselves; the others are copied
 * in runs. Of '/' a second one in a row may count for nothing. */
enum { BYTE_SLASH = 1, BYTE_SPECIAL = 2 };
static const uint8_t text_bytes[256] = {
    [0] = BYTE_SPECIAL,   [1] = BYTE_SPECIAL,   [2] = BYTE_SPECIAL,   [3] = BYTE_SPECIAL,   [4] = BYTE_SPECIAL,
    [5] = BYTE_SPECIAL,   [6] = BYTE_SPECIAL,   [7] = BYTE_SPECIAL,   ['*'] = BYTE_SPECIAL, ['?'] = BYTE_SPECIAL,
    ['['] = BYTE_SPECIAL, [']'] = BYTE_SPECIAL, ['{'] = BYTE_SPECIAL, ['}'] = BYTE_SPECIAL, [','] = BYTE_SPECIAL,
    ['\\'] = BYTE_SPECIAL, ['/'] = BYTE_SLASH,
};
_Static_assert(GLOB_OPS == 8, "text_bytes lists the bytes that have to be quoted");

/* A run of bytes that stand for themselves. */
static void run(struct parse *p)
{
    size_t room = CODE_LIMIT + 1 - p->used, left = p->len - p->at;
    const char *at = p->text + p->at, *end = at + (left < room ? left : room);
    uint8_t *code = p->code + p->used;
    bool slash = p->slash;

    for (; at < end; at++) {
        unsigned what = text_bytes[(uint8_t)*at];
        if (what) {
            if (what == BYTE_SPECIAL)
                break;
            if (slash && p->path)
                continue;
        }
        slash = what;
        *code++ = (uint8_t)*at;
    }
    p->at = (size_t)(at - p->text);
    p->used = (uint32_t)(code - p->code);
    p->slash = slash;
}

static int elements(struct parse *p)
{
    while (p->at < p->len) {
        int err = 0;
        if (text_bytes[(uint8_t)p->text[p->at]] == BYTE_SPECIAL)
            err = element(p);
        else
            run(p);
        if (err)
            return err;
        if (p->used > CODE_LIMIT)
            return refuse(p, 0, "the name is too long (at most 4096 bytes)");
    }
    if (p->depth)
        return refuse(p, p->groups[p->depth - 1].at, "this { is never closed");
    emit(p, GLOB_END);
    return 0;
}

static int kind(struct parse *p, enum glob_flavour flavour)
{
    if (flavour == GLOB_PLAIN)
        return 0;
    if (p->len && p->text[0] == '@') {
        literal(p, 0);
        p->at = 1;
        return 0;
    }
    p->path = true;
    return slash_follows(p, 0) ? 0 : refuse(p, 0, "an address starts with '/' or '@'");
}

static int parse(struct parse *p, enum glob_flavour flavour)
{
    int err = kind(p, flavour);

    return err ? err : elements(p);
}

int glob_parse(struct arena *a, enum glob_flavour flavour, const char *text, size_t len, struct glob *out,
               size_t *error_at, const char **why)
{
    struct parse p;
    uint8_t *code;

    memset(&p, 0, offsetof(struct parse, groups)); /* the rest is set when it is used */
    p.arena = a;
    p.text = text;
    p.len = len;
    int err = parse(&p, flavour);
    if (err) {
        *error_at = p.error_at;
        *why = p.why;
        return err;
    }
    if (!(code = arena_alloc(a, p.used, 1)))
        return -ENOMEM;
    memcpy(code, p.code, p.used);
    *out = (struct glob){.code = code,
                         .len = p.used,
                         .set_count = (uint8_t)p.set_count,
                         .hard = p.hard || (p.wide_class && p.stars),
                         .sets = (const uint8_t(*)[32])p.sets};
    return 0;
}

bool glob_hard(const uint8_t *code, const uint8_t (*sets)[32])
{
    bool stars = false, double_stars = false, wide_class = false;

    for (; *code != GLOB_END; code += glob_step(code)) {
        if (*code == GLOB_STAR && double_stars)
            return true;
        stars |= *code == GLOB_STAR;
        double_stars |= *code == GLOB_STARSTAR;
        wide_class |= *code == GLOB_CLASS && glob_in_set(sets[code[1]], '/');
    }
    return stars && wide_class;
}

/* --- Matching ---------------------------------------------------------- */

/* The first place from `name` on where what follows a star (at `code`) can
 * start, going by its first byte if that is literal; NULL without one. */
static const uint8_t *stretch(const uint8_t *code, const uint8_t *name, const uint8_t *end, bool any)
{
    if (*code < GLOB_OPS)
        return name;
    for (; name < end; name++) {
        if (*name == *code)
            return name;
        if (*name == '/' && !any)
            return NULL;
    }
    return NULL;
}

/* For globs where it is enough to stretch the last star: the first match of
 * what follows it is as good as any later one. That fails for braces, for a *
 * after a ** and for classes with '/': those are `hard`. */
static bool match_easy(const struct glob *g, const uint8_t *code, const uint8_t *name, const uint8_t *end)
{
    const uint8_t *star = NULL, *resume = NULL;
    bool any = false; /* the last star is ** */

    for (;;) {
        uint8_t op = *code;
        if (op == GLOB_JUMP) {
            code += glob_distance(code);
        } else if (op == GLOB_STAR || op == GLOB_STARSTAR) {
            any = op == GLOB_STARSTAR;
            star = ++code;
            if (*code == GLOB_END)
                return any || name == end || !memchr(name, '/', (size_t)(end - name));
            if (!(resume = name = stretch(code, name, end, any)))
                return false;
        } else if (name == end && op == GLOB_END) {
            return true;
        } else if (name < end && glob_takes(g, code, *name)) {
            code += glob_step(code);
            name++;
        } else {
            if (!star || resume == end || (*resume == '/' && !any))
                return false;
            code = star;
            if (!(resume = name = stretch(code, resume + 1, end, any)))
                return false;
        }
    }
}

struct later {
    const uint8_t *code, *name;
};

/* One element of a guess: false where the name does not fit. What else could be
 * tried from here goes to *later (its code NULL: nothing). */
static bool guess_step(const struct glob *g, struct later *now, const uint8_t *end, struct later *later)
{
    const uint8_t *code = now->code;
    bool any = *code == GLOB_STARSTAR;

    later->code = NULL;
    switch (*code) {
    case GLOB_JUMP:
        now->code += glob_distance(code);
        return true;
    case GLOB_ALT:
        if (glob_distance(code))
            *later = (struct later){code + glob_distance(code), now->name};
        now->code += 3;
        return true;
    case GLOB_STAR:
    case GLOB_STARSTAR:
        now->code++;
        now->name = stretch(now->code, now->name, end, any);
        if (now->name && now->name < end && (any || *now->name != '/'))
            *later = (struct later){code, now->name + 1};
        return now->name != NULL;
    default:
        if (now->name == end || !glob_takes(g, code, *now->name))
            return false;
        now->code += glob_step(code);
        now->name++;
        return true;
    }
}

/* Tries alternatives one by one. Nearly always that is quick; when it is not
 * (-1), match_hard bounds the work. */
static __attribute__((noinline)) int match_guess(const struct glob *g, const uint8_t *code, const uint8_t *name, const uint8_t *end)
{
    struct later stack[8], now = {code, name};
    unsigned depth = 0;

    for (int steps = 0; steps < 400; steps++) {
        if (depth == sizeof stack / sizeof *stack)
            return -1;
        if (*now.code == GLOB_END && now.name == end)
            return 1;
        if (guess_step(g, &now, end, &stack[depth]))
            depth += stack[depth].code != NULL;
        else if (depth)
            now = stack[--depth];
        else
            return 0;
    }
    return -1;
}

enum { WORDS = 512 / 64, LONG_WORDS = (GLOB_CODE_MAX + 63) / 64 };

static inline void mark(uint64_t *set, uint32_t at)
{
    set[at / 64] |= (uint64_t)1 << (at % 64);
}

/* Follows what costs no byte. It all leads forward, so one pass is enough. */
static void spread(const uint8_t *code, uint64_t *set, uint32_t words)
{
    for (uint32_t w = 0; w < words; w++)
        for (uint64_t done = 0, todo; (todo = set[w] & ~done);) {
            uint32_t bit = (uint32_t)__builtin_ctzll(todo), at = w * 64 + bit;
            uint8_t op = code[at];

            done |= (uint64_t)1 << bit;
            if (op == GLOB_ALT) {
                mark(set, at + 3);
                if (glob_distance(code + at))
                    mark(set, at + glob_distance(code + at));
            } else if (op == GLOB_JUMP) {
                mark(set, at + glob_distance(code + at));
            } else if (op == GLOB_STAR || op == GLOB_STARSTAR) {
                mark(set, at + 1);
            }
        }
}

/* Takes one byte, from the last place to the first so that no place moves
 * twice. False when no place is left. */
static bool advance(const struct glob *g, uint64_t *set, uint32_t words, uint8_t c)
{
    uint64_t left = 0;

    for (uint32_t w = words; w-- > 0;) {
        uint64_t todo = set[w];
        set[w] = 0;
        while (todo) {
            uint32_t bit = 63 - (uint32_t)__builtin_clzll(todo), at = w * 64 + bit;
            uint8_t op = g->code[at];

            todo &= ~((uint64_t)1 << bit);
            if (op == GLOB_STARSTAR || (op == GLOB_STAR && c != '/'))
                mark(set, at);
            else if (op != GLOB_STAR && op != GLOB_ALT && op != GLOB_JUMP && glob_takes(g, g->code + at, c))
                mark(set, at + glob_step(g->code + at));
        }
    }
    for (uint32_t w = 0; w < words; w++)
        left |= set[w];
    return left != 0;
}

static bool match_hard(const struct glob *g, uint32_t from, const uint8_t *name, const uint8_t *end,
                       uint64_t *set)
{
    uint32_t words = (g->len + 63) / 64;

    memset(set, 0, words * sizeof *set);
    mark(set, from);
    spread(g->code, set, words);
    for (; name < end; name++) {
        if (!advance(g, set, words, *name))
            return false;
        spread(g->code, set, words);
    }
    return set[(g->len - 1) / 64] >> ((g->len - 1) % 64) & 1;
}

/* Frames of their own: only a program of more than 512 bytes costs that much stack. */
static __attribute__((noinline)) bool match_short(const struct glob *g, uint32_t from, const uint8_t *name,
                                                  const uint8_t *end)
{
    uint64_t set[WORDS];

    return match_hard(g, from, name, end, set);
}

static __attribute__((noinline)) bool match_long(const struct glob *g, uint32_t from, const uint8_t *name,
                                                 const uint8_t *end)
{
    uint64_t set[LONG_WORDS];

    return match_hard(g, from, name, end, set);
}

bool glob_match_from(const struct glob *g, uint32_t from, const void *name, size_t len)
{
    const uint8_t *at = name, *end = at + len;

    if (!g->hard)
        return match_easy(g, g->code + from, at, end);
    int guess = match_guess(g, g->code + from, at, end);
    if (guess >= 0)
        return guess;
    return g->len <= WORDS * 64 ? match_short(g, from, at, end) : match_long(g, from, at, end);
}

bool glob_match(const struct glob *g, const void *name, size_t len)
{
    return glob_match_from(g, 0, name, len);
}

bool glob_match_low(const struct glob *g, const void *name, size_t len)
{
    const uint8_t *at = name;

    return g->hard && g->len <= WORDS * 64 ? match_short(g, 0, at, at + len) : glob_match(g, name, len);
}
