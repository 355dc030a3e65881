# bash completion for heapgate. Commands and options come from heapgate's own --help, so they are never stale.
# shellcheck shell=bash

_heapgate_commands() { # PROGRAM
    "$1" --help 2>/dev/null | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p'
}

_heapgate_options() { # PROGRAM COMMAND
    "$1" "$2" --help 2>/dev/null | grep -oE -- '--[a-z][a-z-]*' | sort -u
}

# The names of the project's scenarios, from wherever below its root the user is.
_heapgate_scenarios() {
    local folder=$PWD file
    while [ -n "$folder" ] && [ ! -d "$folder/scenarios" ]; do
        folder=${folder%/*}
    done
    for file in "$folder"/scenarios/*.yaml; do
        [ -e "$file" ] || continue
        file=${file##*/}
        printf '%s\n' "${file%.yaml}"
    done
}

_heapgate() {
    local word=${COMP_WORDS[COMP_CWORD]} command='' i
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]} && break; }
    done
    COMPREPLY=()
    if [ -z "$command" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_heapgate_commands "$1") --help --version" -- "$word")
    elif [ "$command" = exec ] && [[ $word != -* || $((i + 1)) -lt $COMP_CWORD ]]; then
        # The command that is watched, and then its files; its options are its own.
        mapfile -t COMPREPLY < <([ "$((i + 1))" -lt "$COMP_CWORD" ] || compgen -c -- "$word"; compgen -f -- "$word")
        compopt -o filenames 2>/dev/null || true
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_heapgate_options "$1" "$command")" -- "$word")
    else
        case $command in
        run | update | list)
            mapfile -t COMPREPLY < <(compgen -W "$(_heapgate_scenarios)" -- "$word")
            ;;
        show | diff | report)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            compopt -o filenames 2>/dev/null || true
            ;;
        esac
    fi
}

complete -F _heapgate heapgate
