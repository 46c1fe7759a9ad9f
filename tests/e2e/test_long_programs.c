/* `sunshim run --long-paths` and programs that are given their sockets' names in
 * arguments or variables. */
#include "tests/e2e/long_programs.h"

LONG_PROGRAM(long_programs, socat_server,
             .natively = "socat -u UNIX-LISTEN:$L/s -",
             .says = "unix socket address 252 characters long, max length is 108",
             .script = "$RUN socat -u UNIX-LISTEN:$L/s,mode=600 - & server=$!; ready $L/s; in_long s\n"
                       "test -n \"$(left)\"\n"
                       "(cd $L; echo token | socat -u - UNIX:s); wait $server",
             .wants = "token\n")

LONG_PROGRAM(long_programs, socat_client,
             .natively = "socat -u - UNIX-CONNECT:$L/s </dev/null",
             .says = "unix socket address 252 characters long, max length is 108",
             .script = "(cd $L; exec socat -u UNIX-LISTEN:socat-client -) & ready socat-client; in_long socat-client\n"
                       "echo token | $RUN socat -u - UNIX-CONNECT:$L/socat-client; wait",
             .wants = "token\n")

LONG_PROGRAM(long_programs, socat_datagrams,
             .natively = "echo token | socat -u - UNIX-SENDTO:$L/s",
             .says = "unix socket address 252 characters long, max length is 108",
             .setup = "cat >scenario <<'X'\n"
                      "socat UNIX-RECVFROM:$1/s EXEC:cat & ready $1/s; . ./functions; in_long s\n"
                      "echo token | socat -t1 - UNIX-SENDTO:$1/s,bind=$1/own; wait\n"
                      "X\n",
             .script = "$RUN sh -eu scenario $L",
             .wants = "token\n")

/* socat drops the answer when its sender is called by another name than the one it wrote to. */
LONG_PROGRAM(long_programs, socat_datagrams_between_runs_in_a_run,
             .natively = "socat -u - UNIX-SENDTO:$L/s </dev/null",
             .says = "unix socket address 252 characters long, max length is 108",
             .setup = "cat >scenario <<'X'\n"
                      ". ./functions; $RUN socat UNIX-RECVFROM:$1/s EXEC:cat & ready $1/s; in_long s\n"
                      "echo token | $RUN socat -t1 - UNIX-SENDTO:$1/s,bind=$1/own; wait\n"
                      "X\n",
             .script = "$RUN sh -eu scenario $L",
             .wants = "token\n")

LONG_PROGRAM(long_programs, nc,
             .natively = "nc -lU $L/s",
             .says = "nc: File name too long",
             .script = "$RUN nc -lU $L/s & server=$!; ready $L/s; in_long s\n"
                       "echo token | $RUN nc -NU $L/s; wait $server",
             .wants = "token\n")

LONG_PROGRAM(long_programs, redis,
             .natively = "redis-server --port 0 --unixsocket $L/s --save '' --dir $T",
             .says = "unix socket path too long (252), must be under 108",
             .script = "$RUN redis-server --port 0 --unixsocket $L/s --save '' --dir $T >redis.log & server=$!\n"
                       "ready $L/s; in_long s\n"
                       "$RUN redis-cli -s $L/s set key token; $RUN redis-cli -s $L/s get key; stop $server",
             .wants = "OK\ntoken\n")

/* postgres refuses to run as root; sunshim itself starts as whoever runs this. */
#define AS_POSTGRES "$(if [ $(id -u) = 0 ]; then echo setpriv --reuid=postgres --regid=postgres --clear-groups; fi)"
#define POSTGRES_BIN "/usr/lib/postgresql/15/bin"
#define POSTGRES_SETUP \
    "mkdir data; if [ $(id -u) = 0 ]; then chown -R postgres data deep; fi\n" \
    AS_POSTGRES " " POSTGRES_BIN "/initdb -D $T/data -A trust -N -U postgres >initdb.log"
#define POSTGRES AS_POSTGRES " " POSTGRES_BIN "/postgres -D $T/data -k $L -c listen_addresses= -c fsync=off"

LONG_PROGRAM(long_programs, postgres_and_psql,
             .setup = POSTGRES_SETUP,
             .natively = POSTGRES "; psql -h $L -U postgres -tAc 'select 1' postgres",
             .says = "is too long (maximum 107 bytes)",
             .script = "$RUN " POSTGRES " 2>postgres.log & server=$!; ready $L/.s.PGSQL.5432; in_long .s.PGSQL.5432\n"
                       "$RUN psql -h $L -U postgres -tAc \"select 'tok' || 'en'\" postgres\n"
                       "PGHOST=$L $RUN psql \"user=postgres dbname=postgres\" -tAc \"select 'tok' || 'en'\"\n"
                       "$RUN psql \"host=$L user=postgres dbname=postgres\" -tAc \"select 'tok' || 'en'\"\n"
                       "stop $server",
             .wants = "token\ntoken\ntoken\n")

#define PG_CTL AS_POSTGRES " " POSTGRES_BIN "/pg_ctl -D $T/data -s -w -l $T/data/log"

LONG_PROGRAM(long_programs, postgres_by_pg_ctl,
             .daemons = true,
             .setup = POSTGRES_SETUP,
             .natively = PG_CTL " -o \"-c unix_socket_directories='$L' -c listen_addresses=''\" start || cat $T/data/log",
             .says = "is too long (maximum 107 bytes)",
             .script = "$RUN " PG_CTL " -o \"-c unix_socket_directories='$L' -c listen_addresses='' -c fsync=off\" start\n"
                       "in_long .s.PGSQL.5432; $RUN psql -h $L -U postgres -tAc \"select 'tok' || 'en'\" postgres\n"
                       "$RUN " PG_CTL " -m fast stop",
             .wants = "token\n")

LONG_PROGRAM(long_programs, tmux,
             .daemons = true,
             .natively = "tmux -S $L/s -f /dev/null new-session -d cat",
             .says = "(File name too long)",
             .setup = "cat >scenario <<'X'\n"
                      "tmux -S $1/s -f /dev/null new-session -d -s token 'echo $TMUX >inside; exec cat'\n"
                      "tmux -S $1/s list-sessions -F '#{session_name}'\n"
                      ". ./functions; in_long s\n"
                      "tmux -S $1/s kill-server\n"
                      "X\n",
             .script = "$RUN sh -eu scenario $L",
             .wants = "token\n")

LONG_PROGRAM(long_programs, tmux_by_TMUX_TMPDIR,
             .daemons = true,
             .natively = "TMUX_TMPDIR=$L tmux -f /dev/null new-session -d cat",
             .says = "(File name too long)",
             .setup = "cat >scenario <<'X'\n"
                      "tmux -f /dev/null new-session -d -s token cat\n"
                      "tmux list-sessions -F '#{session_name}'\n"
                      ". ./functions; in_long tmux-$(id -u)/default\n"
                      "tmux kill-server\n"
                      "X\n",
             .script = "TMUX_TMPDIR=$L $RUN sh -eu scenario",
             .wants = "token\n")

/* The master makes its socket under a name that is 17 bytes longer, and renames it. */
#define SSHD_SETUP \
    "[ $(id -u) != 0 ] || mkdir -p /run/sshd\n" \
    "ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f key\n" \
    "cat >sshd.conf <<X\n" \
    "HostKey $T/host\nAuthorizedKeysFile $T/key.pub\nStrictModes no\nUsePAM no\nPermitRootLogin yes\nPidFile none\n" \
    "X\n" \
    "cat >ssh.conf <<X\n" \
    "IdentityFile $T/key\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\nUser $(id -un)\n" \
    "X\n"

LONG_PROGRAM(long_programs, ssh_control_master,
             .daemons = true,
             .setup = SSHD_SETUP
                      "cat >scenario <<'X'\n"
                      "socket=$1 port=$2\n"
                      "ssh -F ssh.conf -p $port -o ControlMaster=yes -o ControlPath=$socket/%C -fN 127.0.0.1\n"
                      ". ./functions; in_long $(ls $L)\n"
                      /* Not to the port: to the master. */
                      "ssh -F ssh.conf -p $port -o ControlPath=$socket/%C -o ProxyCommand=false 127.0.0.1 echo token\n"
                      "ssh -F ssh.conf -p $port -o ControlPath=$socket/%C -O exit 127.0.0.1 2>/dev/null\n"
                      "X\n",
             .natively = "ssh -F /dev/null -o ControlMaster=auto -o ControlPath=$L/%C 127.0.0.1",
             .says = "ControlPath too long",
             .script = "port=$(freeport)\n"
                       "/usr/sbin/sshd -D -f $T/sshd.conf -p $port -o ListenAddress=127.0.0.1 2>sshd.log &\n"
                       "ready tcp:$port; $RUN sh -eu scenario $L $port",
             .wants = "token\n")

/* It is setgid: no library can be preloaded into it. */
LONG_PROGRAM(long_programs, ssh_agent,
             .setup = "ssh-keygen -q -t ed25519 -N '' -C token -f key",
             .natively = "ssh-agent -a $L/s true",
             .says = "too long for Unix domain socket",
             .script = "$RUN ssh-agent -D -a $L/s >agent.log & agent=$!; ready $L/s; in_long s\n"
                       "SSH_AUTH_SOCK=$L/s $RUN ssh-add -q key; SSH_AUTH_SOCK=$L/s $RUN ssh-add -L | cut -d' ' -f3\n"
                       "stop $agent",
             .wants = "token\n")

#define GPG_SCENARIO \
    "gpg --batch --quiet --passphrase '' --quick-gen-key token ed25519 sign never\n" \
    "gpg --list-secret-keys --with-colons | grep ^uid | cut -d: -f10\n" \
    "gpg-connect-agent 'getinfo pid' /bye | grep OK\n" \
    "gpgconf --kill gpg-agent\n"

#define SEE_AGENT "gpg-connect-agent 'getinfo socket_name' /bye; gpgconf --kill gpg-agent\n"

LONG_PROGRAM(long_programs, gpg_by_HOME,
             .daemons = true,
             .setup = "mkdir -m 700 $L/.gnupg; echo \"" SEE_AGENT "\" >scenario",
             .natively = "HOME=$L gpg-agent --daemon",
             .says = "/S.gpg-agent' is too long",
             .script = "HOME=$L $RUN sh -eu scenario 2>gpg.log | sed 's,.*/a/,,; s,s[^/]*,ALIAS,'\n"
                       "test -d $L/.gnupg/private-keys-v1.d",
             .wants = "ALIAS/.gnupg/S.gpg-agent\nOK\n")

LONG_PROGRAM(long_programs, gpg_and_its_agent,
             .daemons = true,
             .setup = "cat >scenario <<'X'\n" GPG_SCENARIO "X\n",
             .natively = "gpg-agent --homedir $L --daemon",
             .says = "/S.gpg-agent' is too long",
             .script = "GNUPGHOME=$L $RUN sh -eu scenario 2>gpg.log; test -d $L/private-keys-v1.d\n"
                       "rm -r $L/*; $RUN gpg-agent --homedir $L --daemon --quiet sh -eu -c "
                       "'. ./functions; in_long S.gpg-agent; echo served'",
             .wants = "token\nOK\nserved\n")

/* --- All of it at once -------------------------------------------------------------------- */

/* make itself keeps the long names, which it might write somewhere. */
LONG_PROGRAM(long_programs, a_suite_in_a_deep_directory,
             .setup = "cat >$L/Makefile <<'X'\n"
                      "check:\n"
                      "\t@nc -lU $(CURDIR)/s & ready $(CURDIR)/s; echo token | nc -NU $(CURDIR)/s; wait\n"
                      "\t@./script\n"
                      "X\n"
                      "cat >$L/script <<'X'\n"
                      "#!/bin/sh -eu\n"
                      "socat -u UNIX-LISTEN:$PWD/t - & ready $(pwd)/t; echo more | socat -u - UNIX:$(pwd)/t; wait\n"
                      "X\n"
                      "chmod +x $L/script",
             .natively = "READY_SECONDS=1 make -s -C $L",
             .says = "nc: File name too long",
             .script = "$RUN make -s -C $L",
             .wants = "token\nmore\n")
