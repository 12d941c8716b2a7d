# shellcheck shell=bash
# What scenarios and debian/tests have in common. They run as root, on a system that has systemd and may be thrown away.

set -Eeuo pipefail
trap 'printf "failed in line %s of %s: %s\n" "$LINENO" "${BASH_SOURCE[0]}" "$BASH_COMMAND" >&2' ERR
export LC_ALL=C.UTF-8

here=$(dirname "${BASH_SOURCE[0]}")
list=talk@lists.example.org
mta=/usr/libexec/mailjam/mailjam-mta

step() { printf -- '-- %s\n' "$*"; }

# A figure that is worth to be seen although nothing failed.
figure() { printf 'figure: %s\n' "$*"; }

# What could not be shown on this machine.
skipped() { printf 'skipped: %s\n' "$*"; }

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# Waits for a command to succeed, a minute at most.
await() {
    local deadline=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $deadline ] || fail "waited in vain for: $*"
        sleep 0.05
    done
}

# The command must fail.
refused() {
    if "$@" >/dev/null 2>&1; then fail "should not have worked: $*"; fi
}

# Two things must be the same: same WHAT WANTED FOUND
same() {
    [ "$2" = "$3" ] || fail "$1: '$3' and not '$2'"
}

property() { systemctl show --property="$2" --value "$1"; }
is() { [ "$(property "$1" ActiveState)" = "$2" ]; }

# Those without debugging symbols.
debs_in() { find "$1" -name '*.deb' ! -name '*-dbgsym_*'; }

# install_packages DIR
install_packages() {
    # shellcheck disable=SC2046 # words
    dpkg -i $(debs_in "$1") >/tmp/dpkg.log 2>&1 || {
        cat /tmp/dpkg.log >&2
        fail 'dpkg -i failed'
    }
}

# message SENDER RECIPIENT SUBJECT
message() {
    printf 'From: %s\nTo: %s\nSubject: %s\nDate: %s\nMessage-ID: <%s@example.org>\n\n' \
        "$1" "$2" "$3" 'Mon, 01 Jun 2026 10:00:00 +0000' "${3// /-}"
    printf 'Hello everybody,\n\nnobody but the members may read this.\n'
}

# Hands standard input over as a mail server's pipe transport does: with the rights of mailjam-mta and no others.
# hand_over SENDER RECIPIENT
hand_over() {
    setpriv --reuid=mailjam-mta --regid=mailjam-mta --clear-groups "$mta" --sender "$1" -- "$2"
}

# post SENDER RECIPIENT SUBJECT: hands over, and shows the exit code.
post() {
    local code=0
    message "$1" "$2" "$3" | hand_over "$1" "$2" >/tmp/answer 2>&1 || code=$?
    printf '%s\n' "$code"
}

# The list with three members at mx.example.test.
make_list() {
    mailjam-cli list create "$list" --owner root@mx.example.test
    mailjam-cli member add "$list" anna@mx.example.test bert@mx.example.test carla@mx.example.test
}

# The address of the mail server that mailjamd is told to use.
set_smtp_server() { sed -i "s|^server = .*|server = \"$1\"|" /etc/mailjam/mailjam.toml; }

# A mail server with the folder $1, which takes down who got what; its address is in $sink.
start_sink() {
    mkdir "$1"
    "$here/count-mail" "$1" >"$1/log" 2>&1 &
    await test -e "$1/port"
    # shellcheck disable=SC2034 # scenarios use it
    sink=127.0.0.1:$(cat "$1/port")
}

# Subjects of the copies that member $2 got, by the mail server in $1.
received() { sed -n "s/^$2 //p" "$1/copies"; }

# What mailjamd said in the journal, fields and all.
journal() { journalctl --quiet --no-pager --output=cat SYSLOG_IDENTIFIER=mailjamd; }
journal_has() { journal | grep -F -- "$1" >/dev/null; }

listening() { [ -S "/run/mailjam/$1.sock" ] && ss -lxH "src /run/mailjam/$1.sock" | grep . >/dev/null; }

sockets_are_up() {
    local unit
    for unit in mailjamd.socket mailjamd-control.socket mailjamd-web.socket; do
        is "$unit" active || return 1
    done
    listening mta && listening control && listening web
}

nothing_failed() { same 'failed units' '' "$(systemctl --failed --no-legend --plain)"; }

# ---- posts by the hundred

# start_load WORKERS: each hands over one post after the other until stop_load, and writes "CODE SUBJECT" into a file of
# $load. One whose code is not 0 is handed over again, as a mail server does.
start_load() {
    load=$(mktemp -d)
    chmod 755 "$load"
    workers=()
    local worker
    for worker in $(seq "$1"); do
        load_worker "$worker" >"$load/codes.$worker" 2>"$load/errors.$worker" &
        workers+=($!)
    done
}

load_worker() {
    local number=0 code
    trap - ERR
    until [ -e "$load/stop" ]; do
        number=$((number + 1))
        while
            code=0
            message anna@mx.example.test "$list" "post $1 $number" |
                hand_over anna@mx.example.test "$list" >"$load/said.$1" 2>&1 || code=$?
            echo "$code post $1 $number"
            [ $code != 0 ]
        do cat "$load/said.$1" >&2; done
    done
}

# Posts that were acknowledged so far.
acknowledged() { cat "$load"/codes.* | sed -n 's/^0 //p' | sort; }
load_reached() { [ "$(acknowledged | wc -l)" -ge "$1" ]; }

stop_load() {
    : >"$load/stop"
    wait "${workers[@]}"
}

# What mailjam-mta said whenever it did not succeed.
load_errors() { cat "$load"/errors.*; }

# Every code of the load, with how often it came.
load_codes() { cat "$load"/codes.* | cut -d' ' -f1 | sort | uniq -c | awk '{ printf "%s%s times %s", sep, $1, $2; sep = ", " }'; }

# Every member of the list has all acknowledged posts, by the mail server in $1.
all_delivered() {
    local member
    for member in anna bert carla; do
        [ -z "$(comm -23 <(acknowledged) <(received "$1" "$member@mx.example.test" | sort))" ] || return 1
    done
}

# Copies that came again, by the mail server in $1.
duplicates() { sort "$1/copies" | uniq -d; }
