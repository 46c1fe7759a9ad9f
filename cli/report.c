/* sunshim report: what logs say, put together. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "options.h"
#include "report.h"

static const char usage[] =
    "Usage: sunshim report [OPTION]... LOG...\n"
    "Who talked to whom, what was denied, leaked or injected, and which rules were used:\n"
    "from the records of runs, best of traced ones (sunshim run --trace --log FILE).\n"
    "\n"
    "      --html FILE       a page that shows it all, in one file; works offline\n"
    "      --dot             the graph of processes and sockets, for Graphviz\n"
    "      --json            the same and the lists, for other programs\n"
    "  -p, --policy POLICY   show which rules of POLICY were used; otherwise of the policies\n"
    "                        that the records name, where those can still be read\n"
    "  -I, --include DIR     look for policies and <includes> here first\n"
    "  -h, --help            this text\n"
    "\n"
    "A LOG may hold records as text, JSON or for AppArmor's tools, and other lines between\n"
    "them; '-' is standard input. Without --html, --dot or --json a summary is printed.\n";

struct request {
    struct options options; /* policies and where to look for them */
    const char *html;
    bool dot, json;
};

/* As options_read(). */
static int take_option(struct request *q, int option, const char *name)
{
    switch (option) {
    case 'w': q->html = optarg; return 0;
    case 'd': q->dot = true; return 0;
    case 'j': q->json = true; return 0;
    case 'p': return options_add(&q->options, SOURCE_OPERAND, optarg);
    case 'I':
        if (q->options.dir_count == DIRS_MAX)
            return usage_error("report", "more than %d directories given with -I", DIRS_MAX);
        q->options.dirs[q->options.dir_count++] = optarg;
        return 0;
    case 'h': fputs(usage, stdout); return -1;
    case ':': return usage_error("report", "option '%s' wants a value", name);
    default: return usage_error("report", "unknown option '%s'", name);
    }
}

static int read_options(struct request *q, int argc, char **argv)
{
    static const struct option longs[] = {{"html", required_argument, NULL, 'w'}, {"dot", no_argument, NULL, 'd'},
                                          {"json", no_argument, NULL, 'j'},       {"policy", required_argument, NULL, 'p'},
                                          {"include", required_argument, NULL, 'I'}, {"help", no_argument, NULL, 'h'},
                                          {0}};
    int option, status = 0;

    opterr = 0;
    while (!status && (option = getopt_long(argc, argv, ":p:I:h", longs, NULL)) != -1)
        status = take_option(q, option, argv[optind - 1]);
    if (!status && q->dot && q->json)
        return usage_error("report", "--dot and --json both write to standard output: give one");
    if (!status && q->html && !strcmp(q->html, "-") && (q->dot || q->json))
        return usage_error("report", "--html - writes to standard output, too");
    if (!status && optind == argc)
        return usage_error("report", "no log given");
    return status;
}

/* A page must not take the place of what it is made from. */
static bool is_log(const char *html, char *const *logs)
{
    struct stat page, log;

    if (stat(html, &page) || !S_ISREG(page.st_mode))
        return false;
    for (; *logs; logs++)
        if (!stat(*logs, &log) && log.st_dev == page.st_dev && log.st_ino == page.st_ino)
            return true;
    return false;
}

static int report(int argc, char **argv)
{
    struct request q = {0};
    struct report r = {0};
    int status = read_options(&q, argc, argv);
    char **logs = argv + optind;
    int count = argc - optind;

    if (status)
        return status < 0 ? 0 : status;
    if (q.html && is_log(q.html, logs))
        return fail("%s is one of the logs; the page would overwrite it", q.html);
    for (int i = 0; i < count; i++)
        if (report_read(&r, logs[i]))
            return EXIT_SUNSHIM;
    report_order(&r);
    report_strangers(&r);
    if (report_rules(&r, &q.options))
        return EXIT_SUNSHIM;
    if (q.dot)
        report_dot(&r);
    if (q.json)
        report_json(&r, logs, count);
    if (!q.dot && !q.json && !q.html)
        report_print(&r);
    return q.html ? report_page(&r, logs, count, q.html) : 0;
}

const struct command report_command = {"report", "show who talked to whom, from logs", usage, report};
