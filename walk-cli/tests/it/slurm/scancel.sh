#!/bin/sh
# A stand-in for scancel: SIGTERM to the session of each job.
set -eu
cd "$FAKE_SLURM"
echo "scancel $*" >> calls
for job; do
    kill -TERM -- "-$(cat "tasks/$job/pid")" 2> /dev/null || true
    echo CANCELLED > "tasks/$job/state"
done
