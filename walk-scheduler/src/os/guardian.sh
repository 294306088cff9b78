# Outlives a walk, and ends what that leaves alive. It uses nothing but a shell, `grep` and `sleep`,
# so that whoever links the library has it too.
#
#   $1  what the job ids of the walk begin with
#   $2  how many tenths of a second there are between SIGTERM and SIGKILL
#   $3  the process group of the walk itself, in which others may be as well
#   $4  where tokens of a jobserver go back to, if there is one
#   0   what the walk says: `bye` if nothing is to be done, `end TENTHS`, or nothing if it died
#   1   `+COUNT` tokens that are held, then the children that run, a line each: `-ID` for a group,
#       `ID` for a process, 0 for none
#   2   what has to stay open, such as a lock, for as long as anything is alive

# The pipe of a jobserver is inherited, and its descriptors are often the first: they are left alone.
case $4 in
    */fd/[89]) table_fd=6 && exec 6<&1 7>&2 ;;
    *) table_fd=8 && exec 8<&1 9>&2 ;;
esac
exec >/dev/null 2>&1
trap '' HUP INT QUIT TERM PIPE TSTP
trap 'grace=0' USR1
mark=$1 grace=$2 walk=$3 fifo=$4 tokens=0

# What tells who belongs to the family: `p7` its process 7, `s7.9` its process 7 that started at 9,
# `g7` its group 7.
known=' '

# Adds a process to the table; takes what /proc/PID/stat has after the name.
list() {
    [ $# -gt 20 ] || return
    case $1.${18} in [XZ].[01]) return ;; esac
    table="$table$pid $2 $3 ${20}
"
}

# Lists all processes that are alive.
list_all() {
    table=
    for path in /proc/[0-9]*/stat; do
        pid=${path#/proc/} pid=${pid%/stat} text=
        while read -r line; do text="$text $line"; done <"$path"
        list ${text##*)}
    done
}

# Adds a process of the family to those that signals are sent to: its group, or itself if that is
# the walk's group.
aim() {
    found=yes started="${started}s$1.$4 " known="${known}p$1 "
    if [ "$3" = "$walk" ]; then
        targets="$targets$1 "
    else
        case $targets in *" -$3 "*) return ;; esac
        targets="$targets-$3 " known="${known}g$3 " groups="${groups}g$3 "
    fi
}

# Finds all of the family that are alive: sets `targets`, and fails if there are none.
look() {
    for path in $(grep -lsF "WALK_JOB_ID=$mark." /proc/[0-9]*/environ); do
        path=${path#/proc/}
        known="${known}p${path%/environ} "
    done
    list_all
    targets=' ' started=' ' groups= found=yes
    while [ "$found" ]; do
        found=
        while read -r pid parent group start; do
            case $started in *" s$pid.$start "*) continue ;; esac
            case $known in
                *" s$pid.$start "* | *" p$pid "* | *" p$parent "* | *" g$group "*)
                    aim "$pid" "$parent" "$group" "$start"
                    ;;
            esac
        done <<TABLE
$table
TABLE
    done
    # An id may become somebody else's; a start does not, and groups are looked at again soon.
    known=$started$groups
    [ "$targets" != ' ' ]
}

# Looks again when nobody is seen: who passes himself on may have been between two.
look_again() {
    look || look || look
}

send() {
    kill -s "$1" -- $targets
}

# Sets `now` to hundredths of a second since the system started.
look_at_clock() {
    read -r seconds _ </proc/uptime
    now=$((${seconds%.*} * 100 + 1${seconds#*.} - 100))
}

terminate() {
    send TERM
    send CONT
    look_at_clock
    started_at=$now
    while [ "$((now - started_at))" -lt "$((grace * 10))" ]; do
        sleep 0.05
        look_again || exit 0
        look_at_clock
    done
}

# Stops all first, so that none starts another while it is being killed.
kill_all() {
    tries=0
    while look_again && [ "$tries" -lt 100 ]; do
        send STOP
        look && send KILL
        tries=$((tries + 1))
        [ "$tries" -lt 3 ] || sleep 0.02
    done
}

# Gives back the tokens that the walk held.
give_back() {
    while [ "$tokens" -gt 0 ]; do
        printf + 1<>"$fifo"
        tokens=$((tokens - 1))
    done
}

said=
while read -r verb tenths; do said=$verb grace=${tenths:-$grace}; done
[ "$said" != bye ] || exit 0
while read -r id; do
    case $id in
        -*) known="${known}g${id#-} " ;;
        [1-9]*) known="${known}p$id " ;;
        +*) tokens=${id#+} ;;
    esac
done <&"$table_fd"
trap give_back EXIT
look_again || exit 0
[ "$grace" -eq 0 ] || terminate
kill_all
