/* Hints are pasted: each must be a rule that the parser takes, that allows the
 * call, and that allows no other address but those the kernel may choose next. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/hint.h"

static char room[64 * 1024];

static const char *hint(const struct policy_query *q)
{
    struct text t = text_into(room, sizeof room);

    cr_assert(policy_hint(&t, q));
    cr_assert_not(t.full);
    return text_done(&t);
}

static void *more(void *ctx, size_t *size)
{
    (void)ctx;
    return calloc(1, *size);
}

static void complain(void *ctx, const struct policy_diag *d)
{
    cr_log_error("%s: column %u: %s", (const char *)ctx, d->column, d->message);
}

static bool allowed_by(const char *rule, const struct policy_query *q)
{
    struct arena arena = {.more = more};
    struct policy_input in = {.name = "hint", .text = rule, .len = strlen(rule), .report = complain,
                              .report_ctx = (void *)(uintptr_t)rule};
    struct policy p;
    struct policy_verdict v;
    const void *blob;
    size_t len;

    cr_assert_eq(policy_compile(&in, &arena, &blob, &len), 0, "does not parse: %s", rule);
    cr_assert_eq(policy_open(&p, blob, len), 0);
    cr_assert_eq(policy_select(&p, NULL, NULL), 0);
    policy_decide(&p, q, &v);
    return v.outcome == POLICY_ALLOWED;
}

static struct policy_addr named(enum policy_addr_kind kind, const void *bytes, size_t len)
{
    return (struct policy_addr){.kind = kind, .bytes = bytes, .len = (uint32_t)len};
}

static struct policy_addr path(const char *name)
{
    return named(POLICY_ADDR_PATHNAME, name, strlen(name));
}

static struct policy_addr ip(const char *text, uint16_t port)
{
    uint8_t *bytes = calloc(1, 16);
    bool v4 = inet_pton(AF_INET, text, bytes) == 1;

    cr_assert(v4 || inet_pton(AF_INET6, text, bytes) == 1);
    return (struct policy_addr){v4 ? POLICY_ADDR_INET : POLICY_ADDR_INET6, port, v4 ? 4 : 16, bytes};
}

static struct policy_query unix_query(uint32_t perm, int type)
{
    return (struct policy_query){.perm = perm, .family = AF_UNIX, .type = type, .label = "unconfined"};
}

static void says(const struct policy_query *q, const char *want)
{
    cr_assert_str_eq(hint(q), want);
    cr_assert(allowed_by(room, q), "does not allow the call: %s", room);
}

Test(hint, autobind_has_its_word)
{
    struct policy_query q = unix_query(POLICY_BIND, SOCK_DGRAM);

    q.local.kind = POLICY_ADDR_AUTO;
    says(&q, "unix (autobind) type=dgram,");
}

Test(hint, create_says_the_type)
{
    struct policy_query q = unix_query(POLICY_CREATE, SOCK_STREAM);

    says(&q, "unix (create) type=stream,");
}

Test(hint, bind_and_listen_say_the_own_address)
{
    struct policy_query q = unix_query(POLICY_BIND, SOCK_STREAM);

    q.local = path("/run/app/x.sock");
    says(&q, "unix (bind) addr=/run/app/x.sock,");
    q.perm = POLICY_LISTEN;
    says(&q, "unix (listen) addr=/run/app/x.sock,");
}

Test(hint, connect_says_the_peer)
{
    struct policy_query q = unix_query(POLICY_CONNECT, SOCK_STREAM);

    q.peer = path("/run/x.sock");
    says(&q, "unix (connect) peer=(addr=/run/x.sock),");
    q.peer = named(POLICY_ADDR_ABSTRACT, "/tmp/.X11-unix/X0", 17);
    says(&q, "unix (connect) peer=(addr=@/tmp/.X11-unix/X0),");
}

Test(hint, an_unnamed_peer_is_none)
{
    struct policy_query q = unix_query(POLICY_ACCEPT, SOCK_STREAM);

    q.peer.kind = POLICY_ADDR_NONE;
    says(&q, "unix (accept) peer=(addr=none),");
}

Test(hint, what_is_unknown_is_left_out)
{
    struct policy_query q = unix_query(POLICY_SEND, SOCK_DGRAM);

    says(&q, "unix (send) type=dgram,");
    q.type = -1;
    says(&q, "unix (send),");
    q.peer = named(POLICY_ADDR_PATHNAME, NULL, 0); /* not resolved */
    says(&q, "unix (send),");
}

Test(hint, network_says_family_type_and_address)
{
    struct policy_query q = {.perm = POLICY_CONNECT, .family = AF_INET, .type = SOCK_STREAM, .protocol = 6};

    q.peer = ip("127.0.0.1", 80);
    says(&q, "network (connect) inet stream peer=(ip=127.0.0.1 port=80),");
    q.perm = POLICY_BIND;
    q.local = ip("0.0.0.0", 0);
    says(&q, "network (bind) inet stream ip=0.0.0.0 port=0,");
    q = (struct policy_query){.perm = POLICY_CREATE, .family = AF_NETLINK, .type = SOCK_RAW};
    says(&q, "network (create) netlink raw,");
}

Test(hint, inherit_says_the_type)
{
    struct policy_query q = unix_query(POLICY_INHERIT, SOCK_STREAM);

    q.fd = 7;
    q.local = path("/run/x.sock");
    says(&q, "unix (inherit) type=stream,");
    q.family = AF_INET;
    q.local = ip("127.0.0.1", 80);
    says(&q, "network (inherit) inet stream,");
}

Test(hint, who_connects_has_any_port)
{
    struct policy_query q = {.perm = POLICY_ACCEPT, .family = AF_INET6, .type = SOCK_STREAM, .protocol = 6};

    q.peer = ip("fe80::1", 40312);
    says(&q, "network (accept) inet6 stream peer=(ip=fe80::1),");
}

Test(hint, what_the_kernel_chose_is_not_in_it)
{
    struct policy_query q = {.perm = POLICY_LISTEN, .family = AF_INET, .type = SOCK_STREAM, .protocol = 6};

    q.local = ip("127.0.0.1", 40312);
    says(&q, "network (listen) inet stream ip=127.0.0.1,");
    q.local.port = 8080;
    says(&q, "network (listen) inet stream ip=127.0.0.1 port=8080,");
    q.perm = POLICY_BIND;
    q.local.port = 40312;
    says(&q, "network (bind) inet stream ip=127.0.0.1 port=40312,");
    q.perm = POLICY_RECEIVE;
    q.peer = ip("127.0.0.1", 40312);
    says(&q, "network (receive) inet stream peer=(ip=127.0.0.1),");
    q = unix_query(POLICY_LISTEN, SOCK_STREAM);
    q.local = named(POLICY_ADDR_ABSTRACT, "0a3f1", 5);
    says(&q, "unix (listen) addr=auto,");
    q.perm = POLICY_BIND;
    says(&q, "unix (bind) addr=@0a3f1,");
    q = unix_query(POLICY_SEND, SOCK_DGRAM);
    q.peer = named(POLICY_ADDR_ABSTRACT, "0a3f1", 5);
    says(&q, "unix (send) peer=(addr=auto),");
    q.peer = named(POLICY_ADDR_ABSTRACT, "0A3F1", 5);
    says(&q, "unix (send) peer=(addr=@0A3F1),");
    q.perm = POLICY_CONNECT;
    q.peer = named(POLICY_ADDR_ABSTRACT, "0a3f1", 5);
    says(&q, "unix (connect) peer=(addr=@0a3f1),");
}

Test(hint, an_ipv4_address_of_an_ipv6_socket_is_left_out)
{
    struct policy_query q = {.perm = POLICY_LISTEN, .family = AF_INET6, .type = SOCK_STREAM, .protocol = 6};

    q.local = ip("127.0.0.1", 8080);
    says(&q, "network (listen) inet6 stream,");
}

Test(hint, ipv6_is_written_as_inet_ntop_does)
{
    static const char *const addresses[] = {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:0:0:2::3", "0:1::", "2001:db8::1:0:0:1",
                                            "1:0:2:0:3:0:4:0", "ff02::fb"};

    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct policy_query q = {.perm = POLICY_SEND, .family = AF_INET6, .type = SOCK_DGRAM, .protocol = 17};
        char want[128], canonical[64];

        q.peer = ip(addresses[i], 53);
        inet_ntop(AF_INET6, q.peer.bytes, canonical, sizeof canonical);
        snprintf(want, sizeof want, "network (send) inet6 dgram peer=(ip=%s port=53),", canonical);
        says(&q, want);
    }
}

Test(hint, a_family_without_a_word_has_no_rule)
{
    struct policy_query q = {.perm = POLICY_CREATE, .family = 47, .type = SOCK_STREAM};
    struct text t = text_into(room, sizeof room);

    cr_assert_not(policy_hint(&t, &q));
    q.family = -1;
    cr_assert_not(policy_hint(&t, &q));
    cr_assert_eq(text_len(&t), 0);
}

Test(hint, a_cut_rule_can_be_told)
{
    struct policy_query q = unix_query(POLICY_CREATE, SOCK_STREAM);
    struct text t = text_into(room, 10);

    cr_assert(policy_hint(&t, &q));
    cr_assert(t.full);
}

/* Every byte in every place of a name, against the rule for a neighbour. */
Test(hint, means_exactly_that_name)
{
    static const char *const around[] = {"", "a", "\\", "*", "{a,b}"};

    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t k = 0; k < sizeof around / sizeof *around; k++) {
            struct policy_query q = unix_query(POLICY_BIND, SOCK_STREAM);
            uint8_t name[64];
            size_t n = strlen(around[k]);

            memcpy(name, around[k], n);
            name[n] = (uint8_t)byte;
            memcpy(name + n + 1, around[k], n);
            q.local = named(POLICY_ADDR_ABSTRACT, name, 2 * n + 1);
            char *rule = strdup(hint(&q));
            cr_assert(allowed_by(rule, &q), "byte %u: not allowed by %s", byte, rule);
            name[n] ^= 1;
            cr_assert_not(allowed_by(rule, &q), "byte %u: another name is allowed by %s", byte, rule);
            name[n] ^= 1;
            q.local.len++;
            name[2 * n + 1] = 'z';
            cr_assert_not(allowed_by(rule, &q), "byte %u: a longer name is allowed by %s", byte, rule);
            free(rule);
        }
}

Test(hint, means_exactly_that_path)
{
    for (unsigned byte = 1; byte < 256; byte++) {
        struct policy_query q = unix_query(POLICY_CONNECT, SOCK_STREAM);
        char name[] = "/run/a-b.sock";

        if (byte == '/')
            continue;
        name[6] = (char)byte;
        q.peer = path(name);
        char *rule = strdup(hint(&q));
        cr_assert(allowed_by(rule, &q), "byte %u: not allowed by %s", byte, rule);
        name[6] ^= (char)(byte == 1 || (byte ^ 1) == '/' ? 2 : 1);
        cr_assert_not(allowed_by(rule, &q), "byte %u: another name is allowed by %s", byte, rule);
        free(rule);
    }
}

Test(hint, special_words_as_names_are_names)
{
    struct policy_query q = unix_query(POLICY_BIND, SOCK_STREAM), none = q, automatic = q;

    none.local.kind = POLICY_ADDR_NONE;
    automatic.local.kind = POLICY_ADDR_AUTO;
    q.local = named(POLICY_ADDR_ABSTRACT, "none", 4);
    cr_assert_not(allowed_by(hint(&q), &none));
    q.local = named(POLICY_ADDR_ABSTRACT, "auto", 4);
    cr_assert_not(allowed_by(hint(&q), &automatic));
}

Test(hint, the_longest_name_fits)
{
    struct policy_query q = unix_query(POLICY_CONNECT, SOCK_STREAM);
    static uint8_t name[POLICY_NAME_MAX / 4 - 1];

    memset(name, '*', sizeof name);
    q.peer = named(POLICY_ADDR_ABSTRACT, name, sizeof name);
    cr_assert(allowed_by(hint(&q), &q));
}

/* By the address, anybody would be let in. */
Test(hint, who_was_asked_for_is_named)
{
    struct policy_query q = unix_query(POLICY_ACCEPT, SOCK_STREAM), other;

    q.peer.kind = POLICY_ADDR_NONE;
    q.uid_known = true;
    q.uid = 1000;
    cr_assert_str_eq(hint(&q), "unix (accept) peer=(uid=1000),");
    other = q;
    other.uid = 1001;
    cr_assert(allowed_by(hint(&q), &q));
    cr_assert_not(allowed_by(hint(&q), &other));
    q.exe = "/usr/bin/a b*";
    other = q;
    other.exe = "/usr/bin/a bc";
    cr_assert(allowed_by(hint(&q), &q), "%s", hint(&q));
    cr_assert_not(allowed_by(hint(&q), &other), "%s", hint(&q));
}
