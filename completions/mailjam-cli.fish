# Completion of mailjam-cli for fish, as "mailjam-cli completions fish" prints it.
#
# The program itself knows what fits. Without it nothing is completed.

function __mailjam_cli_complete
    set -l words (commandline -opc)
    # Variables that are set for this one command.
    while string match -q -- '*=*' "$words[1]"
        set -e words[1]
    end
    command -q -- $words[1]; or return
    set -l typed (commandline -ct)
    # The word without its quotes, one of which may still be open.
    set -l word "$typed"
    for quote in '' \' \"
        if set -l plain (string unescape -- "$typed$quote")
            set word "$plain"
            break
        end
    end
    # "files N" or nothing on the first line, a completion with its description on each one behind it.
    set -l lines (command $words[1] complete fish $words[2..-1] "$word" 2>/dev/null </dev/null)
    if string match -q 'files *' -- "$lines[1]"
        # What fish does for a command that it knows nothing of.
        complete -C "'' $typed"
    else
        string join -- \n $lines[2..-1]
    end
end

complete -c mailjam-cli -f -k -a '(__mailjam_cli_complete)'
