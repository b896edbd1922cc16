#!/usr/bin/env bash
# bash tools/dist_train.sh CONFIG GPUS [arguments of train.py]
# Without a GPU it starts GPUS processes on the CPU.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG GPUS [arguments of train.py]" >&2
    exit 2
fi
CONFIG=$1
GPUS=$2
TOOLS="$(dirname "${BASH_SOURCE[0]}")"

PYTHONPATH="$TOOLS/..:${PYTHONPATH:-}" ${PYTHON:-python} \
    -m torch.distributed.run \
    --nnodes="${NNODES:-1}" \
    --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" \
    --master_port="${PORT:-29500}" \
    --nproc_per_node="$GPUS" \
    "$TOOLS/train.py" "$CONFIG" --launcher pytorch "${@:3}"
