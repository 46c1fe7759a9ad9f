/* Whole AppArmor profiles load, and decide about sockets as they say. The ones
 * in tests/tables/apparmor/profiles are accepted by the real parser (see
 * regenerate there); those of the distribution are read where it has them. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/unit/apparmor_support.h"

static const char *const own_includes[] = {APPARMOR_TABLES "/include", NULL};
static const char *const system_includes[] = {"/etc/apparmor.d", NULL};

static void load(struct compiled *c, const char *directory, const char *name, const char *const *search,
                 unsigned flags)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    size_t len;
    char *text = slurp(path, &len);
    compile_policy(c, path, text, len, directory, search, flags);
    free(text); /* the policy must not need it any more */
}

/* --- Every profile of a directory ---------------------------------------- */

static bool is_profile(const char *directory, const char *name)
{
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return name[0] != '.' && strcmp(name, "README") && !stat(path, &st) && S_ISREG(st.st_mode);
}

static int load_all(const char *directory, const char *const *search, unsigned flags)
{
    DIR *d = opendir(directory);
    if (!d)
        return -1;
    int count = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (!is_profile(directory, e->d_name))
            continue;
        struct compiled c;
        struct policy p;
        load(&c, directory, e->d_name, search, flags);
        cr_expect(c.status == 0 && c.errors == 0, "%s/%s (flags %u): %d\n%s", directory, e->d_name, flags, c.status,
                  c.messages);
        cr_expect(c.status || policy_open(&p, c.blob, c.len) == 0, "%s/%s does not open", directory, e->d_name);
        count++;
        compiled_free(&c);
    }
    closedir(d);
    return count;
}

Test(apparmor_profiles, ours_load_without_the_option)
{
    cr_expect(load_all(APPARMOR_TABLES "/profiles", own_includes, 0) >= 6);
}

Test(apparmor_profiles, ours_load_with_the_option)
{
    cr_expect(load_all(APPARMOR_TABLES "/profiles", own_includes, POLICY_INPUT_APPARMOR) >= 6);
}

/* A machine without AppArmor has none of these; the tables above do not depend
 * on it. Where its profiles are, all of them must load. */
static void the_distributions(const char *directory)
{
    for (int i = 0; i < 2; i++) {
        int count = load_all(directory, system_includes, i ? POLICY_INPUT_APPARMOR : 0);
        if (count < 0)
            cr_log_warn("%s is not here", directory);
        else
            cr_log_info("%d profiles of %s", count, directory);
    }
}

Test(apparmor_profiles, the_distributions_load)
{
    the_distributions("/etc/apparmor.d");
}

Test(apparmor_profiles, the_distributions_further_ones_load)
{
    the_distributions("/usr/share/apparmor/extra-profiles");
}

/* --- Everything else that may stand in a profile ---------------------------- */

struct other {
    unsigned flags;
    int wrong;
    char report[8192];
};

static void must_load(struct other *o, const char *what, const char *text, size_t len)
{
    struct compiled c;
    compile_policy(&c, "x.policy", text, len, NULL, own_includes, o->flags);
    if (c.status) {
        size_t used = strlen(o->report);
        o->wrong++;
        snprintf(o->report + used, sizeof o->report - used, "  %s  %s\n", what, c.messages);
    }
    compiled_free(&c);
}

static void other_rule(void *ctx, char *rule)
{
    char text[2048];
    int len = snprintf(text, sizeof text, "include <tunables/global>\nprofile x /bin/x {\n%s\nnetwork inet,\n}\n", rule);
    must_load(ctx, rule, text, (size_t)len);
}

static void whole_file(void *ctx, char *line)
{
    char text[2048];
    size_t len = 0;
    for (const char *c = line; *c && len < sizeof text - 2; c++)
        if (*c == '\\') {
            c++;
            text[len++] = *c == 'n' ? '\n' : *c == 'r' ? '\r' : *c;
        } else {
            text[len++] = *c;
        }
    text[len++] = '\n';
    must_load(ctx, line, text, len);
}

static void load_rows(const char *table, void (*row)(void *, char *), int at_least)
{
    for (unsigned i = 0; i < 2; i++) {
        static struct other o;
        o = (struct other){.flags = i ? POLICY_INPUT_APPARMOR : 0};
        int rows = each_row(table, row, &o);
        cr_assert(rows >= at_least, "%d rows", rows);
        cr_expect(o.wrong == 0, "%d of %d should load (flags %u):\n%s", o.wrong, rows, o.flags, o.report);
    }
}

Test(apparmor_profiles, rules_about_other_things_are_stepped_over)
{
    load_rows("others.rules", other_rule, 500);
}

Test(apparmor_profiles, headers_flags_and_preambles_of_every_form_load)
{
    load_rows("files.rules", whole_file, 80);
}

/* --- What some of them decide ---------------------------------------------- */

struct expectation {
    const char *profile; /* by name, or NULL */
    const char *exe;     /* ... by the executable */
    const char *chosen;  /* the profile that this gives */
    const char *answers; /* for the questions of the caller, + or - */
};

/* The letters of `answers` stand for these, in this order. */
static void expect(const char *file, unsigned flags, const struct question *questions, size_t n,
                   const struct expectation *e, size_t expectations)
{
    struct compiled c;
    load(&c, APPARMOR_TABLES "/profiles", file, own_includes, flags);
    cr_assert(c.status == 0, "%s", c.messages);
    for (size_t i = 0; i < expectations; i++, e++) {
        struct policy p;
        cr_assert(policy_open(&p, c.blob, c.len) == 0);
        cr_assert(policy_select(&p, e->exe ? e->exe : "/none", e->profile) == 0, "no profile %s", e->profile);
        cr_expect_str_eq(policy_profile_name(&p), e->chosen, "%s selects %s, not %s", e->exe, policy_profile_name(&p),
                         e->chosen);
        cr_assert(strlen(e->answers) == n);
        for (size_t k = 0; k < n; k++) {
            const struct question *q = &questions[k];
            cr_expect(allowed(&p, q) == (e->answers[k] == '+'), "%s (flags %u) %s: %s %s local=%s peer=%s should be %s",
                      file, flags, e->chosen, policy_perm_name(q->perm), policy_family_name(q->family), q->local,
                      q->peer, e->answers[k] == '+' ? "allowed" : "denied");
        }
    }
    compiled_free(&c);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BIND(name) {POLICY_BIND, AF_UNIX, SOCK_STREAM, 0, name, "?", NULL}
#define CONNECT(name) {POLICY_CONNECT, AF_UNIX, SOCK_STREAM, 0, "none", name, "unconfined"}
#define CREATE(family, type) {POLICY_CREATE, AF_##family, SOCK_##type, 0, "none", "?", NULL}

static const struct question mail[] = {
    BIND("/run/maild/smtp.sock"),       /* /run/maild/ *.sock rw */
    BIND("/var/run/maild/smtp.sock"),   /* the other value of @{run} */
    CONNECT("/run/milter/clamd.sock"),  /* w */
    CONNECT("/run/milter/readonly.sock"),
    CONNECT("/run/milter/denied.sock"),
    BIND("/srv/maild/spool/x"),         /* a variable's value that was added */
    BIND("/var/lib/mail-local/a/b"),    /* a file that is included if it exists */
    BIND("@maild"),
    CONNECT("@spamd"),
    CONNECT("/dev/log"),                /* abstractions/base */
    CREATE(INET, STREAM),
    CREATE(INET6, STREAM),
    CREATE(PACKET, RAW),
    BIND("/etc/passwd"),
};

Test(apparmor_profiles, a_daemons_profile_its_hats_and_its_child)
{
    static const struct expectation e[] = {
        {NULL, "/usr/sbin/maild", "maild", "+++--++" "+-" "+" "++-" "-"},
        {NULL, "/usr/local/sbin/maild", "maild", "+++--++" "+-" "+" "++-" "-"},
        {"maild//message", NULL, "maild//message", "-------" "-+" "+" "---" "-"},
        {"maild//filter", NULL, "maild//filter", "-------" "--" "+" "---" "-"},
    };
    expect("usr.sbin.maild", 0, mail, COUNT(mail), e, COUNT(e));
    expect("usr.sbin.maild", POLICY_INPUT_APPARMOR, mail, COUNT(mail), e, COUNT(e));
}

static const struct question desktop[] = {
    CONNECT("@/tmp/.X11-unix/X0"),
    CONNECT("/tmp/.X11-unix/X0"),
    CONNECT("@/tmp/.X11-unix/Y0"),
    CONNECT("/run/user/1000/bus"),
    BIND("/home/u/Pictures/a b/s"),
    BIND("/net/home/u/Pictures/s"),
    BIND("/srv/shared homes/u/My Sockets/a.sock"),
    BIND("/home/u/Documents/s"),
    BIND("/home/u/.ssh/agent"),
    BIND("/tmp/viewer files/s"),
    BIND("/tmp/viewer"),
    BIND("auto"),
    BIND("@anything"), /* network unix */
    CREATE(NETLINK, RAW),
    CREATE(INET, DGRAM),
};

Test(apparmor_profiles, a_desktop_programs_profile)
{
    static const struct expectation e[] = {
        {NULL, "/usr/bin/viewer", "/usr/bin/viewer", "++++" "+++--" "+-" "++" "--"},
        {NULL, "/usr/bin/viewer2", "-", "----" "-----" "--" "--" "--"},
    };
    expect("usr.bin.viewer", 0, desktop, COUNT(desktop), e, COUNT(e));
    expect("usr.bin.viewer", POLICY_INPUT_APPARMOR, desktop, COUNT(desktop), e, COUNT(e));
}

/* It names no abi itself, so that the option makes the difference. */
static const struct question web[] = {
    BIND("@webapp-1"),
    CONNECT("@forbidden"),
    CONNECT("@anything"),
    CONNECT("@web-worker-7"),
    CREATE(INET, STREAM),
    CREATE(INET6, STREAM),
    CONNECT("/run/other.sock"), /* unix (connect …) without peer= */
    BIND("/srv/www/run/a.sock"),
};

Test(apparmor_profiles, a_file_without_an_abi_has_our_meaning_unless_the_option_is_given)
{
    static const struct expectation plain[] = {{NULL, "/srv/www/bin/app1", "webapp", "+-+++-" "+-"}};
    static const struct expectation theirs[] = {{NULL, "/srv/www/bin/app1", "webapp", "+-+++-" "-+"}};
    expect("webapp", 0, web, COUNT(web), plain, 1);
    expect("webapp", POLICY_INPUT_APPARMOR, web, COUNT(web), theirs, 1);
}

static const struct question general[] = {
    CREATE(INET, STREAM), CREATE(INET6, DGRAM), CREATE(INET, DGRAM),
    BIND("/opt/s"),       BIND("/opt/secret"),  BIND("/root/s"),
    CREATE(UNIX, STREAM),
};

Test(apparmor_profiles, one_of_several_is_chosen_by_the_executable)
{
    static const struct expectation e[] = {
        {NULL, "/usr/bin/first", "/usr/bin/first", "+--" "---" "+"},
        {NULL, "/usr/bin/second", "second", "-+-" "+++" "-"},
        {NULL, "/usr/bin/second-ng", "second", "-+-" "+++" "-"},
        {NULL, "/usr/bin/mostly-files", "mostly_files", "---" "++-" "-"},
        {NULL, "/usr/bin/anything-else", "default_for_bin", "--+" "---" "-"},
        {NULL, "/opt/bin/x", "-", "---" "---" "-"},
        {"mostly_files", NULL, "mostly_files", "---" "++-" "-"},
    };
    expect("several", 0, general, COUNT(general), e, COUNT(e));
}

static const struct question contained[] = {
    CREATE(INET, STREAM), CREATE(PACKET, DGRAM),          CREATE(INET, RAW),
    BIND("/run/x"),       CONNECT("/run/docker.sock"),    CONNECT("/var/run/docker.sock"),
    CONNECT("@x"),        CONNECT("@host-x"),             CREATE(VSOCK, STREAM),
};

Test(apparmor_profiles, everything_but_a_list)
{
    static const struct expectation e[] = {{"container-default", NULL, "container-default", "+--" "+-+" "+-+"}};
    expect("container", 0, contained, COUNT(contained), e, 1);
}

static const struct question login[] = {
    CONNECT("@login-broker"),
    {POLICY_BIND, AF_UNIX, SOCK_DGRAM, 0, "@login-log", "?", NULL},
    BIND("/run/login/a.sock"),
    BIND("/tmp/ssh-abc/agent.12"),
    CREATE(NETLINK, RAW),
    CONNECT("@other"),
};

Test(apparmor_profiles, conditions_are_evaluated)
{
    static const struct expectation e[] = {{"loginserver", NULL, "loginserver", "++" "++" "+" "-"}};
    expect("loginserver", 0, login, COUNT(login), e, 1);
}

static enum policy_outcome outcome(const char *file, const char *profile, const struct policy_query *q)
{
    struct compiled c;
    struct policy p;
    struct policy_verdict v;
    load(&c, APPARMOR_TABLES "/profiles", file, own_includes, 0);
    cr_assert(c.status == 0, "%s", c.messages);
    cr_assert(policy_open(&p, c.blob, c.len) == 0 && policy_select(&p, "/none", profile) == 0);
    policy_decide(&p, q, &v);
    compiled_free(&c);
    return v.outcome;
}

Test(apparmor_profiles, flags_and_qualifiers_are_kept)
{
    struct policy_query packet = {.perm = POLICY_CREATE, .family = AF_PACKET, .type = SOCK_RAW,
                                  .local = {.kind = POLICY_ADDR_NONE}};
    /* a plain deny is silent, an audited one is not, complain lets pass what is not denied by a rule */
    cr_expect(outcome("container", "container-default", &packet) == POLICY_QUIET);
    cr_expect(outcome("usr.sbin.maild", "maild", &packet) == POLICY_DENIED);
    cr_expect(outcome("usr.sbin.maild", "maild//DEFAULT_URI", &packet) == POLICY_COMPLAIN);
    cr_expect(outcome("usr.bin.viewer", "/usr/bin/viewer//helper", &packet) == POLICY_COMPLAIN);
    struct policy_query inet = {.perm = POLICY_CREATE, .family = AF_INET, .type = SOCK_STREAM,
                                .local = {.kind = POLICY_ADDR_NONE}};
    cr_expect(outcome("usr.sbin.maild", "maild//filter", &inet) == POLICY_QUIET);
    cr_expect(outcome("webapp", "webapp", &inet) == POLICY_AUDITED, "flags=(audit) records what it allows");
}
