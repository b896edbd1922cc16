#!/usr/bin/env bash
# bash tools/dist_train.sh CONFIG GPUS [arguments of train.py]
# Several machines, GPUS on each; the same command on all of them, with
#   NNODES=2 NODE_RANK=0 (1, ...) MASTER_ADDR=machine-of-rank-0 PORT=29500
# Without a GPU it starts GPUS processes on the CPU.
set -euo pipefail

if [ $# -lt 2 ] || ! [[ "$2" =~ ^[1-9][0-9]*$ ]]; then
    echo "usage: $0 CONFIG GPUS [arguments of train.py]" >&2
    exit 2
fi
CONFIG=$1
GPUS=$2
TOOLS="$(dirname "${BASH_SOURCE[0]}")"

# exec: a signal to this script shall reach the processes.
export PYTHONPATH="$TOOLS/..:${PYTHONPATH:-}"
exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$GPUS" \
    "$TOOLS/train.py" "$CONFIG" --launcher pytorch "${@:3}"
