/* Wrong verdicts about inside and outside, and crashes, that a second reader of the
 * memory of runs found. */
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/harness.h"

/* What follows runs outside; $T/scoped and what comes after it inside. */
static struct run script(const char *rule, const char *commands)
{
    put("scoped", text("#!/bin/sh\nexec \"$SUNSHIM\" run --log /dev/null --rule '%s' \"$@\"\n", rule));
    return run(text("chmod +x $T/scoped; sk() { \"$N/sk\" \"$@\"; }\n%s", commands));
}

#define SCOPE "scope pathname abstract,"

StockTest(review3, a_second_autobind_takes_no_name_over)
{
    struct run r = script(SCOPE, "sk 'socket unix stream' \"bind @$T/outer\" listen \"exec $T/scoped $N/sk\" 'use 3' 'bind auto' "
                                 "'socket unix stream' \"connect @$T/outer\" | tail -n 3");
    check_out(r, text("bind auto -> 0\nsocket unix stream -> 4\nconnect @%s/outer -> -1 EPERM\n", scratch()));
    r = script(SCOPE, "$T/scoped \"$N/sk\" 'socket unix stream' 'bind auto' 'bind auto' listen | tail -n 2");
    check_out(r, "bind auto -> 0\nlisten -> 0\n");
}

StockTest(review3, control_data_that_leads_out_of_itself)
{
    struct run r = script(SCOPE, "\"$N/review3\" long-control .; echo; $T/scoped \"$N/review3\" long-control .");
    check_status(r, 0);
    check_out(r, "EINVAL EINVAL EINVAL EINVAL EINVAL EINVAL \nEINVAL EINVAL EINVAL EINVAL EINVAL EINVAL ");
}

/* --- Who is at the other end --------------------------------------------------------- */

/* Somebody inside makes sockets and waits; then somebody outside does something, and
 * then the first goes on. */
static struct run between(const char *rule, const char *inside, const char *outside, const char *then)
{
    put("wait", "echo >up\nread x <go\nexec \"$N/sk\" \"$@\"\n");
    return script(rule, text("cd $T; mkfifo up go; P=$(freeport); Q=$P; while [ $Q = $P ]; do Q=$(freeport); done\n"
                             "$T/scoped \"$N/sk\" %s \"exec sh $T/wait\" %s >got & inside=$!\n"
                             "read x <up; %s; echo >go; wait $inside; cat got", inside, then, outside));
}

#define NOBODY_OUTSIDE(family) "deny " family " (accept, receive) peer=(scope=outside),"
#define STALE(type) "'socket inet " type "' \"bind inet:127.0.0.1:$P\" close 'socket inet " type "' "

StockTest(review3, a_port_of_the_past_makes_no_client_one_of_the_run)
{
    struct run r = between(NOBODY_OUTSIDE("network"), STALE("stream") "\"bind inet:127.0.0.1:$Q\" listen",
                           "echo $P >port; sk 'socket inet stream' \"bind inet:127.0.0.1:$P\" \"connect inet:127.0.0.1:$Q\" >/dev/null",
                           "'socket inet stream' \"connect inet:127.0.0.1:$Q\" 'use 3' accept");
    cr_assert(lines_with(r.out, "accept inet:127.0.0.1:", "-> 5", NULL) == 1, "%s", run_report(&r));
    check_lacks(r, out, text("accept inet:127.0.0.1:%d ", atoi(get(text("%s/port", scratch())))));
}

static void check_datagrams(const char *server, const char *sender)
{
    struct run r = between(NOBODY_OUTSIDE("network"), text(STALE("dgram") "\"bind inet:%s:$Q\"", server), sender,
                           "'socket inet dgram' \"sendto inet:127.0.0.1:$Q good\" 'use 3' recv");
    check_has(r, out, "recv 'good' -> 4\n");
    run("cd $T; rm up go");
}

StockTest(review3, a_port_of_the_past_makes_no_datagram_one_of_the_run)
{
    const char *sends = "sk 'socket inet dgram' \"bind inet:127.0.0.1:$P\" \"sendto inet:127.0.0.1:$Q evil\" >/dev/null";
    const char *stays = "( exec \"$N/sk\" 'socket inet dgram' \"bind inet:127.0.0.1:$P\" \"connect inet:127.0.0.1:$Q\" 'send evil' "
                        "\"exec sh $T/stay\" >/dev/null ) & while [ ! -e there ]; do sleep 0.05; done";
    put("stay", "echo >there\nexec sleep 100\n");
    check_datagrams("127.0.0.1", sends);
    check_datagrams("127.0.0.1", stays);
    run("rm $T/there");
    check_datagrams("0.0.0.0", stays);
}

StockTest(review3, a_name_that_leads_inside_now_is_no_sender_from_inside)
{
    run("cd $T; mkdir run out; ln -s out link");
    struct run r = between(NOBODY_OUTSIDE("unix"), "'socket unix dgram' \"bind $T/run/x\" 'socket unix dgram' \"bind $T/run/a\"",
                "sk 'socket unix dgram' \"bind $T/link/x\" \"sendto $T/run/a evil\" >/dev/null; rm link; ln -s run link",
                "'use 3' \"sendto $T/run/a good\" 'use 4' recv");
    check_has(r, out, "recv 'good' -> 4\n");
}

StockTest(review3, a_socket_taken_from_its_pair_hears_others)
{
    struct run r = between(NOBODY_OUTSIDE("unix"), "'pair dgram' 'use 3' 'connect unspec' \"bind $T/s\"",
                           "sk 'socket unix dgram' \"sendto $T/s evil\" >/dev/null",
                           "'socket unix dgram' \"bind $T/c\" \"sendto $T/s good\" 'use 3' recv");
    check_has(r, out, "recv 'good' -> 4\n");
}

StockTest(review3, nobody_to_ask_is_no_yes)
{
    struct run r = script("deny network (connect) peer=(scope=outside),", "$T/scoped \"$N/review3\" full-and-stale .");
    check_out(r, "EACCES ");
}

StockTest(review3, a_process_is_remembered_when_it_can_be)
{
    struct run r = script("deny unix (accept) peer=(scope=outside),", "$T/scoped \"$N/review3\" full-at-first $T");
    check_out(r, "ok ");
}

StockTest(review3, a_vfork_child_is_not_remembered_for_its_parent)
{
    struct run r = script("deny unix (accept) peer=(scope=outside),", "$T/scoped \"$N/review3\" vfork-first $T");
    check_out(r, "ok ok ");
}

StockTest(review3, a_process_of_the_run_is_inside_also_where_it_has_no_number)
{
    struct run r = script("deny unix (accept) peer=(scope=outside),",
                          "cd $T; $T/scoped sh -c '( exec unshare --user --map-root-user --pid --fork \"$N/sk\" \"socket unix stream\" "
                          "\"bind $T/s\" listen accept >got ) & ready $T/s; \"$N/sk\" \"socket unix stream\" \"connect $T/s\" "
                          ">/dev/null; wait'; tail -n 1 got");
    check_out(r, "accept none -> 4\n");
}

StockTest(review3, addresses_of_others_are_outside_also_when_bound)
{
    struct run r = script("deny network (connect) peer=(scope=outside),", "$T/scoped \"$N/review3\" free-bind .");
    check_out(r, "EACCES ok ");
}

/* --- exec ------------------------------------------------------------------------------ */

StockTest(review3, an_environment_that_is_none)
{
    struct run r = script(SCOPE, "\"$N/review3\" bad-environment .; echo; $T/scoped \"$N/review3\" bad-environment .");
    check_status(r, 0);
    check_out(r, "EFAULT EFAULT \nEFAULT EFAULT ");
}

StockTest(review3, a_fifo_is_not_opened_to_see_what_it_is)
{
    struct run r = script(SCOPE, "\"$N/review3\" fifo-program $T; echo; rm $T/fifo; $T/scoped \"$N/review3\" fifo-program $T");
    check_out(r, "EACCES waits \nEACCES waits ");
}
