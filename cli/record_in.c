/* A record as the library wrote it, or as the kernel's audit writes AppArmor's,
 * read back as a question. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "query.h"
#include "records.h"

static bool is_one_of(const char *key, const char *const *keys)
{
    while (*keys && strcmp(key, *keys) != 0)
        keys++;
    return *keys != NULL;
}

static int take_field(struct asked *a, const struct field *f)
{
    static const char *const same[] = {"family", "sock_type",  "protocol",  "laddr",    "lport",    "faddr", "fport",
                                       "peer_scope", "peer_made", "peer_uid", "peer_exe", "peer_label", NULL};
    static const char *const names[] = {"addr", "peer_addr", NULL};

    if (is_one_of(f->key, names)) {
        if (!f->word && (!strcmp(f->value, "none") || !strcmp(f->value, "auto")))
            return fail("%s=\"%s\": an address is none, auto, @NAME or an absolute path", f->key, f->value);
        return !strcmp(f->value, "unknown") ? 0 : asked_set(a, f->key, f->value, f->len);
    }
    if ((is_one_of(f->key, same) && strcmp(f->value, "unknown") != 0) || !strcmp(f->key, "exe") ||
        (!strcmp(f->key, "profile") && strcmp(f->value, "-") != 0))
        return asked_set(a, f->key, f->value, f->len);
    return 0;
}

static int take_operations(struct asked *a, const struct record *r)
{
    const char *at = record_text(r, record_field(r, "requested") ? "requested" : "operation");
    size_t len;

    for (; *(at += strspn(at, " ,")); at += len) {
        len = strcspn(at, " ,");
        if (!asked_operation(a, at, len))
            return fail("the record asks for '%.*s', which is no permission for sockets", (int)len, at);
    }
    return a->perms ? 0 : fail("the record names no operation: no requested= or operation= in it");
}

int asked_from_fields(struct asked *a, const struct record *r)
{
    const struct field *fd = record_field(r, "fd");
    int status = 0;

    *a = asked_nothing();
    a->recorded = true;
    for (unsigned i = 0; i < r->count && !status; i++)
        status = take_field(a, &r->fields[i]);
    if (status || (status = take_operations(a, r)))
        return status;
    if (fd && a->perms == POLICY_INHERIT)
        status = asked_set(a, "fd", fd->value, fd->len);
    if (a->family == 1 /* AF_UNIX */ || a->protocol == 0)
        a->protocol = -1; /* 0 is also what stands there for "not known" */
    return status;
}

int asked_from_record(struct asked *a, FILE *from)
{
    struct record r = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    do
        if ((len = getline(&line, &room, from)) < 0)
            return fail("no record on standard input");
    while (line[strspn(line, " \t\n")] == '\0');
    if (!record_parse(&r, line, (size_t)len))
        return fail(*line == '{' ? "the record is not a flat JSON object"
                                 : "this is no record: no keys and values in it, or one that is cut off");
    return asked_from_fields(a, &r);
}
