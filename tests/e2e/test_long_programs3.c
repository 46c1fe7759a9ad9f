/* `sunshim run --long-paths` and programs that do not refuse a long name but cut it. */
#include "tests/e2e/long_programs.h"

/* Clients of a server in the long directory that tells everybody. */
#define CLIENT(program, name, before, command, message) \
    LONG_PROGRAM(long_programs3, program, \
                 .setup = before, \
                 .natively = command " $L/" name " </dev/null || :", \
                 .says = message, \
                 .script = "(cd $L; exec socat UNIX-LISTEN:" name ",fork SYSTEM:'echo token') & server=$!\n" \
                           "ready " name "; in_long " name "; $RUN " command " $L/" name " </dev/null; stop $server", \
                 .wants = "token\n")

CLIENT(ncat, "of-ncat", NULL, "ncat -U", "Ncat: ")
CLIENT(node, "of-node", "echo 'require(\"net\").connect(process.argv[2]).pipe(process.stdout)' >client.js",
       "node client.js", "Error: connect E")
CLIENT(perl, "of-perl",
       "echo 'use Socket; socket S, AF_UNIX, SOCK_STREAM, 0; connect S, sockaddr_un($ARGV[0]); print <S>' >client.pl",
       "perl client.pl", "and will be truncated")
CLIENT(php, "of-php", "echo '<?php echo stream_get_contents(stream_socket_client(\"unix://\" . $argv[1]));' >client.php",
       "php client.php", "and was truncated")

LONG_PROGRAM(long_programs3, redis_cli,
             .natively = "redis-cli -s $L/s ping || :",
             .says = "Could not connect to Redis at ",
             .script = "(cd $L; exec redis-server --port 0 --unixsocket of-cli --save '' >$T/redis.log) & server=$!\n"
                       "ready of-cli; in_long of-cli; $RUN redis-cli -s $L/of-cli set key token\n"
                       "$RUN redis-cli -s $L/of-cli get key; stop $server",
             .wants = "OK\ntoken\n")

#define GET_ID "--dest org.freedesktop.DBus --object-path / --method org.freedesktop.DBus.NameHasOwner org.freedesktop.DBus"

LONG_PROGRAM(long_programs3, gdbus,
             .natively = "gdbus call --address unix:path=$L/s " GET_ID " || :",
             .says = "Error connecting: Could not connect: ",
             .script = "$RUN dbus-daemon --session --nofork --address=unix:path=$L/s 2>bus.log & bus=$!; ready $L/s\n"
                       "$RUN gdbus call --address unix:path=$L/s " GET_ID "; stop $bus",
             .wants = "(true,)\n")

LONG_PROGRAM(long_programs3, ssh_add,
             .natively = "SSH_AUTH_SOCK=$L/s ssh-add -l || :",
             .says = "Error connecting to agent: ",
             .script = "(cd $L; exec ssh-agent -D -a of-add >$T/agent.log) & agent=$!; ready of-add; in_long of-add\n"
                       "SSH_AUTH_SOCK=$L/of-add $RUN ssh-add -l || :; stop $agent",
             .wants = "The agent has no identities.\n")

LONG_PROGRAM(long_programs3, memcached,
             .natively = "memcached -u $(id -un) -s $L/s &\n"
                         "for i in $(seq 100); do ! find $T -type s | grep -q . || break; sleep 0.1; done\n"
                         "find $T -type s | grep .; test -S $L/s || echo elsewhere",
             .says = "elsewhere",
             .script = "$RUN memcached -u $(id -un) -s $L/s & server=$!; ready $L/s; in_long s\n"
                       "printf 'set k 0 0 5\\r\\ntoken\\r\\nget k\\r\\nquit\\r\\n' |\n"
                       "$RUN socat -t5 - UNIX:$L/s | tr -d '\\r'; stop $server",
             .wants = "STORED\nVALUE k 0 5\ntoken\nEND\n")
