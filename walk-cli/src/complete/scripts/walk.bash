# Completes walk's command line in bash. To have it in every shell:
#   walk completions bash > ~/.local/share/bash-completion/completions/walk

_walk() {
    local index word kind value rest=$COMP_LINE words=()
    COMPREPLY=()
    # COMP_WORDS splits at colons and equal signs: what no space separates is one word.
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if ((index == COMP_CWORD)); then
            # Up to the cursor.
            local after=${COMP_LINE:COMP_POINT}
            after=${after%%[[:space:]]*}
            word=${word%"$after"}
        fi
        if ((index == 0)) || [[ $rest == [[:space:]]* || -z $rest ]]; then
            words+=("$word")
        else
            words[-1]+=$word
        fi
        rest=${rest#"${rest%%[![:space:]]*}"}
        rest=${rest#"$word"}
    done
    # Of the word at the cursor bash replaces only what is after the last colon or equal sign.
    local current=${words[-1]} kept=
    case $COMP_WORDBREAKS in *:*) [[ $current == *:* ]] && kept=${current%"${current##*:}"} ;; esac
    case $COMP_WORDBREAKS in
    *=*) [[ ${current#"$kept"} == *=* ]] && kept+=${current#"$kept"} && kept=${kept%"${kept##*=}"} ;;
    esac
    {
        IFS= read -r kind
        while IFS=$'\t' read -r value _; do
            printf -v value %q "${value#"$kept"}"
            COMPREPLY+=("$value")
        done
    } < <("$1" __complete "${words[@]:1}" 2>/dev/null)
    case $kind in
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
    *) [[ ${#COMPREPLY[@]} -eq 1 && $COMPREPLY == *[:/=] ]] && compopt -o nospace ;;
    esac 2>/dev/null
    return 0
}
complete -F _walk walk
