#compdef walk
# Completes walk's command line in zsh. To have it in every shell, into a directory of $fpath:
#   walk completions zsh > ~/.zfunc/_walk

_walk() {
    local -a lines typed values shown open open_shown
    local kind line value meaning
    typed=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    lines=("${(@f)$(${words[1]} __complete "${typed[@]}" 2>/dev/null)}")
    kind=$lines[1]
    lines[1]=()
    case $kind in
    files) _files; return ;;
    directories) _files -/; return ;;
    esac
    for line in $lines; do
        value=${line%%$'\t'*}
        meaning=${line#*$'\t'}
        if [[ $value == *[:/=] ]]; then
            open+=("$value")
            open_shown+=("$value${meaning:+  -- $meaning}")
        else
            values+=("$value")
            shown+=("$value${meaning:+  -- $meaning}")
        fi
    done
    (( $#open )) && compadd -l -S '' -d open_shown -a open
    (( $#values )) && compadd -l -d shown -a values
    (( $#open + $#values ))
}

if [[ $funcstack[1] == _walk ]]; then
    _walk "$@"
else
    compdef _walk walk
fi
