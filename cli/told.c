#include "told.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "verdicts.h"

static FILE *memory(char **text, size_t *len)
{
    FILE *out = open_memstream(text, len);

    if (!out)
        exit(fail("out of memory"));
    return out;
}

static void put_escaped(FILE *out, const char *at, size_t len)
{
    for (size_t n; len; at += n, len -= n) {
        n = verdict_shown(at, len);
        if (!n)
            fprintf(out, "\\x%02x", (unsigned char)*at);
        else if (*at == '"' || *at == '\\')
            fprintf(out, "\\%c", *at);
        else
            fwrite(at, 1, n, out);
        n += !n;
    }
}

char *told_quoted(const char *bytes, size_t len)
{
    char *text;
    size_t text_len;
    FILE *out = memory(&text, &text_len);

    fputc('"', out);
    put_escaped(out, bytes, len);
    fputc('"', out);
    fclose(out);
    return text;
}

static char *escaped(const struct field *f)
{
    char *text;
    size_t len;
    FILE *out = memory(&text, &len);

    if (f)
        put_escaped(out, f->value, f->len);
    fclose(out);
    return text;
}

char *told_word(const struct record *r, const char *key)
{
    return record_field(r, key) ? escaped(record_field(r, key)) : NULL;
}

char *told_program(const struct record *r)
{
    const struct field *f = record_field(r, "comm");

    return escaped(f && f->len ? f : record_field(r, "exe"));
}

char *told_who(const struct record *r)
{
    char *program = told_program(r), *who = format_new("%s (pid %" PRId64 ")", program, record_number(r, "pid", 0));

    free(program);
    return who;
}

char *told_address(const struct record *r, bool peer)
{
    const struct field *name = record_field(r, peer ? "peer_addr" : "addr"), *ip = record_field(r, peer ? "faddr" : "laddr"),
                       *port = record_field(r, peer ? "fport" : "lport");

    if (ip && !ip->len)
        ip = NULL;
    if (name && name->word)
        return format_new("%s", name->value);
    if (name && name->len)
        return told_quoted(name->value, name->len);
    if (!ip)
        return NULL;
    char *where = escaped(ip), *all = port ? format_new("%s port %s", where, port->value) : format_new("%s", where);
    free(where);
    return all;
}

static bool about_peer(const char *call)
{
    return strstr(call, "connect") || strstr(call, "send") || strstr(call, "recv") || strstr(call, "accept");
}

char *told_call(const struct record *r)
{
    char *call = escaped(record_field(r, "operation")), *family = escaped(record_field(r, "family")),
         *type = escaped(record_field(r, "sock_type")), *address = told_address(r, about_peer(call)), *all;

    if (!address || !strcmp(address, "none")) {
        free(address);
        address = told_address(r, !about_peer(call));
    }
    all = format_new("%s %s %s", call, family, address ? address : type);
    free(call), free(family), free(type), free(address);
    return all;
}
