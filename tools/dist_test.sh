#!/usr/bin/env bash
# bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of test.py]
# bash tools/dist_test.sh CONFIG GPUS --checkpoint CHECKPOINT [arguments]
# Several machines: as for dist_train.sh.
# Without a GPU it starts GPUS processes on the CPU.
set -euo pipefail

usage() {
    echo "usage: $0 CONFIG CHECKPOINT GPUS [arguments of test.py]" \
        "or $0 CONFIG GPUS --checkpoint CHECKPOINT" >&2
    exit 2
}
[ $# -ge 3 ] || usage
CONFIG=$1
if [[ "$2" =~ ^[0-9]+$ ]]; then
    GPUS=$2
    ARGUMENTS=("${@:3}")
else
    GPUS=$3
    ARGUMENTS=("$2" "${@:4}")
fi
[[ "$GPUS" =~ ^[1-9][0-9]*$ ]] || usage
TOOLS="$(dirname "${BASH_SOURCE[0]}")"

# exec: a signal to this script shall reach the processes.
export PYTHONPATH="$TOOLS/..:${PYTHONPATH:-}"
exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$GPUS" \
    "$TOOLS/test.py" "$CONFIG" "${ARGUMENTS[@]}" --launcher pytorch
