#!/usr/bin/env bash
# All that the studies of configs/studies start from and that is not part of
# the repository: the domains of SynthMOT, the small CLIP and the plain
# Deformable DETR, trained in the domain "world", which no test sees. What is
# there already is kept.
#   bash tools/prepare_study.sh                 # about 20 minutes on 2 CPU cores
#   bash tools/prepare_study.sh --retrain       # the DAB detector of checkpoints/, too
#   bash tools/prepare_study.sh --no-detectors  # what quickstart.sh needs
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
PYTHON="${PYTHON:-python}"
export IPMOT_SYNTHMOT="${IPMOT_SYNTHMOT:-data/synthmot-study}" OMP_NUM_THREADS=1
# For quickstart.sh --short: videos to train on and to test on in each domain,
# those for CLIP, its steps, and where it goes.
NUM_TRAIN="${NUM_TRAIN:-20}" NUM_VAL="${NUM_VAL:-8}"
NUM_WORLD="${NUM_WORLD:-400}" NUM_STEPS="${NUM_STEPS:-600}"
OUT=work_dirs/pretrain
CLIP="${CLIP:-$OUT/clip_tiny_world.pt}"
CLIP_THREADS=1
case "${1:-}" in
"") KINDS=(deformable) ;;
--retrain) KINDS=(deformable dab) ;;
--no-detectors) KINDS=() CLIP_THREADS=2 ;;
*)
    echo "usage: bash tools/prepare_study.sh [--retrain | --no-detectors]" >&2
    exit 2
    ;;
esac
mkdir -p "$OUT" "$(dirname "$CLIP")"

draw() { "$PYTHON" tools/dataset_converters/make_synthmot.py "$@"; }
if [ ${#KINDS[@]} -gt 0 ]; then
    draw "$IPMOT_SYNTHMOT" --domains world --num-train 800 --num-val 20 --num-frames 4
fi
draw "$IPMOT_SYNTHMOT" --domains street --num-train "$NUM_TRAIN" \
    --num-val "$NUM_VAL" --num-frames 40
draw "$IPMOT_SYNTHMOT" --domains crowd dance --num-train 1 \
    --num-val "$NUM_VAL" --num-frames 40
# more frames of fewer scenes: several crops of each person
draw "$IPMOT_SYNTHMOT/clip" --domains world --num-train "$NUM_WORLD" \
    --num-val $((NUM_WORLD * 3 / 20)) --num-frames 8

# One core for each detector; a run that was interrupted goes on.
PIDS=()
for KIND in ${KINDS[@]+"${KINDS[@]}"}; do
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
if [ ! -e "$CLIP" ]; then
    "$PYTHON" tools/train_clip.py configs/_base_/models/ipmot_dab_small.py \
        --num-threads "$CLIP_THREADS" --num-steps "$NUM_STEPS" \
        --data-root "$IPMOT_SYNTHMOT/clip/world" --out "$CLIP"
fi
for PID in ${PIDS[@]+"${PIDS[@]}"}; do wait "$PID"; done
