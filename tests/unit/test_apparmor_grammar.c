/* What AppArmor's own parser takes or refuses in unix and network rules, ours
 * does too. The tables say what apparmor_parser 3.0.8 did with each rule;
 * tests/tables/apparmor/regenerate asks it again. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/apparmor_support.h"

/* Rules whose line in the tables is true for the parser that was asked; the
 * same text is put to ours, as in a file of AppArmor's and as in one of ours. */
struct tally {
    bool accept;
    const char *head;
    int wrong;
    char report[16384];
};

static void complain(struct tally *t, const char *rule, const char *messages)
{
    size_t used = strlen(t->report);
    t->wrong++;
    snprintf(t->report + used, sizeof t->report - used, "  %s  %s\n", rule, *messages ? messages : "was accepted");
}

static void put_rule(void *ctx, char *rule)
{
    struct tally *t = ctx;
    struct compiled c;
    char text[2048];
    int len = snprintf(text, sizeof text, "%sprofile x /bin/x {\nnetwork inet,\n%s\n}\n", t->head, rule);
    cr_assert((size_t)len < sizeof text);
    compile_policy(&c, "x.policy", text, (size_t)len, NULL, NULL, 0);
    if ((c.status == 0) != t->accept)
        complain(t, rule, c.messages);
    else if (c.status)
        cr_expect(c.status == -EINVAL && c.errors > 0, "refused without a word: %s", rule);
    compiled_free(&c);
}

static void table(const char *name, bool accept, const char *head, int at_least)
{
    static struct tally t;
    t = (struct tally){.accept = accept, .head = head};
    int rows = each_row(name, put_rule, &t);
    cr_assert(rows >= at_least, "%s has only %d rows", name, rows);
    cr_assert(t.wrong == 0, "%d of %d rules should be %s:\n%s", t.wrong, rows, accept ? "accepted" : "refused",
              t.report);
}

#define ABI "abi <abi/3.0>,\n"

Test(apparmor_grammar, accepts_what_its_parser_accepts)
{
    table("accept.rules", true, ABI, 900);
}

Test(apparmor_grammar, refuses_what_its_parser_refuses)
{
    table("refuse.rules", false, ABI, 900);
}

Test(apparmor_grammar, rules_can_be_pasted_into_a_policy_of_ours)
{
    table("accept.rules", true, "", 900);
}

Test(apparmor_grammar, a_policy_of_ours_refuses_the_same_mistakes)
{
    table("refuse.rules", false, "", 900);
}

static void put_deviation(void *ctx, char *line)
{
    char *rest = line, *verdict = strsep(&rest, "\t"), *rule = strsep(&rest, "\t");
    struct tally *t = ctx;
    cr_assert(rule && rest && *rest, "a deviation needs a verdict, a rule and a reason: %s", line);
    t->accept = !strcmp(verdict, "accept");
    put_rule(t, rule);
}

Test(apparmor_grammar, deviations_are_the_ones_that_are_listed)
{
    static const char *const heads[] = {ABI, ""};
    for (int i = 0; i < 2; i++) {
        static struct tally t;
        t = (struct tally){.head = heads[i]};
        int rows = each_row("deviations.rules", put_deviation, &t);
        cr_assert(rows > 30);
        cr_assert(t.wrong == 0, "%d of %d deviations are not as listed:\n%s", t.wrong, rows, t.report);
    }
}
