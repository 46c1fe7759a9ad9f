/* Names that try to be something else, in records of both forms: each byte comes back, and
 * no name ends its line. */
#include <string.h>

#include "tests/e2e/harness.h"

#define NAMES "/usr/bin/python3 \"$TOP/tests/e2e/hostile_names.py\" "

StockTest(records_names, come_back_byte_for_byte_from_text_and_json)
{
    struct run r = run("cd \"$T\" && mkdir d && \"$SUNSHIM\" run --trace --log log -- " NAMES "bind d\n"
            "rm -r d; mkdir d; \"$SUNSHIM\" run --trace --json --log log.json -- " NAMES "bind d\n"
            "\"$SUNSHIM\" trace --from log --json >read\n"
            "\"$SUNSHIM\" trace --from log.json --json >read.json\n" NAMES "same d read log.json read.json");
    check_status(r, 0);
    check_out(r, "the same\n");
}

StockTest(records_names, end_no_line_and_begin_none)
{
    put("p.policy", "allow all,\ndeny unix (bind),\n");
    struct run r = run("cd \"$T\" && mkdir d && \"$SUNSHIM\" run --trace --log log -p ./p.policy -- " NAMES "bind d\n"
                       "grep -c '^time=[-0-9T:.]*Z sunshim=\"DENIED\" operation=\"bind\" .* errno=EACCES policy=\"./p.policy\" "
                       "rule=\"./p.policy:2\"' log\n"
                       "grep -c '^time=[-0-9T:.]*Z sunshim=\"TRACE\" operation=\"bind\" .* rules=\"./p.policy:2\"$' log\n"
                       "grep -v '^time=[-0-9T:.]*Z sunshim=\"\\(DENIED\\|TRACE\\)\" operation=\"\\(bind\\|socket\\)\" ' log || :\n"
                       "LC_ALL=C tr -d '\\n -~\\303\\251' <log | wc -c");
    check_out(r, "240\n240\n0\n");
    check_has(r, err, "240 denied");
}

/* JSON has no words without quotes, and "@x" would be abstract. */
StockTest(records_names, of_relative_paths_are_no_words)
{
    struct run r = run("cd \"$T\" && \"$SUNSHIM\" run --trace --json --log log.json -- /usr/bin/python3 -c 'import socket\n"
                       "for name in \"auto\", \"none\", \"unknown\", \"@x\", \"autos\":\n"
                       "    socket.socket(socket.AF_UNIX).bind(name)'\n"
                       "grep -o '\"given\":\"[^\"]*\"' log.json\n"
                       "\"$SUNSHIM\" trace --from log.json | grep -o 'bind([^)]*)'");
    check_status(r, 0);
    check_out(r, "\"given\":\"./auto\"\n\"given\":\"./none\"\n\"given\":\"./unknown\"\n\"given\":\"./@x\"\n\"given\":\"autos\"\n"
                 "bind(3, \"./auto\")\n"
                 "bind(3, \"./none\")\n"
                 "bind(3, \"./unknown\")\n"
                 "bind(3, \"./@x\")\n"
                 "bind(3, \"autos\")\n");
}
