#!/usr/bin/env bash
# From nothing to a trained tracker on a laptop: makes the environment, draws
# the data set SynthMOT, trains a small CLIP on it, then the tracker in the
# domain "street", tests it there and in two domains that it never saw, prints
# one table, and writes annotated videos and plots.
#   bash tools/quickstart.sh           # at most 15 minutes on 2 CPU cores
#   bash tools/quickstart.sh --short   # proves the chain; the scores are low
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
CONFIG=configs/synthmot/ipmot_dab-small_2xb2-4e_synthmot-street.py
WORK_DIR=${WORK_DIR:-work_dirs/quickstart}
DATA=data/synthmot-study
OPTIONS=()
if [ "${1:-}" = "--short" ]; then
    WORK_DIR=${WORK_DIR}_short
    DATA=data/synthmot-short
    export CLIP=$WORK_DIR/clip_tiny_world.pt
    export NUM_TRAIN=2 NUM_VAL=1 NUM_WORLD=20 NUM_STEPS=5
    OPTIONS=(train_cfg.max_epochs=1
        "model.track_book.clip.pretrained=$CLIP")
elif [ -n "${1:-}" ]; then
    echo "usage: bash tools/quickstart.sh [--short]" >&2
    exit 2
fi

step() { printf '\n[%02d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$1"; }

step "1/6 environment"
PYTHON="$(bash tools/make_env.sh | tail -n 1)"
# Two processes of one thread beat one process of two threads on small layers.
export OMP_NUM_THREADS=1
export IPMOT_SYNTHMOT="${IPMOT_SYNTHMOT:-$DATA}"

step "2/6 SynthMOT in $IPMOT_SYNTHMOT, and CLIP on persons of other domains"
PYTHON="$PYTHON" bash tools/prepare_study.sh --no-detectors

step "3/6 training in the domain street"
QUIET=(log_level=WARNING default_hooks.progress.only_in_terminal=False)
PYTHON="$PYTHON" PORT="${PORT:-$((20000 + RANDOM % 10000))}" \
    bash tools/dist_train.sh "$CONFIG" 2 --work-dir "$WORK_DIR" \
    --cfg-options "${QUIET[@]}" "${OPTIONS[@]}"
CHECKPOINT="$(cat "$WORK_DIR/last_checkpoint")"

step "4/6 tracking in three domains, two of them never seen"
TESTS=()
for DOMAIN in street crowd dance; do
    "$PYTHON" tools/test.py "$CONFIG" "$CHECKPOINT" \
        --work-dir "$WORK_DIR/$DOMAIN" --cfg-options "${QUIET[@]}" \
        default_hooks.progress.desc="$DOMAIN" \
        test_dataloader.dataset.data_root="$IPMOT_SYNTHMOT/$DOMAIN/val" \
        test_evaluator.outfile_prefix="$WORK_DIR/$DOMAIN/tracks"
    TESTS+=("$DOMAIN=$WORK_DIR/$DOMAIN/tracks/scores.json")
done

step "5/6 videos and plots"
VIDEOS=()
for SEQUENCE in "$IPMOT_SYNTHMOT"/{street,crowd,dance}/val/*-01; do
    VIDEO="$WORK_DIR/$(basename "$SEQUENCE").mp4"
    "$PYTHON" demo/mot_demo.py "$SEQUENCE/img1" "$CONFIG" \
        --checkpoint "$CHECKPOINT" --out "$VIDEO"
    VIDEOS+=("$VIDEO")
done
"$PYTHON" tools/analysis_tools/contact_sheet.py "${VIDEOS[@]}" \
    --out "$WORK_DIR/tracks.jpg"
"$PYTHON" tools/analysis_tools/plot_results.py --work-dir "$WORK_DIR" \
    --scores "$WORK_DIR/street/tracks/scores.json" --out-dir "$WORK_DIR"

step "6/6 trained on street, tested on"
"$PYTHON" tools/analysis_tools/compare_scores.py "${TESTS[@]}"
echo "checkpoint  $CHECKPOINT"
echo "videos      ${VIDEOS[*]}"
echo "picture     $WORK_DIR/tracks.jpg"
echo "plots       $WORK_DIR/losses.png $WORK_DIR/hota_alpha.png"
