/* Which questions one record puts to a policy. Ours put one; AppArmor's ask for several permissions
 * at once, and call a socket that is a file a file. */
#include <string.h>
#include <sys/socket.h>

#include "learn.h"

/* AppArmor asks about the file of a socket before it asks about the socket, and says no family. */
static bool is_file_of_socket(const struct record *r)
{
    const char *operation = record_text(r, "operation");

    return !record_field(r, "family") && *record_text(r, "addr") == '/' &&
           (!strcmp(operation, "connect") || !strcmp(operation, "sendmsg"));
}

bool learn_is_call(const struct record *r)
{
    return record_field(r, "requested") && (record_field(r, "family") || is_file_of_socket(r));
}

static unsigned ask_about_file(const struct record *r, struct policy_query *q)
{
    const struct field *name = record_field(r, "addr");
    bool connects = !strcmp(record_text(r, "operation"), "connect");
    const uint32_t perms = connects ? POLICY_CONNECT | POLICY_SEND | POLICY_RECEIVE : POLICY_SEND;
    unsigned n = 0;

    for (uint32_t bit = 1; bit < 1u << POLICY_PERM_COUNT; bit <<= 1)
        if (perms & bit)
            q[n++] = (struct policy_query){
                .perm = bit, .family = AF_UNIX, .type = connects ? -1 : SOCK_DGRAM, .label = "unconfined", .fd = -1,
                .peer = {.kind = POLICY_ADDR_PATHNAME, .bytes = name->value, .len = (uint32_t)name->len}};
    return n;
}

/* "send receive connect" */
static uint32_t all_words(const char *words)
{
    uint32_t perms = 0;

    for (size_t len; *words; words += len) {
        words += strspn(words, " ,");
        len = strcspn(words, " ,");
        int32_t perm = len ? policy_perm_word(words, len) : 0;
        if (perm < 0)
            return 0;
        perms |= (uint32_t)perm;
    }
    return perms;
}

unsigned learn_ask(const struct record *r, struct policy_query q[LEARN_QUESTIONS])
{
    uint32_t perms = all_words(record_text(r, "requested"));
    unsigned n = 0;

    if (is_file_of_socket(r))
        return ask_about_file(r, q);
    for (uint32_t bit = 1; bit < 1u << POLICY_PERM_COUNT; bit <<= 1)
        if (perms & bit && n < LEARN_QUESTIONS && !record_query_perm(r, bit, &q[n++]))
            return 0;
    return n;
}
