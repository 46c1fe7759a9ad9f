#!/bin/sh
# demo.sh BUILD: what sunshim does, step by step. Needs no root, no network, and
# only sh, perl and logger besides what `make` built. Leaves nothing behind. Every
# step is checked: the exit status is 0 only if all went as the text says.
set -u
build=$(cd "$1" && pwd) || exit 1
work=$(mktemp -d /tmp/demo-XXXX) || exit 1
server=''
trap 'test -z "$server" || kill "$server"; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
PATH=$build:$build/demo:$PATH
unset LD_PRELOAD SUNSHIM_POLICY SUNSHIM_DOMAIN SUNSHIM_MODE SUNSHIM_LOG SUNSHIM_LOG_FORMAT SUNSHIM_PROFILE \
    SUNSHIM_REPAIR SUNSHIM_SHORTEN SUNSHIM_LONG_PATHS SUNSHIM_TRACE
cd "$work" || exit 1

bold='' plain=''
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# A record has some twenty fields; these are the ones to look at first. The same
# for the answer of explain: the first three lines are the answer.
shorten() {
    sed -E 's/^time=[^ ]* //
            /^(note|hint): /d
            s/ (class|profile|pid|ppid|comm|exe|sock_type|family|protocol|requested|denied|policy)=("[^"]*"|[^ ]*)//g'
}

# Shows a command and runs it; its output stays in ./out.
try() {
    printf '  $ %s\n' "$1"
    sh -c "$1" >out 2>&1
    status=$?
    shorten <out | sed 's/^/    /'
}

fail() {
    printf '\ndemo: step %s did not behave as it says: %s\n' "$step" "$1" >&2
    exit 1
}

expect_status() { [ "$status" -eq "$1" ] || fail "exit status $status, not $1"; }
expect() { grep -q -e "$1" out || fail "no '$1' in the output"; }

wait_for() {
    tries=0
    while [ ! -S "$1" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "nobody bound $1"
        sleep 0.1
    done
}

step=1
say '1. A program binds a socket without naming it. The policy does not allow that:'
echo 'unix (create, getattr, getopt, setopt, shutdown),' >small.policy
try 'cat small.policy'
try 'sunshim run -p ./small.policy -- autobind'
expect_status 1
expect 'sunshim="DENIED" operation="bind".* addr=auto .*hint="add: unix (autobind) type=dgram,"'

step=2
say '2. The record names the rule that is missing. With it, the program works:'
sed -n 's/.*hint="add: \([^"]*\)".*/\1/p' out >>small.policy
try 'cat small.policy'
try 'sunshim run -p ./small.policy -- autobind'
expect_status 0
expect 'the kernel named the socket @'

step=3
say '3. logger may send to a socket, until a rule forbids it. logger is not changed:'
perl -MIO::Socket::UNIX -e '
    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "log.sock") or die "log.sock: $!";
    while (defined recv($s, my $text, 1000, 0)) { open my $f, ">>", "received"; print $f "$text\n" }' &
server=$!
wait_for log.sock
try 'logger -d --socket-errors=on -u log.sock hello && echo sent'
expect_status 0
cat >no-log.policy <<END
allow all,
deny unix (connect) peer=(addr=$work/log.sock),
END
try 'cat no-log.policy'
try 'sunshim run -p ./no-log.policy -- logger -d --socket-errors=on -u log.sock hello'
[ "$status" -ne 0 ] || fail 'logger was not stopped'
expect "sunshim=\"DENIED\" operation=\"connect\".* peer_addr=\"$work/log.sock\" .*rule=\"[^\"]*no-log.policy:2\""

step=4
say '4. Why? Ask the policy, without running anything:'
try "sunshim explain ./no-log.policy connect family=unix type=dgram peer_addr=$work/log.sock"
expect_status 1
expect '^deny$'
expect 'no-log.policy:2'

step=5
say '5. Only what this run made itself may be reached. logger finds its own receiver, not the one around it:'
cat >own.sh <<'END'
perl -MIO::Socket::UNIX -e '
    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "own.sock") or die "own.sock: $!";
    recv($s, my $text, 1000, 0); print "its own receiver got a message\n"' &
until [ -S own.sock ]; do sleep 0.1; done
logger -d --socket-errors=on -u own.sock hello
wait
logger -d --socket-errors=on -u log.sock hello
END
try "sunshim run --rule 'scope pathname abstract,' -- sh own.sh"
[ "$status" -ne 0 ] || fail 'logger reached what was outside'
expect 'its own receiver got a message'
expect "sunshim=\"DENIED\" operation=\"connect\".* peer_addr=\"$work/log.sock\" .*errno=EPERM"
[ "$(grep -c 'DENIED' out)" -eq 1 ] || fail 'more than one denial'

step=6
say '6. What is socket:[...]? A program left it open for those that it starts:'
cat >careless.pl <<'END'
use Socket;
$^F = 99; # what Perl opens from now on lacks FD_CLOEXEC
socket(my $s, AF_UNIX, SOCK_STREAM, 0) or die $!;
bind($s, pack_sockaddr_un("careless.sock")) && listen($s, 5) or die $!;
unlink "careless.sock";
exec "readlink", "/proc/self/fd/" . fileno $s;
END
try 'sunshim run --track -- perl careless.pl'
expect_status 0
expect '^socket:\['
expect "sunshim=\"LEAK\".* comm=\"readlink\".* addr=\"$work/careless.sock\" .*origin=socket .*origin_comm=\"perl\""
try "sunshim run --rule 'deny unix (inherit) type=stream,' -- perl careless.pl"
expect_status 0
expect '^/dev/null$'

step=7
say '7. A directory with a long name: logger refuses the socket in it, perl cuts its name. With --long-paths both work:'
deep=$work$(printf '/one-of-many-directories-with-long-names%.0s' 1 2 3)
export deep
mkdir -p "$deep"
cat >deep.sh <<'END'
perl -MIO::Socket::UNIX -e '
    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$ENV{deep}/deep.sock") or die $!;
    recv($s, my $text, 1000, 0); print "perl got a message\n"' &
until [ -S "$deep/deep.sock" ]; do sleep 0.1; done
logger -d --socket-errors=on -u "$deep/deep.sock" hello
wait
END
try "logger -d --socket-errors=on -u \$deep/deep.sock hello"
[ "$status" -ne 0 ] || fail 'logger took a long name'
expect 'too long'
try 'sunshim run --long-paths -- sh deep.sh'
expect_status 0
expect 'perl got a message'
[ -S "$deep/deep.sock" ] || fail 'the socket is not where it was asked for'

step=8
say '8. A server at no path: only what this run starts can reach it. logger has no idea:'
cat >nowhere.sh <<'END'
perl -MIO::Socket -e '
    my $s = IO::Socket->new_from_fd(3, "r+") or die $!; # sd_listen_fds(3)
    recv($s, my $text, 1000, 0); print "perl got it, at no path\n"' &
logger -d --socket-errors=on -u /run/demo.sock hello
wait
END
try "sunshim run --anon door:dgram --rule 'map /run/demo.sock -> fd:door,' -- sh nowhere.sh"
expect_status 0
expect 'perl got it, at no path'
[ ! -e /run/demo.sock ] || fail 'there is a file after all'

step=9
say '9. What does logger do with sockets? Watch it, as strace would show it:'
try 'sunshim trace -- logger -d --socket-errors=on -u log.sock hello'
expect_status 0
expect "connect([0-9]*, \"log.sock\") = 0 .* -> \"$work/log.sock\""

step=10
say '10. A policy that allows just that, without writing it:'
try 'sunshim learn -o learned.policy -- logger -d --socket-errors=on -u log.sock hello'
expect_status 0
try 'grep -v -e "^@" -e "^$" learned.policy'
expect 'unix (.*) .*peer=(addr=.*/log.sock),'
try 'sunshim run -p ./learned.policy -- logger -d --socket-errors=on -u log.sock hello && echo sent'
expect_status 0
try 'sunshim run -p ./learned.policy -- logger -d --socket-errors=on -u own.sock hello'
[ "$status" -ne 0 ] || fail 'the learned policy allows another socket'
expect "sunshim=\"DENIED\" operation=\"connect\".* peer_addr=\"$work/own.sock\""

step=11
say '11. What if the second connect fails? Break it, and see whether the program tries again:'
cat >retry.pl <<'END'
use IO::Socket::UNIX;
for my $n (1 .. 3) {
    my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => "log.sock");
    print $s ? "connect $n works\n" : "connect $n: $!\n";
}
END
cat >second.policy <<END
allow all,
inject unix (connect) peer=(addr=$work/log.sock) errno=ECONNREFUSED when=2,
END
try 'cat second.policy'
try 'sunshim run -p ./second.policy -- perl retry.pl'
expect_status 0
expect '^connect 1 works'
expect '^connect 2: Connection refused'
expect '^connect 3 works'
expect 'sunshim="INJECTED" operation="connect".* errno=ECONNREFUSED .*second.policy:2'
try 'sunshim run -p ./second.policy --error-exitcode 99 -- logger -d --socket-errors=on -u log.sock hello'
expect_status 99
expect 'never fired'

say "Next: README.md; or sunshim run -p no-network -- COMMAND, with a command of yours."
printf '(Shortened here: a record also has the time, the process, the program and more.)\n'
