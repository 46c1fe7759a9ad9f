/* The outer grammar: what can stand in a file or between braces. */
#include "parse.h"

#include <errno.h>
#include <string.h>

/* --- Rules ----------------------------------------------------------------- */

/* AppArmor's rules that have nothing to do with sockets. */
static bool is_skipped(struct span word)
{
    static const char words[] =
        "capability\0mount\0remount\0umount\0unmount\0pivot_root\0ptrace\0signal\0dbus\0userns\0"
        "io_uring\0change_profile\0mqueue\0link\0set\0rlimit\0";

    return span_in(word, words);
}

static const char rule_words[] = "unix\0network\0deny\0allow\0audit\0quiet\0profile\0include\0hat\0abi\0all\0"
                                 "alias\0owner\0file\0if\0capability\0mount\0remount\0umount\0pivot_root\0"
                                 "ptrace\0signal\0dbus\0userns\0io_uring\0change_profile\0mqueue\0link\0set\0"
                                 "scope\0inject\0map\0";

static bool parse_skipped(struct parser *p, struct span word)
{
    if (!skip_rule(p, word))
        return false;
    if (span_is(word, "alias"))
        return !say_warning(p, word, NULL, "aliases are not followed: names are compared in their real form");
    return !say_note(p, word, "'%w' rules are not about sockets; this one is skipped", &word);
}

/* abi <name>, or abi "name",: the file is AppArmor's and means what AppArmor means. */
static bool parse_abi(struct parser *p)
{
    struct span name;
    const char *at;

    skip_blank(p);
    if (peek(p) == '<') {
        at = memchr(p->src->at, '>', (size_t)(p->src->end - p->src->at));
        if (!at)
            return say_error(p, span_of(p->src->at, 1), NULL, "this '<' has no '>'");
        p->src->at = at + 1;
    } else if (!take_value(p, false, &name)) {
        return false;
    }
    p->src->apparmor = true;
    return end_rule(p);
}

/* File permissions: the letters of AppArmor's r w a l k m and the x modes. */
static bool is_file_mode(struct span word)
{
    for (size_t i = 0; i < word.len; i++)
        if (!strchr("rwalkmxRWALKMXpPcCiIuU", word.at[i]))
            return false;
    return word.len > 0;
}

/* `rw /path,`: the permissions first. */
static bool at_mode_first(const struct parser *p, struct span word)
{
    const char *at = word.at + word.len;

    if (!is_file_mode(word) || at >= p->src->end || !is_blank(*at))
        return false;
    while (at < p->src->end && is_blank(*at))
        at++;
    return at < p->src->end && (*at == '/' || *at == '"' || *at == '@');
}

static bool say_unknown(struct parser *p, struct span word)
{
    struct guess g = guess_for(word);
    char hint[SUGGESTION_MAX];

    if (span_is(word, "pathname") || span_is(word, "abstract")) /* the comma before it ended the scope */
        return say_error(p, word, "as in scope pathname abstract,", "'%w' is not the beginning of a rule", &word);
    guess_list(&g, rule_words);
    return say_error(p, word, guess_text(&g, hint), "'%w' is not the beginning of a rule", &word);
}

static bool parse_worded(struct parser *p, const struct prefix *pre, struct span word)
{
    if (span_is(word, "unix") || span_is(word, "network")) {
        take_word(p);
        return parse_socket_rule(p, pre, word);
    }
    if (span_is(word, "all")) {
        take_word(p);
        return parse_all_rule(p, pre);
    }
    if (span_is(word, "scope")) {
        take_word(p);
        return parse_scope(p, pre, word);
    }
    if (span_is(word, "map")) {
        take_word(p);
        return parse_map(p, pre, word);
    }
    if (span_is(word, "inject"))
        return parse_inject(p, pre, word);
    if (span_is(word, "file") || at_mode_first(p, word) || span_is(word, "safe") || span_is(word, "unsafe"))
        return parse_file_rule(p, pre);
    if (is_skipped(word)) {
        take_word(p);
        return parse_skipped(p, word);
    }
    if (!word.len)
        return say_unexpected(p, "a rule");
    return say_unknown(p, word);
}

static bool say_prefixed(struct parser *p, struct span word)
{
    return say_error(p, word, NULL, "'%w' cannot stand after words like audit and deny", &word);
}

/* Words that take no prefix. 1: parsed; 0: another word; -1: an error. */
static int parse_plain(struct parser *p, const struct prefix *pre, const struct prefix *around, struct span word)
{
    bool include = peek(p) == '#' || span_is(word, "include");
    bool profile = span_is(word, "profile") || span_is(word, "hat") || peek(p) == '^' || peek(p) == ':';
    bool ok;

    if (!include && !profile && !span_is(word, "abi") && !span_is(word, "alias") && !span_is(word, "if"))
        return 0;
    if (pre->given)
        ok = say_prefixed(p, word);
    else if (profile && around && (around->audit || around->quiet || around->allow || around->deny))
        ok = say_error(p, word.len ? word : span_of(p->src->at, 1), NULL,
                       "a profile cannot stand in a block behind words like audit and deny");
    else if (include)
        ok = parse_include(p);
    else if (profile)
        ok = parse_profile(p, word);
    else {
        take_word(p);
        ok = span_is(word, "abi") ? parse_abi(p) : span_is(word, "if") ? parse_if(p, around) : parse_skipped(p, word);
    }
    return ok ? 1 : -1;
}

static bool say_inner_path(struct parser *p)
{
    return say_error(p, span_of(p->src->at, 1), NULL, "a profile within a profile begins with 'profile' or 'hat'");
}

bool parse_rule(struct parser *p, const struct prefix *around)
{
    struct prefix pre = {.at = p->src->at};
    struct span word;
    int plain;
    char c;

    if (!parse_prefix(p, &pre) || !merge_prefix(p, &pre, around))
        return false;
    word = peek_word(p);
    c = peek(p);
    plain = parse_plain(p, &pre, around, word);
    if (plain)
        return plain > 0;
    if ((c == '@' || c == '$') && at_assignment(p))
        return pre.given ? say_prefixed(p, span_of(p->src->at, 1)) : parse_variable(p);
    if (c == '{') {
        if (pre.priority)
            return say_error(p, pre.priority_word, NULL, "priority= cannot stand before a block");
        return check_prefix(p, &pre, word) && parse_block(p, &pre);
    }
    if (c == '/' || c == '"' || c == '@') {
        if (!pre.given && at_profile_head(p))
            return p->block == &p->bare ? parse_profile(p, span_of(p->src->at, 0)) : say_inner_path(p);
        if (c == '@' && !at_reference(p))
            return say_error(p, span_of(p->src->at, 1), NULL, "a variable is written @{name}");
        return check_prefix(p, &pre, word) && parse_file_rule(p, &pre) && defer_rule(p, around);
    }
    return check_prefix(p, &pre, word) && parse_worded(p, &pre, word) && defer_rule(p, around);
}

/* --- Blocks ---------------------------------------------------------------- */

static void after_error(struct parser *p)
{
    /* What was wrong may have been found after the rule had been read. */
    if (p->rule_end > p->rule_at && p->rule_end == p->src->at)
        return;
    if (!recover(p) || p->stop)
        return;
    /* A block whose head is wrong: look for more errors in it, take no rules. */
    p->dead++;
    parse_block(p, NULL);
    p->dead--;
}

/* `open` is where the block was opened; empty at the top of a file. */
static void parse_each(struct parser *p, struct span open, const struct prefix *around)
{
    while (!p->stop) {
        skip_comments(p);
        if (at_end(p)) {
            if (open.len)
                say_error(p, open, NULL, "this '{' is never closed");
            return;
        }
        if (peek(p) == '}') {
            p->src->at++;
            if (open.len)
                return;
            say_error(p, span_of(p->src->at - 1, 1), NULL, "this '}' closes nothing");
            continue;
        }
        const char *start = p->src->at;
        begin_rule(p, start);
        if (!parse_rule(p, around)) {
            after_error(p);
            if (p->src->at == start)
                p->src->at++; /* whatever it is, it must not hold us up */
        }
    }
}

/* What stands before a block holds for the files included in it, too. */
static void parse_items_in(struct parser *p, struct span open, const struct prefix *around)
{
    const struct prefix *was = p->around;

    p->around = around;
    parse_each(p, open, around);
    p->around = was;
}

void parse_items(struct parser *p)
{
    parse_each(p, (struct span){0}, p->around);
}

bool parse_block(struct parser *p, const struct prefix *around)
{
    struct span open = span_of(p->src->at, 1);

    if (!take(p, '{'))
        return say_unexpected(p, "'{'");
    if (p->nest >= NEST_MAX) {
        say_error(p, open, NULL, "blocks are nested more than %u deep", (unsigned long)NEST_MAX);
        p->stop = true;
        return false;
    }
    p->nest++;
    parse_items_in(p, open, around);
    p->nest--;
    return true;
}

/* --- The whole ------------------------------------------------------------- */

/* A list that allows nothing is almost always a mistake: a block list without
 * "allow all,", or a file that was cut off. A policy by AppArmor's rules says
 * what it says; one that complains denies nothing. */
static bool check_purpose(struct parser *p, const struct source *top)
{
    bool complains = p->block_count > 0;

    for (const struct block *b = p->blocks; b; b = b->next)
        complains &= b->complain;
    if (p->allows || p->deny_all || complains || (top->apparmor && p->block_count))
        return true;
    return say_file_error(p, p->in->name,
                          p->scoped ? "scope only denies: add 'allow all,' to allow everything else, or 'deny all,' "
                                      "if that is meant"
                          : p->mapped ? "map allows nothing by itself: add 'allow all,'"
                          : p->inject_count ? "inject breaks what is allowed: add 'allow all,'"
                                    : "add 'allow all,' to a list of denials, or 'deny all,' if that is meant",
                          "nothing is allowed by this policy");
}

static bool say_too_large(struct parser *p)
{
    return say_file_error(p, p->in->name, NULL, "the policy has %u bytes; the limit is %u",
                          (unsigned long)p->in->len, (unsigned long)POLICY_TEXT_MAX);
}

int policy_parse(const struct policy_input *in, struct arena *arena, struct ruleset *out)
{
    struct parser p = {.in = in, .arena = arena, .text_bytes = in->len};
    struct source top = {
        .name = in->name,
        .text = in->text,
        .end = in->text + in->len,
        .dir = in->dir,
        .dir_len = in->dir ? strlen(in->dir) : 0,
        .apparmor = (in->flags & POLICY_INPUT_APPARMOR) != 0,
    };

    p.block = &p.bare;
    p.last_block = &p.blocks;
    p.last_deferred = &p.deferred;
    if (in->len > POLICY_TEXT_MAX)
        say_too_large(&p);
    else if (define_predefined(&p) && parse_text(&p, &top) && !p.errors)
        check_purpose(&p, &top);
    if (!p.errors && !p.nomem)
        read_deferred(&p);
    if (!p.errors && !p.nomem)
        rules_finish(&p, out);
    return p.nomem ? -ENOMEM : p.errors ? -EINVAL : 0;
}
