# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mailjam_cli_global_optspecs
    string join \n server= token-file= json no-color h/help V/version
end

function __fish_mailjam_cli_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mailjam_cli_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mailjam_cli_using_subcommand
    set -l cmd (__fish_mailjam_cli_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -s V -l version -d 'Print version'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "list" -d 'Mailing lists and their settings'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "member" -d 'Members of lists'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "role" -d 'Owners and moderators of lists, admins of the site'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "domain" -d 'Domains that lists live in'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "queue" -d 'What is on its way to members'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "explain" -d 'Say what would happen to a message, rule by rule; sends nothing'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "check" -d 'Say whether the mail server should take a message, by its envelope'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "resolve" -d 'Say which list and extension an address means'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "token" -d 'Tokens for programs that come over TCP'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "server" -d 'The daemon: is it there, how is it doing'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "mta-config" -d 'What to write into the configuration of the mail server'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "call" -d 'Call any method and print what it answers, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "list" -d 'Show all lists'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "show" -d 'Show one list'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "get" -d 'Show one list'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "create" -d 'Create a list'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "set" -d 'Change settings of a list'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "update" -d 'Change settings of a list'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "settings" -d 'Explain all settings'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "delete" -d 'Delete a list with its members, roles and queue'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "rename" -d 'Give a list another address'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "close" -d 'Refuse posts until the list is reopened'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and not __fish_seen_subcommand_from list show get create set update settings delete rename close reopen" -f -a "reopen" -d 'Take posts again'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from list" -l filter -d 'Only those that contain TEXT, in any case' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from list" -l limit -d 'Stop after N' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from list" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from list" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from list" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from list" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from show" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from show" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from show" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from show" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from get" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from get" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from get" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from get" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from create" -l owner -d 'Owner of the list; may be repeated' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from create" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from create" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from create" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from create" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from set" -l if-revision -d 'Refuse if somebody else has changed the list since' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from set" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from set" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from set" -l dry-run -d 'Say what would change, change nothing'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from set" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from set" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from update" -l if-revision -d 'Refuse if somebody else has changed the list since' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from update" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from update" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from update" -l dry-run -d 'Say what would change, change nothing'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from update" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from update" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from settings" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from settings" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from settings" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from settings" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from settings" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from delete" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from delete" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from delete" -l yes -d 'Do not ask'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from delete" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from delete" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from rename" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from rename" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from rename" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from rename" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from close" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from close" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from close" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from close" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from close" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from reopen" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from reopen" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from reopen" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from reopen" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand list; and __fish_seen_subcommand_from reopen" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "list" -d 'Show the members of a list'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "get" -d 'Show one member'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "show" -d 'Show one member'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "add" -d 'Add members'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "update" -d 'Change name or mode of a member'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "remove" -d 'Remove members'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "import" -d 'Add the members that a file names'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "sync" -d 'Make the members exactly those that a file names'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "find" -d 'Show all lists that somebody is a member of'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and not __fish_seen_subcommand_from list get show add update remove import sync find change-address" -f -a "change-address" -d 'Give a member another address on all lists'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from list" -l filter -d 'Only those that contain TEXT, in any case' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from list" -l limit -d 'Stop after N' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from list" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from list" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from list" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from list" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from get" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from get" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from get" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from get" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from show" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from show" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from show" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from show" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from add" -l name -d 'Name for people' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from add" -l mode -d 'post: gets every post; nomail: a member who gets none' -r -f -a "post\t''
nomail\t''"
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from add" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from add" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from add" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from add" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from update" -l name -d 'Name for people' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from update" -l mode -d 'post: gets every post; nomail: a member who gets none' -r -f -a "post\t''
nomail\t''"
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from update" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from update" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from update" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from update" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from remove" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from remove" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from remove" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from remove" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from import" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from import" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from import" -l dry-run -d 'Say what would change, change nothing'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from import" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from import" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from sync" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from sync" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from sync" -l dry-run -d 'Say what would change, change nothing'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from sync" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from sync" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from find" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from find" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from find" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from find" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from find" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from change-address" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from change-address" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from change-address" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from change-address" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand member; and __fish_seen_subcommand_from change-address" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and not __fish_seen_subcommand_from list grant revoke" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and not __fish_seen_subcommand_from list grant revoke" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and not __fish_seen_subcommand_from list grant revoke" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and not __fish_seen_subcommand_from list grant revoke" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and not __fish_seen_subcommand_from list grant revoke" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and not __fish_seen_subcommand_from list grant revoke" -f -a "list" -d 'Show who has a role'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and not __fish_seen_subcommand_from list grant revoke" -f -a "grant" -d 'Give somebody a role'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and not __fish_seen_subcommand_from list grant revoke" -f -a "revoke" -d 'Take a role away'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from list" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from list" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from list" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from list" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from grant" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from grant" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from grant" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from grant" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from grant" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from revoke" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from revoke" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from revoke" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from revoke" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand role; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -f -a "list" -d 'Show all domains'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -f -a "get" -d 'Show one domain'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -f -a "show" -d 'Show one domain'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -f -a "create" -d 'Create a domain'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -f -a "update" -d 'Change a domain'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and not __fish_seen_subcommand_from list get show create update delete" -f -a "delete" -d 'Delete a domain that has no lists'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from list" -l filter -d 'Only those that contain TEXT, in any case' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from list" -l limit -d 'Stop after N' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from list" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from list" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from list" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from list" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from get" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from get" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from get" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from get" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from show" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from show" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from show" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from show" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from create" -l description -d 'One line for people' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from create" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from create" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from create" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from create" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from update" -l description -d 'One line for people' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from update" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from update" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from update" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from update" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from delete" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from delete" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from delete" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from delete" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand domain; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -f -a "list" -d 'Show the queue, oldest first'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -f -a "show" -d 'Show one item and the recipients that wait or were refused'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -f -a "get" -d 'Show one item and the recipients that wait or were refused'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -f -a "retry" -d 'Try deferred recipients again now'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and not __fish_seen_subcommand_from list show get retry drop" -f -a "drop" -d 'Remove an item; who has not got it never will'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from list" -l list -d 'Only items of this list' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from list" -l state -d 'Only items in this state; else all but done ones' -r -f -a "sending\t''
waiting\t''
done\t''
quarantined\t''"
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from list" -l limit -d 'Stop after N' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from list" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from list" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from list" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from list" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from show" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from show" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from show" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from show" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from get" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from get" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from get" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from get" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from retry" -l id -d 'Recipients of this item' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from retry" -l list -d 'Recipients of this list\'s items' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from retry" -l domain -d 'Recipients in this domain' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from retry" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from retry" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from retry" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from retry" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from drop" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from drop" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from drop" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from drop" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand queue; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand explain" -l sender -d 'Envelope sender; empty for the null return path' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand explain" -l output -d 'Write the copy that would be sent to FILE; - for nothing else on standard output' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand explain" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand explain" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand explain" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand explain" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand explain" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand check" -l sender -d 'Envelope sender; empty for the null return path' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand check" -l size -d 'Size of the message' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand check" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand check" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand check" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand check" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand check" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand resolve" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand resolve" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand resolve" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand resolve" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand resolve" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "create" -d 'Create a token and show its secret, this once'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "list" -d 'Show all tokens, without their secrets'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "revoke" -d 'Make a token worthless'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from create" -l scope -d 'mta, read, metrics, moderate:LIST, owner:LIST or admin' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from create" -l expires -d 'When it stops working: a date or time such as 2027-01-31, or from now on, such as 30d or 1y; else never' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from create" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from create" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from create" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from create" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from list" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from list" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from list" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from list" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from revoke" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from revoke" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from revoke" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from revoke" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -f -a "info" -d 'Show versions, uptime and process id'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -f -a "ping" -d 'Ask whether the daemon answers'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -f -a "stats" -d 'Count what is stored and what happened since the start'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and not __fish_seen_subcommand_from info ping stats reload" -f -a "reload" -d 'Have the daemon read its configuration again'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from info" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from info" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from info" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from info" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from info" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from ping" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from ping" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from ping" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from ping" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from ping" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from stats" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from stats" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from stats" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from stats" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from reload" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from reload" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from reload" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from reload" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand server; and __fish_seen_subcommand_from reload" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and not __fish_seen_subcommand_from postfix" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and not __fish_seen_subcommand_from postfix" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and not __fish_seen_subcommand_from postfix" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and not __fish_seen_subcommand_from postfix" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and not __fish_seen_subcommand_from postfix" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and not __fish_seen_subcommand_from postfix" -f -a "postfix" -d 'Lines for master.cf and main.cf, explained; with --maps the table of addresses'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l maps -d 'Write the table of all addresses to FILE instead, or to standard output' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l part -d 'Only the lines for this file; else for both' -r -f -a "master.cf\t''
main.cf\t''"
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l domain -d 'Domain that has only lists; may be repeated; else those that the daemon knows' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l table -d 'Where the table of addresses will be' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l mta -d 'Where mailjam-mta is installed' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l config -d 'Configuration of mailjam-mta, if not /etc/mailjam/mta.conf' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l user -d 'Who mailjam-mta runs as' -r
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand mta-config; and __fish_seen_subcommand_from postfix" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand call" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand call" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand call" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand call" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand call" -s h -l help -d 'Print help'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand completions" -l server -d 'Daemon to talk to, unix:/path or http://host:port' -r -f
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand completions" -l token-file -d 'File with the token for an http server' -r -F
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand completions" -l json -d 'Print what the daemon answered, as JSON'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand completions" -l no-color -d 'No colours, as with NO_COLOR'
complete -c mailjam-cli -n "__fish_mailjam_cli_using_subcommand completions" -s h -l help -d 'Print help'
