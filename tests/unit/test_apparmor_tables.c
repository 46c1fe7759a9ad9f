/* The tables about AppArmor are what the real parser says today. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/e2e/harness.h"
#include "tests/unit/apparmor_support.h"

enum { AGREES = 0, ANOTHER_VERSION = 3 };

/* What the script prints is shown when it fails. */
static int status_of(const char *script, char *said, size_t size)
{
    char command[512];
    snprintf(command, sizeof command, "'%s/%s' 2>&1", APPARMOR_TABLES, script);
    FILE *f = popen(command, "re");
    cr_assert(f);
    size_t len = fread(said, 1, size - 1, f);
    said[len] = '\0';
    while (getc(f) != EOF)
        ;
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void agrees(const char *script)
{
    char said[4096];
    int status = status_of(script, said, sizeof said);
    cr_assert(status == AGREES || status == ANOTHER_VERSION, "exit %d\n%s", status, said);
    if (status == ANOTHER_VERSION)
        cr_log_warn("not compared: %s", said);
}

StockTest(apparmor_tables, the_installed_parser_takes_and_refuses_the_same)
{
    agrees("regenerate");
}

StockTest(apparmor_tables, the_installed_parser_means_the_same)
{
    agrees("meaning");
}
