/* Expectations from a file. Each is compiled as a policy of its own: the file's text with
 * the other expectations blanked out, so that variables and profiles around them hold and
 * lines and columns are those of the file. */
#include <stdarg.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli.h"
#include "expect.h"
#include "load.h"

struct statement {
    size_t from, rule, to; /* "must", the word after "must not", behind the comma */
    bool forbidden, wrong; /* wrong: and it was said */
};

struct reading {
    struct expectations *into;
    const char *path, *text;
    bool track; /* --track was given */
    size_t len, at;
    struct statement found[EXPECTATIONS_MAX];
    unsigned count, depth;
    struct diag_count errors;
    const struct statement *now; /* being compiled, from this text */
    const char *compiled;
    bool shared_said;            /* what is wrong outside of expectations was shown */
};

/* --- Errors ---------------------------------------------------------------- */

static unsigned line_of(const struct reading *r, size_t at)
{
    unsigned line = 1;

    for (size_t i = 0; i < at; i++)
        line += r->text[i] == '\n';
    return line;
}

static void complain(struct reading *r, size_t at, size_t width, const char *suggestion, const char *message)
{
    size_t from = at, to = at;

    while (from && r->text[from - 1] != '\n')
        from--;
    while (to < r->len && r->text[to] != '\n')
        to++;
    const struct policy_diag d = {
        .severity = POLICY_ERROR, .file = r->path, .line = line_of(r, at), .column = (unsigned)(at - from + 1),
        .width = width ? (unsigned)width : 1, .source = r->text + from, .source_len = to - from,
        .message = message, .suggestion = suggestion,
    };
    diag_print(&r->errors, &d);
}

/* With the line as it is in the file. What is wrong outside of the expectation is the same
 * for all of them. */
static void report(void *ctx, const struct policy_diag *said)
{
    struct reading *r = ctx;
    struct policy_diag d = *said;
    bool own = d.line >= line_of(r, r->now->from) && d.line <= line_of(r, r->now->to);

    if (!own && r->shared_said)
        return;
    if (d.source)
        d.source = r->text + (d.source - r->compiled);
    diag_print(&r->errors, &d);
}

/* --- Finding them ------------------------------------------------------------ */

static char byte(const struct reading *r, size_t at)
{
    return at < r->len ? r->text[at] : '\0';
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t line_end(const struct reading *r, size_t at)
{
    while (at < r->len && r->text[at] != '\n')
        at++;
    return at;
}

static void skip_blanks(struct reading *r)
{
    for (;; r->at = line_end(r, r->at)) {
        while (r->at < r->len && blank(r->text[r->at]))
            r->at++;
        if (byte(r, r->at) != '#')
            return;
    }
}

static size_t word_at(const struct reading *r, size_t at)
{
    size_t len = 0;

    while (isalnum((unsigned char)byte(r, at + len)) || byte(r, at + len) == '_')
        len++;
    return len;
}

static bool is_word(const struct reading *r, size_t at, const char *word)
{
    size_t len = word_at(r, at);

    return len == strlen(word) && !memcmp(r->text + at, word, len);
}

static size_t quote_end(const struct reading *r, size_t at)
{
    for (at++; at < r->len && r->text[at] != '\n' && r->text[at] != '"'; at++)
        at += r->text[at] == '\\' && byte(r, at + 1) != '\n';
    return byte(r, at) == '"' ? at + 1 : at < r->len ? at : r->len;
}

/* Behind the comma that ends the rule, as policy/lex.c sees it, or the length of the text.
 * What is not ended by a comma ends before the next expectation, and the parser says so. */
static size_t rule_end(const struct reading *r, size_t at)
{
    unsigned parens = 0, braces = 0;

    while (at < r->len) {
        char c = r->text[at], next = byte(r, at + 1);

        if (c == '"') {
            at = quote_end(r, at);
            continue;
        }
        if (c == '#' && blank(r->text[at - 1])) {
            at = line_end(r, at);
            continue;
        }
        if (c == ',' && !parens && !braces && (!next || blank(next) || next == '}' || next == '#'))
            return at + 1;
        if (c == '\n' && is_word(r, at + 1, "must"))
            return at + 1;
        if (c == '}' && !braces)
            return at;
        parens += c == '(';
        parens -= c == ')' && parens;
        braces = blank(c) ? 0 : braces + (c == '{') - (c == '}');
        at += c == '\\' && next ? 2 : 1;
    }
    return r->len;
}

static void take_expectation(struct reading *r)
{
    struct statement s = {.from = r->at};

    r->at += strlen("must");
    skip_blanks(r);
    if ((s.forbidden = is_word(r, r->at, "not"))) {
        r->at += strlen("not");
        skip_blanks(r);
    }
    s.rule = r->at;
    s.to = r->at = rule_end(r, r->at);
    s.wrong = !is_word(r, s.rule, "unix") && !is_word(r, s.rule, "network");
    if (s.wrong)
        complain(r, s.rule, word_at(r, s.rule), "must unix (connect) peer=(addr=/run/app.sock),",
                 "'unix' or 'network' should stand here: what must or must not be done is told as such a rule");
    if (r->count == EXPECTATIONS_MAX)
        complain(r, s.from, 4, NULL, "more than 1000 expectations in a file");
    else
        r->found[r->count++] = s;
}

/* `profile NAME /path {`: up to and with its brace, which a blank stands before. */
static void take_profile(struct reading *r)
{
    size_t from = r->at;

    while (r->at < r->len && !(r->text[r->at] == '{' && blank(r->text[r->at - 1])))
        r->at = r->text[r->at] == '"' ? quote_end(r, r->at) : r->at + 1;
    if (r->at == r->len) {
        complain(r, from, strlen("profile"), NULL, "no '{' begins this profile's expectations");
        return;
    }
    r->at++;
    r->depth++;
}

static void take_other(struct reading *r)
{
    size_t from = r->at, len = word_at(r, from), end = rule_end(r, from);

    if (is_word(r, from, "include")) {
        complain(r, from, len, NULL, "files cannot be included here");
        end = line_end(r, from);
    } else {
        complain(r, from, len, is_word(r, from, "deny") ? "'must not' instead of 'deny'" : "put 'must' or 'must not' in front of a rule",
                 "neither an expectation, nor a variable, nor a profile");
    }
    r->at = end > from ? end : from + 1;
}

static void find_all(struct reading *r)
{
    for (skip_blanks(r); r->at < r->len; skip_blanks(r)) {
        if (is_word(r, r->at, "must")) {
            take_expectation(r);
        } else if (is_word(r, r->at, "profile")) {
            take_profile(r);
        } else if (r->text[r->at] == '@') {
            r->at = line_end(r, r->at);
        } else if (r->text[r->at] == '}' && r->depth) {
            r->depth--;
            r->at++;
        } else {
            take_other(r);
        }
    }
}

/* --- Compiling them ----------------------------------------------------------- */

static void wipe(char *text, size_t from, size_t to)
{
    for (; from < to; from++)
        if (text[from] != '\n')
            text[from] = ' ';
}

static char *text_for(const struct reading *r, const struct statement *s)
{
    char *text = memcpy(allocate(r->len + 1), r->text, r->len);

    for (unsigned i = 0; i < r->count; i++)
        wipe(text, r->found[i].from, &r->found[i] == s ? s->rule : r->found[i].to);
    return text;
}

/* What records do not say unless a policy asked for it would never be seen here, and
 * `must not` would pass for want of knowledge. */
static bool answerable(struct policy p)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6};
    uint32_t needs = 0;

    for (p.profile = 0; p.profile < policy_profile_count(&p); p.profile++)
        for (unsigned i = 0; i < POLICY_PERM_COUNT; i++)
            for (unsigned k = 0; k < sizeof families / sizeof *families; k++)
                needs |= policy_needs(&p, 1u << i, families[k]);
    return !(needs & (POLICY_NEEDS_LABEL | POLICY_NEEDS_BOUND | POLICY_NEEDS_MADE | POLICY_NEEDS_UID | POLICY_NEEDS_EXE));
}

/* Without its comma. */
static char *one_line(const char *text, size_t len)
{
    char *line = allocate(len + 1), *end = line;

    for (size_t i = 0; i < len; i++)
        if (!blank(text[i]))
            *end++ = text[i];
        else if (end > line && end[-1] != ' ')
            *end++ = ' ';
    while (end > line && strchr(" ,", end[-1]))
        *--end = '\0';
    return line;
}

/* `network` is about unix, too, in a policy; who expects something of the network does not
 * mean that. */
static bool leaves_out_unix(const struct reading *r, const struct statement *s)
{
    if (!is_word(r, s->rule, "network"))
        return false;
    for (size_t at = s->rule; at < s->to; at += word_at(r, at) + 1)
        if (is_word(r, at, "unix"))
            return false;
    return true;
}

static void compile(struct reading *r, const struct statement *s, struct policy_input in)
{
    struct expectation *e = &r->into->at[r->into->count];
    struct arena arena = new_arena;
    unsigned before = r->errors.errors;
    const void *blob;
    size_t len;

    in.text = r->compiled = text_for(r, s);
    in.len = r->len;
    in.report = report;
    in.report_ctx = r;
    r->now = s;
    *e = (struct expectation){
        .file = r->path, .line = line_of(r, s->from), .forbidden = s->forbidden,
        .not_unix = leaves_out_unix(r, s), .text = one_line(r->text + s->from, s->to - s->from),
    };
    int err = policy_compile(&in, &arena, &blob, &len);
    r->shared_said = true;
    if (!err)
        err = policy_open(&e->policy, blob, len);
    if (err && r->errors.errors == before && err != -EINVAL)
        complain(r, s->from, 4, NULL, strerror(-err));
    const char *suggestion, *never = err ? NULL : expect_never(&in, &suggestion);
    if (never)
        complain(r, s->rule, s->to - s->rule, suggestion, format_new("nothing ever does this: %s", never));
    if (!err && !r->track && expect_inherits(&in))
        complain(r, s->rule, s->to - s->rule, "sunshim run --track", "'inherit' is seen with --track only");
    if (!err && !answerable(e->policy))
        complain(r, s->rule, s->to - s->rule, NULL,
                 "an expectation cannot ask for scope=, label=, uid= or exe= of the peer: not every call finds them out");
    r->into->count += !err;
}

static int compile_all(struct reading *r, const struct options *o)
{
    struct policy_input in = load_input(o, 0);

    in.name = r->path;
    in.files = NULL;
    if (r->into->count + r->count > EXPECTATIONS_MAX)
        return fail("%s: more than %d expectations together", r->path, EXPECTATIONS_MAX);
    r->shared_said = r->errors.errors > 0;
    for (unsigned i = 0; i < r->count; i++)
        if (!r->found[i].wrong)
            compile(r, &r->found[i], in);
    return r->errors.errors ? EXIT_SUNSHIM : 0;
}

int expect_read(struct expectations *e, const struct options *o, const char *path)
{
    struct reading *r = allocate(sizeof *r);
    struct policy_file file;
    int err = policy_files.read(NULL, path, &file), status;

    if (err) {
        diag_file(path, POLICY_ERROR, read_failure(path, -err));
        return EXIT_SUNSHIM;
    }
    *r = (struct reading){.into = e, .path = path, .track = o->track, .text = file.text, .len = file.len};
    find_all(r);
    if (!r->count && !r->errors.errors) {
        diag_file(path, POLICY_ERROR, "nothing is expected: no line says 'must' or 'must not'");
        r->errors.errors++;
    }
    status = compile_all(r, o);
    free(r);
    return status;
}
