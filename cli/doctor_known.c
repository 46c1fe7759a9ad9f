/* What programs make of the names that they are given. Longest forms; numbers stand for
 * process and user ids. */
#include "doctor.h"

const struct known known_names[] = {
    {NULL, "ssh (ControlPath)", ".XXXXXXXXXXXXXXXX"},
    {NULL, "haproxy (stats socket)", ".1234567.tmp"},
    {"TMPDIR", "python (multiprocessing)", "/pymp-xxxxxxxx/listener-xxxxxxxx"},
    {"TMPDIR", "ssh-agent", "/ssh-XXXXXXXXXXXX/agent.1234567"},
    {"TMPDIR", "dbus-daemon", "/dbus-XXXXXXXXXX"},
    {"TMUX_TMPDIR", "tmux", "/tmux-12345/default"},
    {"GNUPGHOME", "gpg-agent", "/S.gpg-agent.browser"},
    {"HOME", "gpg-agent", "/.gnupg/S.gpg-agent.browser"},
    {"PGHOST", "psql", "/.s.PGSQL.5432"},
    {"PGDATA", "postgres", "/.s.PGSQL.5432"},
    {"XDG_RUNTIME_DIR", "gpg-agent", "/gnupg/d.xxxxxxxxxxxxxxxxxxxxxxxx/S.gpg-agent.browser"},
    {"XDG_RUNTIME_DIR", "dbus", "/bus"},
    {"XDG_RUNTIME_DIR", "systemd", "/systemd/private"},
    {"XDG_RUNTIME_DIR", "pulseaudio", "/pulse/native"},
    {"XDG_RUNTIME_DIR", "podman", "/podman/podman.sock"},
    {NULL, NULL, NULL},
};
