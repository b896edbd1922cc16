#!/usr/bin/env bash
# All that the studies of configs/studies start from and that is not part of
# the repository: the domains of SynthMOT, the small CLIP and the plain
# Deformable DETR, trained in the domain "world", which no test sees. What is
# there already is kept.
#   bash tools/prepare_study.sh             # about 20 minutes on 2 CPU cores
#   bash tools/prepare_study.sh --retrain   # the DAB detector of checkpoints/, too
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
PYTHON="${PYTHON:-python}"
export IPMOT_SYNTHMOT="${IPMOT_SYNTHMOT:-data/synthmot-study}" OMP_NUM_THREADS=1
OUT=work_dirs/pretrain
KINDS=(deformable)
if [ "${1:-}" = "--retrain" ]; then
    KINDS+=(dab)
elif [ -n "${1:-}" ]; then
    echo "usage: bash tools/prepare_study.sh [--retrain]" >&2
    exit 2
fi
mkdir -p "$OUT"

draw() { "$PYTHON" tools/dataset_converters/make_synthmot.py "$@"; }
draw "$IPMOT_SYNTHMOT" --domains world --num-train 800 --num-val 20 --num-frames 4
draw "$IPMOT_SYNTHMOT" --domains street --num-train 20 --num-val 8 --num-frames 40
draw "$IPMOT_SYNTHMOT" --domains crowd dance --num-train 1 --num-val 8 --num-frames 40
# more frames of fewer scenes: several crops of each person
draw "$IPMOT_SYNTHMOT/clip" --domains world --num-train 400 --num-val 60 --num-frames 8

# One core for each detector; a run that was interrupted goes on.
PIDS=()
for KIND in "${KINDS[@]}"; do
    [ -e "$OUT/${KIND}_small_world.pth" ] && continue
    CONFIG="configs/synthmot/detector_$KIND-small_1xb16-24e_synthmot-world.py"
    (
        "$PYTHON" tools/train.py "$CONFIG" --work-dir "$OUT/$KIND" --resume \
            --cfg-options randomness.seed=0 \
            > "$OUT/$KIND.log" 2>&1
        "$PYTHON" tools/model_converters/publish_model.py --keep detector \
            --plain "$OUT/$KIND/epoch_24.pth" "$OUT/${KIND}_small_world.pth"
    ) &
    PIDS+=($!)
done
if [ ! -e "$OUT/clip_tiny_world.pt" ]; then
    "$PYTHON" tools/train_clip.py configs/_base_/models/ipmot_dab_small.py \
        --data-root "$IPMOT_SYNTHMOT/clip/world" --out "$OUT/clip_tiny_world.pt"
fi
for PID in ${PIDS[@]+"${PIDS[@]}"}; do wait "$PID"; done
