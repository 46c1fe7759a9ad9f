/* sunshim run: reads its options; run_plan() does the rest. */
#include "cli.h"
#include "run.h"
#include "suite.h"

static const char usage[] =
    "Usage: sunshim run [OPTION]... [--] COMMAND [ARG...]\n"
    "Runs COMMAND with its socket calls checked against policies.\n"
    "\n"
    "  -p, --policy POLICY   a file (a name with a slash), or the name of a policy:\n"
    "                        NAME.policy in the directories of -I, ~/.config/sunshim,\n"
    "                        /etc/sunshim and among the ready-made ones\n"
    "      --rule RULE       one rule on top of 'allow all,'\n"
    "      --apparmor FILE   an AppArmor profile, with AppArmor's own meaning\n"
    "  -I, --include DIR     look for policies and <includes> here first\n"
    "      --profile NAME    use this profile, whatever the program's path\n"
    "      --complain        deny nothing, record what would have been denied\n"
    "      --log WHERE       a file (%p is the pid), stderr, fd:N or journal\n"
    "      --json            records as JSON\n"
    "      --trace           record every socket call, not only what was denied\n"
    "      --track           remember how sockets came to be; record those that programs\n"
    "                        inherit by accident\n"
    "      --long-paths      make socket paths work that are longer than 107 bytes: both of\n"
    "                        the following\n"
    "      --repair          make addresses whole that a program has cut to fit\n"
    "      --shorten         give programs short names for long directories\n"
    "      --keep            keep the short TMPDIR that --shorten makes\n"
    "      --no-follow       leave programs alone that are started with another environment\n"
    "      --pass NAME=FD    let 'map /some/name -> fd:NAME,' lead to the unix socket that is\n"
    "                        open as descriptor FD, or to its file (O_PATH)\n"
    "      --anon NAME       the same with a new socket that has no name; a server finds it as\n"
    "                        LISTEN_FDS says (NAME:dgram, NAME:seqpacket: of another type)\n"
    "      --error-exitcode N\n"
    "                        exit with N when anything was denied, leaked, cut or not seen,\n"
    "                        or an inject rule never fired\n"
    "      --expect FILE     fail unless what FILE says the command must do was done, and\n"
    "                        nothing that it must not do was tried\n"
    "      --leftovers       fail when socket files or listeners without clients are left\n"
    "      --junit FILE      write what was found as JUnit's XML (%p is the pid)\n"
    "      --tap FILE        the same as TAP; '-' is standard output\n"
    "      --allow-unseen GLOB\n"
    "                        say nothing of these programs when their calls are not seen\n"
    "      --exec            become COMMAND and keep the pid (for service managers)\n"
    "  -h, --help            this text\n"
    "\n"
    "Each -p, --rule and --apparmor is a layer; every layer must allow a call. Without\n"
    "any, nothing is checked.\n"
    "\n"
    "Exit status: that of COMMAND; 125 when sunshim itself fails (COMMAND was not\n"
    "started), 126 when COMMAND cannot be executed, 127 when it is not found. When a\n"
    "signal ends COMMAND, the same signal ends sunshim.\n"
    "\n"
    "  sunshim run --long-paths -- make check\n"
    "  sunshim run -p no-network -- make check\n"
    "  sunshim run --rule 'deny unix (connect) peer=(addr=/run/docker.sock),' sh\n"
    "  sunshim run --anon app --rule 'map /run/app.sock -> fd:app,' -- sh -c './server & ./client'\n";

static int run(int argc, char **argv)
{
    static struct options options;
    struct run_plan plan = {.options = &options, .name = "run"};
    int status = options_read(&options, USE_RUN, argc, argv);

    if (status)
        return status < 0 ? 0 : status;
    plan.argv = argv + options.rest;
    if (!*plan.argv)
        return usage_error("run", "no command to run");
    if ((status = suite_watch(&options, "run", plan.argv, &plan.watches[0])))
        return status;
    return run_plan(&plan);
}

const struct command run_command = {"run", "run a program under policies", usage, run};
