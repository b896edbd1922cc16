#!/usr/bin/env bash
# Runs the whole CPU test suite in an environment of its own; arguments go to
# pytest, e.g. `bash tools/run_tests.sh tests/test_compat -k checkpoint`.
#   WORKERS=4 TIMEOUT=1800 (seconds) can be set.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
PYTHON="$(bash tools/make_env.sh | tail -n 1)"

# One thread per worker: spinning threads slow small models down manifold.
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
export CUDA_VISIBLE_DEVICES=-1

exec timeout --foreground "${TIMEOUT:-1800}" "$PYTHON" -m pytest \
    -n "${WORKERS:-2}" --dist loadfile -q --durations 10 "$@"
