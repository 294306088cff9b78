# Completes walk's command line in fish. To have it in every shell:
#   walk completions fish > ~/.config/fish/completions/walk.fish

function __walk_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l current (commandline --current-token --cut-at-cursor)
    set -l program $words[1]
    set -e words[1]
    set -l lines (command $program __complete $words "$current" 2>/dev/null)
    switch "$lines[1]"
        case files
            __fish_complete_path "$current"
        case directories
            __fish_complete_directories "$current"
        case '*'
            set -e lines[1]
            string collect -- $lines
    end
end

complete --command walk --no-files --arguments '(__walk_complete)'
