/* Policies nobody would write: pieces of the language in any order, and good
 * policies with bytes changed. Whatever comes, the parser ends, says why it
 * refuses, and hands on only rules that the compiler may be given. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/parse.h"
#include "tests/unit/parse_support.h"

static const char *const pieces[] = {
    "unix", "network", "deny ", "audit ", "quiet ", "allow ", "all", "profile ", "hat ", "^", "if ", "else ",
    "not ", "defined ", "and ", "true ", "include ", "include if exists ", "abi <x>,", "alias /a -> /b,", "owner ",
    "priority=1 ", "file ", "/x rw,", "capability ", "mount ", "flags=(", "complain", "default_allow", "audit)",
    "peer=(", "addr=", "label=", "type=", "protocol=", "errno=", "ip=", "port=", "@{x}", "@{profile_name}",
    "@{HOME}", "$b", "@{x} = a @{y}\n", "@{y} += b\n", "$b = true\n", "none", "auto", "@abc", "@[0-9]*", "/a{b,c}",
    "\"@a b\"", "\"", "stream", "inet", "unix ", "tcp", "(connect)", "(bind, autobind)", "rw", "127.0.0.1/8", "::1",
    "80-90", "EPERM", "scope ", "pathname ", "abstract", "(inherit)", "scope=", "inside", "uid=", "@{uid}",
    "inject ", "when=", "2..9+3", "chance=", "30%", "seed=", "7", "delay=", "1.5ms", "short=", "each=process", "socketpair",
    "exe=", "/bin/x", "fd=", "3-9", "near", "<both>", "dir", "self", " ", " ", " ", "\n", "\n", "\t", ",", ",", ",\n", "(", ")",
    "{", "}", " { ", " }\n", "=", "#", "# c\n", "\\", "\\x00", "\xc3\xa9", "\xff", "\r\n", "!", "->", "=(", "..",
};

static const char *const good[] = {
    "@{r} = /run /var/run\nunix addr=@{r}/x,\nprofile a /bin/{a,b}* flags=(complain) {\n  deny unix (send) "
    "peer=(addr=\"@a b\" label=@{profile_name}) errno=ENOENT,\n  ^h { network (bind) inet tcp ip=::1 port=1-2, }\n}\n",
    "abi <abi/3.0>,\n/usr/bin/x {\n  capability chown, mount options=(rw, bind) /a -> /b,\n  owner /run/** rw,\n"
    "  if defined @{x} { unix, } else { audit deny network, }\n  include near\n}\n",
    "@{x} = /a b\nquiet scope (pathname, abstract) errno=EACCES,\nunix (inherit) fd=3-9 addr=/x,\n"
    "unix (accept) peer=(uid=@{uid} exe=@{x}/* scope=inside),\nnetwork inet peer=(scope=outside port=1-2),\n",
    "@{x} = /a b\nallow all,\ninject unix (connect) peer=(addr=@{x}/@{profile_name}) error=EIO when=2..9+3 delay=1.5ms,\n"
    "profile x /x { inject network short=3 chance=30% seed=7 each=process, inject unix socketpair errno=EMFILE, }\n",
    "$b = true\nif not ($b and false) { { audit unix (bind) addr=auto, } }\nquiet deny { include <both>\n }\n",
};

static const struct memory_file files[] = {
    {"/d/near", "unix (bind) addr=@@{profile_name},\n"},
    {"/s1/both", "profile in { include \"near\"\n }\n"},
    {"/d/self", "include self\n"},
    {"/d/dir", NULL},
    {"/d/dir/a", "@{x} += z\n"},
    {"/d/dir/b", "unix (send),"},
    {NULL, NULL},
};

static uint64_t state;

static unsigned roll(size_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((state >> 33) % below);
}

static void check_rule(const struct rule *r, const char *text)
{
    cr_assert(r->perms && !(r->perms & POLICY_AUTOBIND), "perms %x: %s", r->perms, text);
    cr_assert(r->families, "no family: %s", text);
    cr_assert(r->types, "no type: %s", text);
    cr_assert(r->local.match != ADDR_AUTO || r->perms == POLICY_BIND, "auto in other calls: %s", text);
    cr_assert(r->peer.match != ADDR_AUTO, "auto at the peer: %s", text);
    cr_assert(r->local.match == ADDR_ANY || !(r->perms & INJECT_CREATE), "create at an address: %s", text);
    cr_assert((r->peer.match == ADDR_ANY && !r->labels && !r->bound) || !(r->perms & ~(uint32_t)POLICY_PEER_PERMS),
              "a peer without one: %s", text);
    cr_assert((r->peer.match == ADDR_ANY && !r->labels && !r->bound) || !(r->perms & POLICY_INHERIT), "inherit: %s",
              text);
    cr_assert((!r->uid_given && !r->exes) || !(r->perms & ~(uint32_t)(POLICY_ACCEPT | POLICY_RECEIVE)),
              "who is not known yet: %s", text);
    cr_assert(!r->exes == !r->exe_count, "no program: %s", text);
    cr_assert(!r->fd_given || (r->perms == POLICY_INHERIT && r->names_inherit && r->fd_low <= r->fd_high),
              "a descriptor in other calls: %s", text);
    cr_assert(!r->made || (r->deny && r->perms == (POLICY_CONNECT | POLICY_SEND) && r->err), "scope: %s", text);
    cr_assert(!r->made == (r->peer.match != ADDR_PATHNAME && r->peer.match != ADDR_ABSTRACT), "scope's peer: %s", text);
    cr_assert(!r->bound || !(r->families & ~(1ull << 1 | 1ull << 2 | 1ull << 10)), "nobody remembers: %s", text);
    cr_assert(r->err == 0 || (r->deny && r->err <= 4095), "errno %d: %s", r->err, text);
    cr_assert(!(r->deny && r->audit) && !(r->quiet && !r->deny), "flags: %s", text);
    cr_assert(!(r->perms & PERM_PAIR) || r->inject, "socketpair: %s", text);
    cr_assert(!r->inject || (!(r->perms & ~(uint32_t)INJECT_PERMS) && r->inject->first && r->inject->step && r->inject->chance &&
                             r->inject->first <= r->inject->last && !(r->deny || r->audit || r->quiet || r->err) &&
                             (r->inject->err || r->inject->delay || r->inject->size)),
              "inject: %s", text);
    cr_assert(!r->inject || !r->inject->size || !(r->perms & POLICY_SEND) || r->types == 1u << SOCK_STREAM, "short: %s", text);
    cr_assert(r->local.match != ADDR_GLOB || r->local.globs, "no names: %s", text);
}

static void check(const char *text, size_t len)
{
    static struct parsed p;
    p.files = files;
    p.flags = roll(8);
    parse_policy(&p, text, len);
    cr_assert(p.status == 0 || p.status == -EINVAL);
    cr_assert(p.status == 0 || strstr(p.says, "+"), "refused without a word: %s", text);
    for (uint32_t i = 0; p.status == 0 && i < p.set.profile_count; i++)
        for (uint32_t j = 0; j < p.set.profiles[i].rule_count; j++)
            check_rule(&p.set.profiles[i].rules[j], text);
    parsed_free(&p);
}

Test(parse_random, pieces_in_any_order)
{
    char text[2048];
    state = 1;
    for (int round = 0; round < 20000; round++) {
        char *at = text;
        for (unsigned n = roll(30); n; n--)
            at = stpcpy(at, pieces[roll(sizeof pieces / sizeof *pieces)]);
        *at = '\0';
        check(text, (size_t)(at - text));
    }
}

Test(parse_random, good_policies_with_changes)
{
    char text[2048];
    state = 2;
    for (int round = 0; round < 20000; round++) {
        const char *from = good[roll(sizeof good / sizeof *good)];
        size_t len = strlen(from);
        memcpy(text, from, len + 1);
        for (unsigned n = 1 + roll(3); n; n--) {
            size_t at = roll(len), cut = roll(8);
            const char *piece = pieces[roll(sizeof pieces / sizeof *pieces)];
            switch (roll(3)) {
            case 0:
                text[at] = (char)roll(256);
                break;
            case 1:
                cut = cut < len - at ? cut : len - at;
                memmove(text + at, text + at + cut, len - at - cut + 1);
                len -= cut;
                break;
            case 2:
                memmove(text + at + strlen(piece), text + at, len - at + 1);
                memcpy(text + at, piece, strlen(piece));
                len += strlen(piece);
                break;
            }
            len += !len;
        }
        check(text, len);
    }
}

/* Each policy cut off after each byte. */
Test(parse_random, good_policies_cut_short)
{
    state = 3;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (size_t len = 0; len <= strlen(good[i]); len++)
            check(good[i], len);
}
