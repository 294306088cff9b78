#!/bin/sh
# A stand-in for sbatch: each task of the job is a process of this machine, in a session of its own.
# In $FAKE_SLURM: `calls` gets a line for each call, `refuse` is what to say instead, `lie` is what
# to say although the job was submitted; both are taken away by the call that says them.
set -eu
cd "$FAKE_SLURM"
echo "sbatch $*" >> calls
if [ -e refuse ]; then cat refuse >&2; rm refuse; exit 1; fi
name= comment= output=/dev/null tasks=
for word; do
    case $word in
    --job-name=*) name=${word#*=} ;;
    --comment=*) comment=${word#*=} ;;
    --output=*) output=${word#*=} ;;
    --array=0-*) tasks=${word#*-*-*-} ;;
    esac
    script=$word
done
tasks=$(echo "$*" | sed -n 's/.*--array=0-\([0-9]*\).*/\1/p')
number=100
until mkdir "jobs/$number" 2> /dev/null; do number=$((number + 1)); done
cp "$script" "jobs/$number/script"
start() {
    job=$1 log=$2
    mkdir -p "tasks/$job.new"
    echo "$name" > "tasks/$job.new/name"
    echo "$comment" > "tasks/$job.new/comment"
    (
        SLURM_JOB_ID=$number
        export SLURM_JOB_ID
        # Whoever hears of the job can ask about it.
        until [ -e "tasks/$job/pid" ]; do sleep 0.01; done
        exec setsid sh "jobs/$number/script" > "$log" 2>&1 < /dev/null
    ) &
    echo $! > "tasks/$job.new/pid"
    mv "tasks/$job.new" "tasks/$job"
}
if [ -n "$tasks" ]; then
    for task in $(seq 0 "$tasks"); do
        SLURM_ARRAY_JOB_ID=$number SLURM_ARRAY_TASK_ID=$task
        export SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID
        start "${number}_$task" "$(echo "$output" | sed "s/%a/$task/")"
    done
else
    start "$number" "$output"
fi
if [ -e lie ]; then cat lie >&2; rm lie; exit 1; fi
echo "welcome to the cluster | quota 90%"
echo "$number"
