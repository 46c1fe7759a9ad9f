/* What the parser's files share. Private to policy/.
 *
 * One pass over the text: each rule is turned into `struct rule`s as it is met.
 * Nothing is ever taken back; a rule with an error in it is reported, stepped
 * over, and makes the whole policy fail at the end. */
#ifndef SUNSHIM_POLICY_PARSE_H
#define SUNSHIM_POLICY_PARSE_H

#include <string.h>

#include "rule.h"
#include "text.h"

/* Limits of the parser alone; those a caller may care about are in policy.h. */
enum {
    NEST_MAX = 64,         /* blocks, profiles and conditions within each other */
    VARIABLES_MAX = 4096,  /* variables in a policy */
    VARIABLE_DEPTH = 32,   /* variables within variables */
    REFERENCES_MAX = 16,   /* variables in one name */
    PROFILES_MAX = 4096,
    INCLUDES_MAX = 4096,   /* files in all */
    ERRORS_MAX = 200,      /* after which parsing stops */
    NOTES_MAX = 10000,     /* notes and warnings; no more are reported */
};

/* A piece of the text that is being read. */
struct span {
    const char *at;
    size_t len;
    bool quoted; /* the quotes themselves are not part of it */
};

/* A file being read. */
struct source {
    const char *name;
    const char *text, *end;
    const char *at;        /* next byte to read */
    const char *line_at;   /* start of a line ... */
    unsigned line;         /* ... its number ... */
    const char *counted;   /* ... and how far newlines were looked for: once, not per message */
    const char *dir;       /* directory of relative includes; NULL: none */
    size_t dir_len;
    bool apparmor;         /* AppArmor's own meaning */
    struct source *parent; /* the file that includes this one */
    unsigned depth;
};

/* A first chunk that is large enough for all is handed on as it is. */
struct rule_chunk {
    struct rule_chunk *next;
    uint32_t count, room;
    struct rule rules[];
};

struct source_chunk {
    struct source_chunk *next;
    uint32_t count, room;
    struct rule_source sources[];
};

struct rule_list {
    struct rule_chunk *first, *last;
    uint32_t count;
};

/* A rule `map` with one of the values of its FROM; parse_map.c. */
struct map {
    struct map *next;
    const char *from, *to;     /* terminated */
    uint32_t from_len, to_len; /* without the slash they end in where `below` */
    uint32_t from_at, to_at;   /* in the text of all maps */
    bool below;
    bool bare, own;            /* of the bare rules; of them those that profiles have versions of their own of */
    uint32_t source;
    /* Where it stands, for messages once all is read: */
    const char *file, *line_at, *end; /* the line that FROM is in, the end of the text */
    unsigned line;
    struct span from_span, to_span;
};

struct map_list {
    struct map *first, *last;
    uint32_t count;
};

/* A profile being put together. */
struct block {
    struct block *next;
    const char *name; /* NULL: the bare rules */
    size_t name_len;
    const struct glob *attachments;
    uint32_t attachment_count;
    bool complain, default_allow, audit;
    struct rule_list own;
    struct rule_list again; /* its version of the bare rules that mention @{profile_name} */
    struct map_list maps;   /* its own and its versions of bare ones */
};

/* What may stand in front of a rule or a block, in this order. */
struct prefix {
    const char *at;    /* where the rule starts */
    bool given;        /* something stands there */
    bool audit, quiet, allow, deny, owner, inject;
    int priority;
    struct span owner_word, priority_word;
};

struct variable;
struct seen;
struct deferred;

struct parser {
    const struct policy_input *in;
    struct arena *arena;
    struct source *src;
    struct block bare, *block; /* where rules go */
    struct block **last_block;
    struct block *blocks;      /* the profiles */
    uint32_t block_count, include_count, variable_count;
    struct source_chunk *sources, *last_sources;
    uint32_t source_count;
    uint32_t rule_count;
    struct variable *variables[64]; /* hashed by name */
    struct seen *seen;              /* files included in this block */
    struct deferred *deferred, **last_deferred;
    size_t text_bytes;     /* read so far, all files */
    size_t expanded_bytes; /* made by variables */
    unsigned serial;       /* of the block: what @{profile_name} depends on */
    const struct prefix *around; /* of the block we are in */
    unsigned nest;
    unsigned dead;         /* inside a branch not taken, or a block that is wrong */
    unsigned errors, notes;
    bool failed;           /* this rule had an error */
    bool named;            /* this rule mentions @{profile_name} */
    bool again;            /* bare rules are being read once more for a profile */
    uint32_t rule_source;  /* number of this rule once it has one */
    const char *rule_at;   /* where this rule starts */
    const char *rule_end;  /* one past its comma */
    unsigned rule_line;
    bool allows;           /* some rule allows something */
    bool deny_all;         /* somebody said that nothing is what they mean */
    bool scoped;           /* there is a scope statement */
    bool mapped;           /* there is a map rule */
    uint32_t inject_count;
    char *map_texts;
    uint32_t map_text_len;
    bool nomem, stop;
};

/* diag.c. The message's %s is a string, %w a struct span *, %u an unsigned long,
 * %c a character (int). All of them return false, for `return say_error(...)`. */
bool say_error(struct parser *p, struct span where, const char *suggestion, const char *message, ...);
bool say_warning(struct parser *p, struct span where, const char *suggestion, const char *message, ...);
bool say_note(struct parser *p, struct span where, const char *message, ...);
/* The same about a whole file. */
bool say_file_error(struct parser *p, const char *file, const char *suggestion, const char *message, ...);
bool say_nomem(struct parser *p);
/* Reports a message that is ready. */
bool say_text(struct parser *p, struct span where, const char *suggestion, struct text *message);
/* The number of the line that `at` is in; s->line_at is then its start. */
unsigned line_of(struct source *s, const char *at);

/* The word of `words` (each NUL-terminated, the list ended by an empty one)
 * nearest to `word`, as "did you mean 'x'?" in `buffer`; NULL if none is near. */
struct guess {
    struct span word;
    const char *best;
    unsigned distance;
};
struct guess guess_for(struct span word);
void guess_try(struct guess *g, const char *candidate);
void guess_list(struct guess *g, const char *words);
enum { SUGGESTION_MAX = 96 };
const char *guess_text(const struct guess *g, char buffer[SUGGESTION_MAX]);

/* lex.c */
/* Classes of bytes: policies are read at every exec, most of the time is here. */
enum { BYTE_BLANK = 1, BYTE_ALPHA = 2, BYTE_DIGIT = 4, BYTE_SPECIAL = 8 };
extern const uint8_t byte_classes[256];

static inline struct span span_of(const char *at, size_t len)
{
    return (struct span){.at = at, .len = len};
}
static inline bool is_blank(char c)
{
    return byte_classes[(unsigned char)c] & BYTE_BLANK;
}
static inline bool is_alpha(char c)
{
    return byte_classes[(unsigned char)c] & BYTE_ALPHA;
}
/* Letters, digits, _ */
static inline bool is_word(char c)
{
    return byte_classes[(unsigned char)c] & (BYTE_ALPHA | BYTE_DIGIT);
}
/* Inline in small code, too: the length of a literal is then known. */
static inline __attribute__((always_inline)) bool span_is(struct span s, const char *word)
{
    size_t len = strlen(word);

    return s.len == len && memcmp(s.at, word, len) == 0;
}
/* Whether it is in a list of words, each with its NUL and an empty one at the end. */
bool span_in(struct span word, const char *list);
/* Blanks and newlines, inside a rule. */
void skip_blank(struct parser *p);
void skip_comments(struct parser *p); /* between rules; stops at #include */
static inline bool at_end(const struct parser *p)
{
    return p->src->at >= p->src->end;
}
/* The next byte; NUL at the end. */
char peek(const struct parser *p);
static inline char peek_at(const struct parser *p, size_t ahead)
{
    return ahead < (size_t)(p->src->end - p->src->at) ? p->src->at[ahead] : '\0';
}
bool take(struct parser *p, char c);
/* Letters, digits, _; may be empty. */
struct span peek_word(const struct parser *p);
struct span take_word(struct parser *p);
/* True when the next word, which is `word`, is followed by '=', blanks allowed. */
bool names_condition(const struct parser *p, struct span word);
bool at_condition(const struct parser *p);
/* A value as AppArmor's scanner takes it: quoted, or up to a blank or a comma that
 * ends the rule. In a list commas and parentheses end it too. False after an error. */
bool take_value(struct parser *p, bool in_list, struct span *out);
/* Steps over the rest of a wrong rule. True: stopped before a '{' of a block. */
bool recover(struct parser *p);
/* Steps over a rule that is not ours, to after its comma. False after an error. */
bool skip_rule(struct parser *p, struct span keyword);
/* In a list in parentheses: true where it cannot go on, because the file, the block
 * or, it seems, the rule ends. */
bool list_breaks(const struct parser *p);
/* Expects the comma that ends a rule. */
bool end_rule(struct parser *p);
/* What is wrong with the next byte, for a message. */
bool say_unexpected(struct parser *p, const char *wanted);

/* vars.c */
bool parse_variable(struct parser *p); /* at '@' or '$' of an assignment */
bool at_assignment(const struct parser *p);
bool at_reference(const struct parser *p); /* at '@': does a variable's name follow? */
bool define_predefined(struct parser *p);
/* The variable's truth, or whether it is there at all; -1 after an error. */
int variable_truth(struct parser *p, struct span name);
bool variable_defined(const struct parser *p, struct span name, bool boolean);
/* expand.c */
struct name {
    struct name *next;
    const char *text;
    size_t len;
};
/* All values of a text with variables. NULL after an error. */
const struct name *expand(struct parser *p, struct span text);
/* names.c */
bool has_variable(struct span text); /* something that looks like one */
/* All values as globs. Addresses must start with '@' or '/', paths with '/'; labels may be anything. */
enum name_kind { NAME_ADDRESS, NAME_PATH, NAME_LABEL };
bool parse_names(struct parser *p, enum name_kind kind, struct span text, const struct glob **globs,
                 uint32_t *count);

/* include.c */
bool parse_include(struct parser *p); /* at `include` or `#include` */
bool parse_text(struct parser *p, struct source *s);

/* parse.c */
void parse_items(struct parser *p); /* to the end of the file */
bool parse_block(struct parser *p, const struct prefix *around);
bool parse_rule(struct parser *p, const struct prefix *around);

/* parse_prefix.c: reads the words before a rule; joins them with those before the block around it
 * (NULL: none); says whether they go together and with the rule's `word`. */
bool parse_prefix(struct parser *p, struct prefix *pre);
bool merge_prefix(struct parser *p, struct prefix *pre, const struct prefix *around);
bool check_prefix(struct parser *p, const struct prefix *pre, struct span word);

/* parse_profile.c */
bool parse_profile(struct parser *p, struct span keyword);
bool at_profile_head(struct parser *p); /* after a path: is this a profile? */

/* parse_if.c */
bool parse_if(struct parser *p, const struct prefix *around);

/* parse_socket.c */
bool parse_socket_rule(struct parser *p, const struct prefix *pre, struct span keyword);
bool parse_all_rule(struct parser *p, const struct prefix *pre);

/* parse_inject.c: at the word. */
bool parse_inject(struct parser *p, const struct prefix *pre, struct span keyword);

/* parse_scope.c: after the word. */
bool parse_scope(struct parser *p, const struct prefix *pre, struct span keyword);

/* parse_map.c: after the word. */
bool parse_map(struct parser *p, const struct prefix *pre, struct span keyword);

/* maps.c: sorts and checks the maps of each profile. False after an error. */
bool maps_finish(struct parser *p, struct profile *profiles);

/* parse_address.c: the values of ip=, port=, uid= and fd=. */
bool parse_ip(struct parser *p, struct span value, struct addr_cond *cond);
bool parse_port(struct parser *p, struct span value, struct addr_cond *cond);
bool parse_uid(struct parser *p, struct span value, struct rule *r);
bool parse_fd(struct parser *p, struct span value, struct rule *r);

/* parse_file.c: a file rule, with AppArmor's meaning for sockets. */
bool parse_file_rule(struct parser *p, const struct prefix *pre);

/* defer.c: bare rules that mention @{profile_name} are read once more for each profile. */
bool defer_rule(struct parser *p, const struct prefix *around);
void read_deferred(struct parser *p);

/* rules.c: adds a rule to the current block. */
void add_rule(struct parser *p, const struct rule *r);
void add_all(struct parser *p, bool deny); /* every permission, every family */
void begin_rule(struct parser *p, const char *at);
/* Gives the rule its number unless it has one, and counts one more rule. False: it must not be added. */
bool count_rule(struct parser *p, bool deny);
bool rules_finish(struct parser *p, struct ruleset *out);

#define ALL_FAMILIES ((1ull << POLICY_FAMILIES) - 1)
#define ALL_PERMS ((POLICY_AUTOBIND - 1) | POLICY_INHERIT)
/* What inject rules are about. */
#define INJECT_CREATE (POLICY_CREATE | PERM_PAIR)
#define INJECT_PERMS \
    (INJECT_CREATE | POLICY_BIND | POLICY_LISTEN | POLICY_ACCEPT | POLICY_CONNECT | POLICY_SEND | POLICY_RECEIVE)

#endif
