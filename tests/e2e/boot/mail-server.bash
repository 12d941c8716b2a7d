# shellcheck shell=bash
# The story of a list on a system's own mail server, whichever it is. inside.bash comes first.

: "${list:?inside.bash comes first}"
hostname=mx.example.test

# People with mailboxes on this host.
make_people() {
    local name
    for name in anna bert carla stranger; do useradd --create-home "$name"; done
}

mailbox_has() { grep -F -- "$2" "/var/mail/$1" >/dev/null 2>&1; }

takes_smtp() { ss -ltnH 'sport = :25' | grep . >/dev/null; }

# By SMTP, from an address that no mail server takes for its own host: submit SENDER RECIPIENT SUBJECT
submit() {
    message "$1" "$2" "$3" | python3 -c '
import smtplib, sys
with smtplib.SMTP("127.0.0.1", 25, source_address=("127.0.0.2", 0)) as server:
    server.sendmail(sys.argv[1], [sys.argv[2]], sys.stdin.buffer.read().replace(b"\n", b"\r\n"))' "$1" "$2"
}

# What must come of posts; the arguments are a command that has the mail server try its queue again now.
tell_story() {
    step 'a post comes to every member, once and whole'
    submit anna@$hostname "$list" 'Dinner on Friday'
    local name
    for name in anna bert carla; do
        await mailbox_has $name 'Subject: Dinner on Friday'
        same "copies for $name" 1 "$(grep -c '^Subject: Dinner on Friday' /var/mail/$name)"
        mailbox_has $name 'List-Id:'
        mailbox_has $name 'nobody but the members may read this'
    done

    step 'so does one by the sendmail command'
    message bert@$hostname "$list" 'By sendmail' | /usr/sbin/sendmail -i -f bert@$hostname "$list"
    for name in anna bert carla; do await mailbox_has $name 'Subject: By sendmail'; done

    step 'the journal has one line about it, and never what was said'
    await journal_has '<Dinner-on-Friday@example.org>'
    same 'lines about the post' 1 "$(journal | grep -c '<Dinner-on-Friday@example.org>')"
    journal | grep '<Dinner-on-Friday@example.org>' | grep -F "$list"
    same 'lines by the field MSGID' 1 \
        "$(journalctl --quiet --no-pager --output=cat MSGID='<Dinner-on-Friday@example.org>' | wc -l)"
    if journalctl --no-pager --output=export | grep --text 'nobody but the members'; then fail 'the journal has the body'; fi

    step 'who may not post gets it back with the reason; an unknown address is refused at once'
    submit stranger@$hostname "$list" 'Buy now'
    await mailbox_has stranger 'only members may post to this list'
    mailbox_has stranger 5.7.2
    refused submit anna@$hostname nothing@lists.example.org 'Is anybody there'
    for name in anna bert carla; do refused mailbox_has $name 'Buy now'; done
    await journal_has '<Buy-now@example.org> refuse'

    step 'a bounce to the list goes to nobody, and nobody answers it'
    message mailer-daemon@$hostname "$list" 'Undelivered mail' | /usr/sbin/sendmail -i -f '<>' "$list"
    await journal_has '<Undelivered-mail@example.org>'

    step 'while mailjam is stopped the mail server keeps the mail'
    systemctl stop mailjamd.socket mailjamd.service
    submit carla@$hostname "$list" 'Are you there'
    await was_put_off
    systemctl start mailjamd.socket
    "$@"
    for name in anna bert carla; do await mailbox_has $name 'Subject: Are you there'; done

    step 'nobody got anything twice, or what was not for members'
    for name in anna bert carla; do
        same "mail of $name" 3 "$(grep -c '^Subject: ' /var/mail/$name)"
    done
    nothing_failed
}
