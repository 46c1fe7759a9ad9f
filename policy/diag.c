#include "parse.h"

#include <stdarg.h>
#include <string.h>

enum { MESSAGE_MAX = 600, WORD_MAX = 80 };

unsigned line_of(struct source *s, const char *at)
{
    const char *nl;

    if (at < s->line_at) { /* an earlier line: rare, only in messages that look back */
        s->line_at = s->counted = s->text;
        s->line = 1;
    }
    while (s->counted < at && (nl = memchr(s->counted, '\n', (size_t)(at - s->counted))) != NULL) {
        s->line_at = s->counted = nl + 1;
        s->line++;
    }
    if (s->counted < at)
        s->counted = at;
    return s->line;
}

static void send(struct parser *p, enum policy_severity severity, struct span where, const char *suggestion,
                 const char *message)
{
    struct source *s = p->src;
    struct policy_diag d = {
        .severity = severity,
        .file = s ? s->name : p->in->name,
        .width = 1,
        .message = message,
        .suggestion = suggestion,
        .source = "",
    };

    if (where.at && (where.at < s->text || where.at > s->end))
        where = span_of(p->rule_at, 1); /* in the values of a variable */
    if (where.at) {
        size_t rest = (size_t)(s->end - where.at);
        const char *nl = rest ? memchr(where.at, '\n', rest) : NULL;

        d.line = line_of(s, where.at);
        d.source = s->line_at;
        d.source_len = (size_t)((nl ? nl : s->end) - s->line_at);
        if (d.source_len && d.source[d.source_len - 1] == '\r')
            d.source_len--;
        size_t column = (size_t)(where.at - s->line_at);
        column = column < d.source_len ? column : d.source_len; /* the end of the line, not its '\r' */
        size_t room = column < d.source_len ? d.source_len - column : 1;
        d.column = (unsigned)column + 1;
        d.width = (unsigned)(where.len < 1 ? 1 : where.len < room ? where.len : room);
    }
    p->in->report(p->in->report_ctx, &d);
}

/* A word of the policy, short and printable. */
static void quote(struct text *t, const struct span *w)
{
    for (size_t i = 0; i < w->len && i < WORD_MAX; i++) {
        unsigned char c = (unsigned char)w->at[i];

        if (c < 0x20 || c == 0x7f) {
            text_str(t, "\\x");
            text_hex(t, c, 2);
        } else {
            text_byte(t, (char)c);
        }
    }
    if (w->len > WORD_MAX)
        text_str(t, "...");
}

static void format(struct text *t, const char *message, va_list args)
{
    for (; *message; message++) {
        if (*message != '%') {
            text_byte(t, *message);
            continue;
        }
        switch (*++message) {
        case 's':
            text_str(t, va_arg(args, const char *));
            break;
        case 'w':
            quote(t, va_arg(args, const struct span *));
            break;
        case 'u':
            text_unsigned(t, va_arg(args, unsigned long));
            break;
        case 'c':
            text_byte(t, (char)va_arg(args, int));
            break;
        }
    }
}

static void count_error(struct parser *p)
{
    p->failed = true;
    if (++p->errors < ERRORS_MAX)
        return;
    p->stop = true;
    if (p->in->report && p->errors == ERRORS_MAX)
        send(p, POLICY_ERROR, (struct span){0}, NULL, "too many errors; the rest of the policy was not read");
}

#define SAY(severity, where, suggestion)                                                                     \
    do {                                                                                                     \
        char buffer[MESSAGE_MAX];                                                                            \
        struct text t = text_into(buffer, sizeof buffer);                                                    \
        va_list args;                                                                                        \
        va_start(args, message);                                                                             \
        format(&t, message, args);                                                                           \
        va_end(args);                                                                                        \
        send(p, severity, where, suggestion, text_done(&t));                                                 \
    } while (0)

bool say_error(struct parser *p, struct span where, const char *suggestion, const char *message, ...)
{
    if (p->in->report && !p->stop)
        SAY(POLICY_ERROR, where, suggestion);
    count_error(p);
    return false;
}

bool say_text(struct parser *p, struct span where, const char *suggestion, struct text *message)
{
    if (p->in->report && !p->stop)
        send(p, POLICY_ERROR, where, suggestion, text_done(message));
    count_error(p);
    return false;
}

static bool wants_note(struct parser *p)
{
    return p->in->report && (p->in->flags & POLICY_INPUT_NOTES) && p->notes++ < NOTES_MAX;
}

bool say_warning(struct parser *p, struct span where, const char *suggestion, const char *message, ...)
{
    if (wants_note(p))
        SAY(POLICY_WARNING, where, suggestion);
    return false;
}

bool say_note(struct parser *p, struct span where, const char *message, ...)
{
    if (wants_note(p))
        SAY(POLICY_NOTE, where, NULL);
    return false;
}

bool say_file_error(struct parser *p, const char *file, const char *suggestion, const char *message, ...)
{
    struct source *was = p->src, whole = {.name = file};

    p->src = &whole;
    if (p->in->report && !p->stop)
        SAY(POLICY_ERROR, (struct span){0}, suggestion);
    p->src = was;
    count_error(p);
    return false;
}

bool say_nomem(struct parser *p)
{
    if (!p->nomem && p->in->report)
        send(p, POLICY_ERROR, (struct span){0}, NULL, "out of memory");
    p->nomem = p->stop = p->failed = true;
    return false;
}

/* Edits (insert, delete, replace, swap of neighbours) between two short words,
 * with the rows of the usual table kept in three small arrays. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    enum { MAX = 24 };
    uint8_t rows[3][MAX + 1];

    if (a_len > MAX || b_len > MAX)
        return MAX;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (uint8_t)j;
    for (size_t i = 1; i <= a_len; i++) {
        uint8_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *two_up = rows[(i + 1) % 3];

        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);

            if (above[j] + 1u < best)
                best = above[j] + 1u;
            if (row[j - 1] + 1u < best)
                best = row[j - 1] + 1u;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_up[j - 2] + 1u < best)
                best = two_up[j - 2] + 1u;
            row[j] = (uint8_t)best;
        }
    }
    return rows[a_len % 3][b_len];
}

struct guess guess_for(struct span word)
{
    /* About a third of the word may be wrong. */
    unsigned wrong = word.len < 2 ? 0 : word.len < 6 ? 1 : word.len < 9 ? 2 : 3;

    return (struct guess){.word = word, .distance = 1 + wrong};
}

void guess_try(struct guess *g, const char *candidate)
{
    size_t len = strlen(candidate);
    unsigned d = distance(g->word.at, g->word.len, candidate, len);

    if (d < g->distance) {
        g->distance = d;
        g->best = candidate;
    }
}

void guess_list(struct guess *g, const char *words)
{
    for (; *words; words += strlen(words) + 1)
        guess_try(g, words);
}

const char *guess_text(const struct guess *g, char buffer[SUGGESTION_MAX])
{
    struct text t = text_into(buffer, SUGGESTION_MAX);

    if (!g->best)
        return NULL;
    text_str(&t, "did you mean '");
    text_str(&t, g->best);
    text_str(&t, "'?");
    return text_done(&t);
}
