/* profile NAME [attachment] [xattrs=(..)] [flags=(..)] { rules } and its older forms. */
#include "parse.h"

#include <string.h>

/* Flags of AppArmor that say nothing about sockets. */
static const char other_flags[] = "enforce\0prompt\0debug\0mediate_deleted\0delegate_deleted\0attach_disconnected\0"
                                  "no_attach_disconnected\0chroot_attach\0chroot_no_attach\0chroot_relative\0"
                                  "namespace_relative\0interruptible\0attach_disconnected.ipc\0hat\0";
/* Those with a value behind '='. */
static const char valued_flags[] = "attach_disconnected.path\0attach_disconnected.ipc\0kill.signal\0error\0";
static const char mode_flags[] = "complain\0default_allow\0unconfined\0kill\0audit\0";

/* --- Flags ------------------------------------------------------------------- */

static bool say_flag(struct parser *p, struct span flag)
{
    struct guess g = guess_for(flag);
    char hint[SUGGESTION_MAX];

    guess_list(&g, mode_flags);
    guess_list(&g, other_flags);
    return say_error(p, flag, guess_text(&g, hint), "'%w' is not a profile flag", &flag);
}

/* Modes exclude each other. `unconfined` confines nothing but what is denied. */
static bool set_flag(struct parser *p, struct block *b, struct span flag, struct span *mode)
{
    const char *equals = memchr(flag.at, '=', flag.len);
    bool is_mode = span_in(flag, "enforce\0complain\0kill\0default_allow\0unconfined\0prompt\0");

    if (equals) {
        struct span name = span_of(flag.at, (size_t)(equals - flag.at));

        return span_in(name, valued_flags) ? true : say_flag(p, flag);
    }
    if (!is_mode && !span_in(flag, mode_flags) && !span_in(flag, other_flags))
        return say_flag(p, flag);
    if (is_mode && mode->len && !(mode->len == flag.len && memcmp(mode->at, flag.at, flag.len) == 0))
        return say_error(p, flag, NULL, "the flag '%w' contradicts '%w'", &flag, mode);
    if (is_mode)
        *mode = flag;
    b->complain |= span_is(flag, "complain");
    b->audit |= span_is(flag, "audit");
    b->default_allow |= span_is(flag, "default_allow") || span_is(flag, "unconfined");
    if (span_is(flag, "kill"))
        say_note(p, flag, "a call that is denied fails; the process is not killed");
    return true;
}

/* flags=(...) or (...), at the parenthesis or before it. */
static bool parse_flags(struct parser *p, struct block *b)
{
    struct span flag, mode = {0};
    const char *open = p->src->at;
    bool ok = true, any = false;

    if (!take(p, '('))
        return say_unexpected(p, "'('");
    for (;;) {
        skip_blank(p);
        if (take(p, ','))
            continue;
        if (take(p, ')'))
            break;
        if (list_breaks(p))
            return say_error(p, span_of(open, 1), NULL, "this '(' is not closed");
        if (!take_value(p, true, &flag))
            return false;
        ok &= set_flag(p, b, flag, &mode);
        any = true;
    }
    if (!any)
        return say_error(p, span_of(open, 1), NULL, "no flag is named");
    return ok;
}

/* xattrs=( name=value ... ): the kernel's business at exec. */
static bool skip_parenthesis(struct parser *p)
{
    const char *open = p->src->at;
    struct span value;

    if (!take(p, '('))
        return say_unexpected(p, "'('");
    while (!take(p, ')')) {
        if (list_breaks(p))
            return say_error(p, span_of(open, 1), NULL, "this '(' is not closed");
        if (is_blank(peek(p)) || peek(p) == ',' || peek(p) == '(')
            p->src->at++;
        else if (!take_value(p, true, &value))
            return false;
    }
    return true;
}

static bool parse_head_end(struct parser *p, struct block *b)
{
    for (;;) {
        struct span word;

        skip_comments(p);
        if (peek(p) == '{')
            return true;
        word = peek_word(p);
        if (peek(p) == '(')
            return parse_flags(p, b);
        if (!word.len || !at_condition(p))
            return say_unexpected(p, "flags=(...) or '{'");
        take_word(p);
        skip_blank(p);
        take(p, '=');
        skip_blank(p);
        if (span_is(word, "flags"))
            return parse_flags(p, b);
        if (!span_is(word, "xattrs"))
            return say_error(p, word, NULL, "'%w=' does not belong to a profile", &word);
        if (!skip_parenthesis(p))
            return false;
        say_note(p, word, "extended attributes of the program are not looked at");
    }
}

/* --- Names --------------------------------------------------------------------- */

/* The first value of the name, behind the parent's name and "//". */
static bool set_name(struct parser *p, struct block *b, struct span where, const struct block *parent)
{
    struct name plain = {.text = where.at, .len = where.len};
    const struct name *n = memmem(where.at, where.len, "@{", 2) ? expand(p, where) : &plain;
    size_t parent_len = parent ? parent->name_len + 2 : 0;
    char *text;

    if (!n)
        return false;
    if (!n->len)
        return say_error(p, where, NULL, "the profile has no name");
    if (parent_len + n->len > POLICY_NAME_MAX)
        return say_error(p, where, NULL, "a name of %u bytes; the limit is %u",
                         (unsigned long)(parent_len + n->len), (unsigned long)POLICY_NAME_MAX);
    text = arena_alloc(p->arena, parent_len + n->len + 1, 1);
    if (!text)
        return say_nomem(p);
    if (parent) {
        memcpy(text, parent->name, parent->name_len);
        memcpy(text + parent->name_len, "//", 2);
    }
    memcpy(text + parent_len, n->text, n->len);
    b->name = text;
    b->name_len = parent_len + n->len;
    return true;
}

static bool check_unique(struct parser *p, const struct block *b, struct span name)
{
    for (const struct block *other = p->blocks; other; other = other->next)
        if (other->name_len == b->name_len && memcmp(other->name, b->name, b->name_len) == 0)
            return say_error(p, name, NULL, "there are two profiles named '%w'", &name);
    return true;
}

/* Only profiles of the file's own level are chosen by path: those within them are
 * reached by AppArmor's transitions, here by --profile alone. */
static bool set_attachment(struct parser *p, struct block *b, struct span path, bool child)
{
    const struct glob *globs;
    uint32_t count;

    if (!parse_names(p, NAME_PATH, path, &globs, &count))
        return false;
    if (child)
        return true;
    b->attachments = globs;
    b->attachment_count = count;
    return true;
}

static bool starts_path(struct parser *p)
{
    char c = peek(p) == '"' ? peek_at(p, 1) : peek(p);

    return c == '/' || c == '@';
}

/* A name or path. A '{' that ends it was meant to open the block. */
static bool take_name(struct parser *p, struct span *name)
{
    skip_blank(p);
    if (peek(p) == '{' || at_end(p))
        return say_unexpected(p, "a profile's name");
    if (!take_value(p, false, name))
        return false;
    if (name->quoted || name->at[name->len - 1] != '{')
        return true;
    name->len--;
    p->src->at--;
    say_error(p, span_of(p->src->at, 1), NULL, "a blank is missing before '{'");
    return true;
}

/* ":ns:name" and ":ns://name" name another namespace's profile. */
static struct span without_namespace(struct span name)
{
    const char *colon;

    if (!name.len || *name.at != ':')
        return name;
    colon = memchr(name.at + 1, ':', name.len - 1);
    if (!colon)
        return name;
    colon++;
    if ((size_t)(colon - name.at) + 2 <= name.len && memcmp(colon, "//", 2) == 0)
        colon += 2;
    return span_of(colon, name.len - (size_t)(colon - name.at));
}

static bool parse_head(struct parser *p, struct block *b, const struct block *parent, bool hat)
{
    struct span name, path;

    if (!take_name(p, &name))
        return false;
    name = without_namespace(name);
    if (!set_name(p, b, name, parent) || !check_unique(p, b, name))
        return false;
    skip_comments(p);
    if (!hat && starts_path(p)) {
        if (!take_name(p, &path) || !set_attachment(p, b, path, parent != NULL))
            return false;
    } else if (!hat && !parent && *b->name == '/') {
        if (!set_attachment(p, b, name, false))
            return false;
    }
    return parse_head_end(p, b);
}

/* After a path at the start of a rule: what follows tells a profile's head from
 * a file rule. */
bool at_profile_head(struct parser *p)
{
    const char *start = p->src->at;
    struct span path, word;
    unsigned errors = p->errors;
    bool head = false;

    /* A quote that is not closed is reported by whoever reads it next. */
    p->errors = ERRORS_MAX;
    if (take_value(p, false, &path)) {
        skip_comments(p);
        word = peek_word(p);
        head = peek(p) == '{' || peek(p) == '(' || (!path.quoted && path.at[path.len - 1] == '{') || starts_path(p) ||
               ((span_is(word, "flags") || span_is(word, "xattrs")) && at_condition(p));
    }
    p->errors = errors;
    p->src->at = start;
    return head;
}

static void link_block(struct parser *p, struct block *b)
{
    *p->last_block = b;
    p->last_block = &b->next;
    p->block_count++;
}

/* The rules between the braces go to `b`, whose own includes are its own. */
static bool parse_body(struct parser *p, struct block *b)
{
    struct block *was = p->block;
    struct seen *seen = p->seen;
    bool ok;

    p->block = b;
    p->seen = NULL;
    p->serial++;
    ok = parse_block(p, NULL);
    p->block = was;
    p->seen = seen;
    p->serial++;
    return ok;
}

/* Everything is allowed that no rule denies: the rule that says so. */
static void add_default(struct parser *p, struct block *b, const char *head)
{
    struct block *was = p->block;

    if (!b->default_allow)
        return;
    begin_rule(p, head);
    p->block = b;
    add_all(p, false);
    p->block = was;
}

bool parse_profile(struct parser *p, struct span keyword)
{
    const char *head = p->src->at;
    struct block *b = ARENA_NEW(p->arena, struct block), *parent = p->block == &p->bare ? NULL : p->block;
    bool hat = span_is(keyword, "hat") || peek(p) == '^';

    if (!b)
        return say_nomem(p);
    if (p->block_count >= PROFILES_MAX) {
        p->stop = true;
        return say_error(p, keyword, NULL, "more than %u profiles", (unsigned long)PROFILES_MAX);
    }
    take_word(p);
    take(p, '^');
    if (!parse_head(p, b, parent, hat))
        return false;
    skip_comments(p);
    if (peek(p) != '{')
        return say_unexpected(p, "'{'");
    if (!p->dead)
        link_block(p, b);
    add_default(p, b, head);
    return parse_body(p, b);
}
