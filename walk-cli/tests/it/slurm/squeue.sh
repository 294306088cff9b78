#!/bin/sh
# A stand-in for squeue. `tasks/JOB/state` in $FAKE_SLURM is what to say of a job in place of what
# its process tells; `blind` is how often to fail, `dark` has it fail for as long as it is there.
set -eu
cd "$FAKE_SLURM"
if [ -e dark ]; then exit 1; fi
if [ -s blind ]; then
    sed -i 1d blind
    echo "slurm_load_jobs error: Unable to contact slurm controller" >&2
    exit 1
fi
name=
for word; do
    case $word in --name=*) name=${word#*=} ;; esac
done
for task in tasks/*; do
    [ -e "$task/pid" ] && [ "$(cat "$task/name")" = "$name" ] || continue
    if [ -e "$task/state" ]; then
        state=$(cat "$task/state")
    elif kill -0 "$(cat "$task/pid")" 2> /dev/null; then
        state=RUNNING
    else
        state=COMPLETED
    fi
    echo "${task#tasks/}|$(cat "$task/comment")|$state|n1|None"
done
