#!/usr/bin/env bash
# bash tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [arguments of test.py]
#   GPUS (8 in all), GPUS_PER_NODE (at most 8), CPUS_PER_TASK (5), PORT (29500)
#   and SRUN_ARGS can be set. GRES is gpu:<GPUs per node>; GRES= (empty) asks
#   for none, and GPUS is then the number of processes on the CPU.
set -euo pipefail

if [ $# -lt 4 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG CHECKPOINT [arguments]" >&2
    exit 2
fi
GPUS="${GPUS:-8}"
PER_NODE="${GPUS_PER_NODE:-8}"
PER_NODE=$((GPUS < PER_NODE ? GPUS : PER_NODE))
GRES="${GRES-gpu:$PER_NODE}"
TOOLS="$(dirname "${BASH_SOURCE[0]}")"

export PYTHONPATH="$TOOLS/..:${PYTHONPATH:-}"
export MASTER_PORT="${PORT:-${MASTER_PORT:-29500}}"
# SRUN_ARGS is a list of words, therefore without quotes.
exec srun \
    --partition="$1" \
    --job-name="$2" \
    ${GRES:+"--gres=$GRES"} \
    --ntasks="$GPUS" \
    --ntasks-per-node="$PER_NODE" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" \
    --kill-on-bad-exit=1 \
    ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$TOOLS/test.py" "$3" "$4" \
    --launcher slurm "${@:5}"
