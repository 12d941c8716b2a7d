# Completion of mailjam-cli for bash, as "mailjam-cli completions bash" prints it.
#
# The program itself knows what fits, down to the quotes. It is given the line and not COMP_WORDS, so that it does not
# matter what COMP_WORDBREAKS is and whether the package bash-completion is there. Without the program nothing is completed.

_mailjam_cli() {
    # An option for compopt on the first line, a completion on each one behind it.
    mapfile -t COMPREPLY <<<"$(command "$1" complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)"
    if [[ -n ${COMPREPLY[0]} ]]; then
        compopt -o "${COMPREPLY[0]}" 2>/dev/null
    fi
    COMPREPLY=("${COMPREPLY[@]:1}")
}

complete -F _mailjam_cli mailjam-cli
