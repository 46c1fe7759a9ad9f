/* Records read back: what they say, and the question that each asked. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/query.h"
#include "cli/records.h"
#include "tests/e2e/harness.h"

static struct record r;

static bool reads(const char *line)
{
    return record_read(&r, line, strlen(line));
}

static void check_field(const char *key, const char *bytes, size_t len)
{
    const struct field *f = record_field(&r, key);

    cr_assert(f, "no %s", key);
    cr_assert(f->len == len && !memcmp(f->value, bytes, len) && !f->value[len], "%s=%s", key, f->value);
}

#define check_bytes(key, literal) check_field(key, literal, sizeof(literal) - 1)

static const char *const denied[] = {
    "time=2026-01-31T03:02:11.481223Z sunshim=\"DENIED\" operation=\"bind\" class=\"net\" profile=\"-\" pid=735115 ppid=1 comm=\"a \\\"b\\\\\" "
    "exe=\"/usr/bin/x\" family=\"unix\" sock_type=\"dgram\" protocol=0 requested=\"bind\" denied=\"bind\" addr=\"@\\xff\\x00\\x0a\" errno=EACCES "
    "policy=\"web.policy\" rule=none hint=\"add: unix,\"\n",
    "{\"time\":\"2026-01-31T03:02:11.481223Z\",\"sunshim\":\"DENIED\",\"operation\":\"bind\",\"class\":\"net\",\"profile\":\"-\",\"pid\":735115,"
    "\"ppid\":1,\"comm\":\"a \\\"b\\\\\",\"exe\":\"/usr/bin/x\",\"family\":\"unix\",\"sock_type\":\"dgram\",\"protocol\":0,\"requested\":\"bind\","
    "\"denied\":\"bind\",\"addr\":\"@\\ufffd\\u0000\\u000a\",\"addr_hex\":\"ff000a\",\"errno\":\"EACCES\",\"policy\":\"web.policy\",\"rule\":\"none\","
    "\"hint\":\"add: unix,\"}\n",
    "type=AVC msg=audit(1769828531.481:223): apparmor=\"DENIED\" operation=\"bind\" info=\"rule=none; add: unix,\" error=-13 profile=\"-\" "
    "name=40FF5C7830300A pid=735115 parent=1 exe=\"/usr/bin/x\" comm=612022625C family=\"unix\" sock_type=\"dgram\" protocol=0 "
    "requested_mask=\"bind\" denied_mask=\"bind\" addr=\"@\\\\xff\\\\x00\\\\x0a\"\n",
};

Test(records_unit, all_forms_say_the_same)
{
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++) {
        cr_assert(reads(denied[i]), "form %zu", i);
        cr_assert(record_is(&r, "DENIED") && !record_is(&r, "DENIE"), "form %zu", i);
        check_bytes("operation", "bind");
        check_bytes("comm", "a \"b\\");
        check_bytes("addr", "@\xff\0\n");
        check_bytes("rule", "none");
        check_bytes("hint", "add: unix,");
        check_bytes("errno", "EACCES");
        cr_assert(record_field(&r, "rule")->word && !record_field(&r, "addr")->word, "form %zu", i);
        cr_assert_eq(record_number(&r, "pid", 0), 735115);
        cr_assert_eq(record_number(&r, "ppid", 0), 1);
        cr_assert_eq(record_time(&r), 1769828531481223000, "form %zu: %lld", i, (long long)record_time(&r));
        cr_assert_null(record_field(&r, "addr_hex"));
    }
}

Test(records_unit, a_word_is_no_name)
{
    cr_assert(reads("sunshim=\"TRACE\" addr=none peer_addr=\"none\""));
    cr_assert(record_field(&r, "addr")->word && !record_field(&r, "peer_addr")->word);
    cr_assert(reads("{\"sunshim\":\"TRACE\",\"addr\":\"auto\",\"comm\":\"auto\",\"fd\":7}"));
    cr_assert(record_field(&r, "addr")->word && !record_field(&r, "comm")->word && record_field(&r, "fd")->word);
    cr_assert(reads("{\"sunshim\":\"TRACE\",\"addr\":\"none\\u0000x\",\"rule\":\"none\\u0000\"}"));
    cr_assert(!record_field(&r, "addr")->word && !record_field(&r, "rule")->word);
}

Test(records_unit, what_is_no_record_is_not_read)
{
    static const char *const lines[] = {
        "", "\n", "hello world\n", "a=b c=\"d\"\n", "sunshim: 3 denied\n", "{}", "[1]", "{\"pid\":1}", "{\"sunshim\":\"DENIED\"",
        "sunshim=\"DENI", "sunshim=\"DENIED\" addr=\"/x", "sunshim=\"DENIED\" addr=\"/x\\\"", "sunshim=\"DENIED\" addr=\"\\x4\"",
        "sunshim=\"DENIED\" addr=\"a\"b=c", "{\"sunshim\":\"DENIED\",\"addr\":\"\xff\"}", "{\"sunshim\":\"DENIED\"} x",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_assert(!reads(lines[i]), "%s", lines[i]);
    cr_assert(!record_read(&r, "sunshim=\"X\" a=\0b", 16));
}

Test(records_unit, every_beginning_of_a_record_is_harmless)
{
    for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
        for (size_t len = 0; len <= strlen(denied[i]); len++) {
            char *line = malloc(len ? len : 1); /* ends where it ends, for the sanitizer */

            memcpy(line, denied[i], len);
            record_read(&r, line, len);
            free(line);
        }
}

Test(records_unit, a_name_forges_no_field)
{
    cr_assert(reads("sunshim=\"DENIED\" comm=\"x\\\" sunshim=\\\"ALLOWED\\\" y=\\\"\" pid=7"));
    check_bytes("comm", "x\" sunshim=\"ALLOWED\" y=\"");
    cr_assert(record_is(&r, "DENIED") && !record_field(&r, "y"));
    /* What it ends in makes no other form of the rest. */
    cr_assert(reads("sunshim=\"DENIED\" comm=\"apparmor=\" exe=\"a\\x41\""));
    check_bytes("exe", "aA");
}

Test(records_unit, what_stands_in_front_is_passed_over)
{
    cr_assert(reads("Nov 22 07:00:00 host app[1]: sunshim=\"HINT\" operation=\"log\" dropped=12\r\n"));
    cr_assert(record_is(&r, "HINT") && record_number(&r, "dropped", 0) == 12);
}

Test(records_unit, what_is_said_twice_counts_the_first_time)
{
    cr_assert(reads("sunshim=\"X\" pid=1 pid=2 foo-bar=3 sunshim=\"Y\""));
    cr_assert_eq(record_number(&r, "pid", 0), 1);
    cr_assert_eq(r.count, 2);
    cr_assert(record_is(&r, "X"));
}

Test(records_unit, fields_are_64_at_most)
{
    char line[1024] = "sunshim=\"X\"", *end = line + strlen(line);

    for (unsigned i = 1; i < FIELDS_MAX; i++)
        end += sprintf(end, " k%u=%u", i, i);
    cr_assert(reads(line));
    cr_assert_eq(record_number(&r, "k63", 0), 63);
    strcpy(end, " k64=64");
    cr_assert(!reads(line));
}

Test(records_unit, names_in_hexadecimal_are_whole)
{
    cr_assert(reads("{\"sunshim\":\"HINT\",\"name_hex\":\"40ff\",\"name\":\"@\\ufffd\",\"addr\":\"@@\\ufffd\",\"addr_hex\":\"40ff\"}"));
    check_bytes("name", "@\xff");
    check_bytes("addr", "@@\xff");
    /* All of a name that was cut short, and of one that is said in no other way. */
    cr_assert(reads("{\"sunshim\":\"HINT\",\"addr\":\"@\\ufffd\",\"addr_hex\":\"40ff\",\"limit\":107}"));
    check_bytes("addr", "@\xff");
    cr_assert(reads("{\"sunshim\":\"HINT\",\"addr_hex\":\"2f61\"}"));
    check_bytes("addr_hex", "2f61");
    cr_assert(reads("{\"sunshim\":\"HINT\",\"name\":\"\\ufffd\",\"name_hex\":\"4\"}"));
    check_bytes("name", "\xef\xbf\xbd");
    cr_assert(reads("{\"sunshim\":\"HINT\",\"name\":\"\\ufffd\",\"name_hex\":\"41zz\"}"));
    check_bytes("name", "\xef\xbf\xbd");
}

Test(records_unit, arrays_are_lines)
{
    cr_assert(reads("{\"sunshim\":\"TRACE\",\"rules\":[\"a:1\",\"b:2\"],\"result\":-1,\"none\":null}"));
    check_bytes("rules", "a:1\nb:2");
    cr_assert_eq(record_number(&r, "result", 0), -1);
    cr_assert(!record_field(&r, "none"));
}

Test(records_unit, numbers_are_numbers)
{
    cr_assert(reads("sunshim=\"TRACE\" a=12x b= c=-3 d=\"5\""));
    cr_assert_eq(record_number(&r, "a", 9), 9);
    cr_assert_eq(record_number(&r, "b", 9), 9);
    cr_assert_eq(record_number(&r, "c", 9), -3);
    cr_assert_eq(record_number(&r, "d", 9), 5);
    cr_assert_eq(record_number(&r, "e", 9), 9);
    cr_assert_eq(record_time(&r), 0);
    cr_assert(reads("sunshim=\"TRACE\" time=2026/01-31T03:02:11Z a=\" 5\""));
    cr_assert_eq(record_number(&r, "a", 9), 9);
    cr_assert_eq(record_time(&r), 0);
    cr_assert(reads("sunshim=\"TRACE\" time=2261-99-99T99:99:99.999999999Z")); /* too many for 64 bits */
    cr_assert_eq(record_time(&r), 0);
}

Test(records_unit, leaks_for_apparmors_readers_have_their_history)
{
    cr_assert(reads("type=AVC msg=audit(1.500:7): apparmor=\"AUDIT\" operation=\"inherit\" info=\"LEAK: fd=7 inode=9 origin=accept origin_pid=5 "
                    "origin_comm=\\\"d rule=x\\\"; made without FD_CLOEXEC\" profile=\"-\" family=\"unix\" requested_mask=\"inherit\" addr=\"none\""));
    cr_assert(record_is(&r, "LEAK"));
    cr_assert_eq(record_number(&r, "fd", 0), 7);
    cr_assert_eq(record_number(&r, "origin_pid", 0), 5);
    check_bytes("origin", "accept");
    cr_assert_eq(record_time(&r), 1500007000);
}

Test(records_unit, names_for_apparmors_readers_are_what_they_were)
{
    /* A NUL byte at the end; digits that are no pairs, and such as stand in quotes. */
    cr_assert(reads("apparmor=\"DENIED\" operation=\"bind\" requested_mask=\"bind\" name=405C7830306162635C783030 exe=ABC comm=\"4142\""));
    check_bytes("addr", "@\0abc\0");
    check_bytes("exe", "ABC");
    check_bytes("comm", "4142");
    /* What has its own key already keeps it. */
    cr_assert(reads("apparmor=\"DENIED\" operation=\"bind\" requested_mask=\"bind\" name=\"/a\" addr=\"/b\""));
    check_bytes("addr", "/b");
    check_bytes("name", "/a");
    /* Of what asked for nothing the name is no address. */
    cr_assert(reads("apparmor=\"AUDIT\" operation=\"exec\" info=\"UNSEEN: static Go\" name=\"/bin/x\""));
    cr_assert(record_is(&r, "UNSEEN"));
    check_bytes("name", "/bin/x");
    cr_assert(reads("apparmor=\"AUDIT\" operation=\"exec\" info=\"LEAKY roof\""));
    cr_assert(record_is(&r, "AUDIT"));
    check_bytes("hint", "LEAKY roof");
}

/* The kernel's serial numbers are no microseconds. */
Test(records_unit, times_for_apparmors_readers)
{
    static const struct {
        const char *text;
        int64_t nanoseconds;
    } rows[] = {{"1.500:7", 1500007000}, {"1.500:12345", 1500000000}, {"1.500:1000", 1500000000}, {"1.1000:7", 0}, {"1.-5:7", 0}, {"-1.500:7", 0}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[128];

        snprintf(line, sizeof line, "type=AVC msg=audit(%s): apparmor=\"DENIED\" operation=\"bind\"", rows[i].text);
        cr_assert(reads(line));
        cr_assert_eq(record_time(&r), rows[i].nanoseconds, "%s: %lld", rows[i].text, (long long)record_time(&r));
    }
}

/* --- The question ---------------------------------------------------------------- */

static bool same_addr(const struct policy_addr *a, const struct policy_addr *b)
{
    return a->kind == b->kind && a->len == b->len && a->port == b->port && (!a->len || !memcmp(a->bytes, b->bytes, a->len));
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool same_query(const struct policy_query *a, const struct policy_query *b)
{
    return a->perm == b->perm && a->family == b->family && a->type == b->type && a->protocol == b->protocol &&
           same_addr(&a->local, &b->local) && same_addr(&a->peer, &b->peer) && same_text(a->label, b->label) && a->bound == b->bound &&
           a->made == b->made && a->uid_known == b->uid_known && a->uid == b->uid && same_text(a->exe, b->exe) && a->fd == b->fd &&
           a->exempt == b->exempt;
}

/* As `sunshim explain -` would ask. */
static bool explained(struct policy_query *q)
{
    struct asked a;

    return !asked_from_fields(&a, &r) && !asked_query(&a, a.perms, q);
}

static const char *const questions[] = {
    "sunshim=\"X\" requested=\"bind\" family=\"unix\" sock_type=\"dgram\" protocol=0 addr=auto",
    "sunshim=\"X\" requested=\"autobind\" sock_type=\"dgram\"",
    "sunshim=\"X\" requested=\"connect\" family=\"unix\" sock_type=\"stream\" addr=none peer_addr=\"/run/a b\"",
    "sunshim=\"X\" requested=\"send\" family=\"unix\" sock_type=\"unknown\" protocol=0 addr=\"@\\x00\\xff\" peer_addr=\"@x\"",
    "sunshim=\"X\" requested=\"connect\" family=\"inet\" sock_type=\"stream\" protocol=0 faddr=\"127.0.0.1\" fport=80",
    "sunshim=\"X\" requested=\"create\" family=\"inet\" sock_type=\"stream\" protocol=6",
    "sunshim=\"X\" requested=\"create\" family=\"inet\" sock_type=\"stream\" protocol=0",
    "sunshim=\"X\" requested=\"receive\" family=\"inet6\" sock_type=\"dgram\" protocol=17 peer_addr=none laddr=\"::1\" lport=42380",
    "sunshim=\"X\" requested=\"bind\" family=\"inet6\" laddr=\"::ffff:1.2.3.4\" lport=1",
    "sunshim=\"X\" requested=\"create\" family=\"netlink\" sock_type=\"raw\" protocol=0",
    "sunshim=\"X\" requested=\"connect\" family=\"unknown\" faddr=\"::1\" fport=65535",
    "sunshim=\"X\" requested=\"accept\" family=\"unix\" peer_addr=none peer_uid=7 peer_exe=\"/bin/nc\" peer_scope=inside peer_made=outside",
    "sunshim=\"X\" requested=\"inherit\" family=\"unix\" sock_type=\"stream\" addr=\"/run/d.sock\" fd=7",
    "sunshim=\"X\" requested=\"inherit\" family=\"unix\" sock_type=\"stream\" fd=2",
    "sunshim=\"X\" requested=\"getopt\" family=\"unix\" fd=2",
    "{\"sunshim\":\"X\",\"requested\":\"connect\",\"family\":\"unix\",\"peer_addr\":\"@\\ufffd\",\"peer_addr_hex\":\"ff00\"}",
    "apparmor=\"DENIED\" requested_mask=\"connect\" family=\"unix\" sock_type=\"stream\" protocol=0 name=\"/a\" name2=\"@b\" peer=\"web\"",
};

Test(records_unit, ask_what_explain_asks)
{
    struct policy_query mine, theirs;

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        cr_assert(reads(questions[i]), "%s", questions[i]);
        cr_assert(record_query(&r, &mine), "%s", questions[i]);
        cr_assert(explained(&theirs), "%s", questions[i]);
        cr_assert(same_query(&mine, &theirs), "%s", questions[i]);
    }
}

Test(records_unit, what_explain_refuses_asks_nothing)
{
    static const char *const lines[] = {
        "sunshim=\"HINT\" operation=\"log\" dropped=1",
        "sunshim=\"X\" requested=\"nothing\" family=\"unix\"",
        "sunshim=\"X\" requested=\"bind\" family=\"onion\"",
        "sunshim=\"X\" requested=\"bind\" family=\"unix\" sock_type=\"striim\"",
        "sunshim=\"X\" requested=\"bind\" family=\"unix\" addr=\"relative\"",
        "sunshim=\"X\" requested=\"bind\" family=\"unix\" addr=\"none\"",
        "sunshim=\"X\" requested=\"bind\" family=\"unix\" laddr=\"1.2.3.4\" lport=1",
        "sunshim=\"X\" requested=\"bind\" family=\"inet\" addr=\"/x\"",
        "sunshim=\"X\" requested=\"bind\" family=\"inet\" laddr=\"1.2.3\"",
        "sunshim=\"X\" requested=\"bind\" family=\"inet\" laddr=\"1.2.3.4\" lport=65536",
        "sunshim=\"X\" requested=\"autobind\" family=\"unix\" addr=\"@x\"",
        "sunshim=\"X\" requested=\"bind\" family=\"unix\" addr=\"@\"",
    };
    struct policy_query q;

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cr_assert(reads(lines[i]), "%s", lines[i]);
        cr_assert(!record_query(&r, &q), "%s", lines[i]);
        cr_assert(!explained(&q), "%s", lines[i]);
    }
}

/* explain can ask about several at once. */
Test(records_unit, a_question_is_about_one_permission)
{
    struct policy_query q;

    cr_assert(reads("sunshim=\"X\" requested=\"rw\" family=\"unix\""));
    cr_assert(!record_query(&r, &q));
    cr_assert(reads("sunshim=\"X\" requested=\"accept\" family=\"unix\" peer_uid=4294967295")); /* nobody: SO_PEERCRED's -1 */
    cr_assert(record_query(&r, &q) && !q.uid_known);
}

/* --- Files ------------------------------------------------------------------------ */

static unsigned seen;
static char last[16];

static void see(void *ctx, const struct record *record, const char *line, size_t len)
{
    cr_assert_eq(ctx, &seen);
    cr_assert_eq(line[len - 1] == '\n', seen != 3);
    snprintf(last, sizeof last, "%s", record_text(record, "n"));
    seen++;
}

Test(records_unit, a_log_is_read_line_by_line)
{
    char *log;
    size_t size;
    uint64_t skipped = 0;
    FILE *f = open_memstream(&log, &size);

    fprintf(f, "sunshim=\"X\" n=%070000d\n", 1); /* too long, though all of it can be had at once */
    fputs("sunshim=\"X\" n=1\nother program's\n\n{\"sunshim\":\"X\",\"n\":2}\nsunshim=\"", f);
    for (unsigned i = 0; i < 70000; i++)
        fputs("aaaaaaaaaa", f);
    fputs("\" n=bad\nsunshim=\"X\" n=3\nsunshim=\"X\" n=4", f);
    fclose(f);
    cr_assert_eq(records_each(put("log", log), see, &seen, &skipped), 0);
    cr_assert_eq(seen, 4);
    cr_assert_eq(skipped, 3);
    cr_assert_str_eq(last, "4");
}

Test(records_unit, a_log_that_cannot_be_read_is_an_error)
{
    uint64_t skipped;

    cr_assert_eq(records_each("/nowhere/log", see, &seen, &skipped), 125);
    cr_assert_eq(records_each("/", see, &seen, &skipped), 125);
}
