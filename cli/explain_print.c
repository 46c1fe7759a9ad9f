/* Rules and names in answers: whatever is in them, a line stays one. */
#include <stdio.h>

#include "explain.h"

/* A rule's text on one line. */
static void print_rule_text(const struct policy_rule_info *info)
{
    bool blank = false;

    for (size_t i = 0; i < info->text_len; i++) {
        unsigned char c = (unsigned char)info->text[i];

        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            blank = i > 0;
            continue;
        }
        if (blank)
            putchar(' ');
        blank = false;
        putchar(c < ' ' || c == 0x7f ? '?' : c);
    }
}

/* A file's name may hold anything; an answer's line stays one. */
static void print_name(const char *name)
{
    for (; *name; name++)
        putchar((unsigned char)*name < ' ' || *name == 0x7f ? '?' : *name);
}

void explain_rule(const char *head, const struct policy *p, uint32_t rule, const char *tail)
{
    struct policy_rule_info info;

    if (rule == POLICY_RULE_NONE || !policy_rule(p, rule, &info)) {
        printf("%s: none\n", head);
        return;
    }
    printf("%s: ", head);
    print_name(info.file);
    printf(":%u: ", info.line);
    print_rule_text(&info);
    printf("%s\n", tail);
}

void explain_line(const char *head, const char *name, const char *tail)
{
    fputs(head, stdout);
    print_name(name);
    puts(tail);
}
