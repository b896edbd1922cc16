#!/usr/bin/env bash
# Makes .venv with the package and what its tests need, or leaves it alone
# when it is up to date. Prints the path of its interpreter as the last line.
#   PYTHON=python3.12 bash tools/make_env.sh    # a certain interpreter
#   VENV=/somewhere bash tools/make_env.sh      # another place
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="${VENV:-$ROOT/.venv}"
STAMP="$VENV/.ipmot_mm_stamp"

# A name on the PATH may be a launcher without an interpreter behind it, so
# each candidate has to prove itself. 3.11 first: the pins were made with it.
find_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3.10 python3.13 \
                     python3 python}; do
        if "$candidate" -c 'import sys, venv, ensurepip
sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    echo "error: no Python 3.10 to 3.13 with venv found (tried" \
        "${PYTHON:-python3.10 to python3.13}); install one, e.g." \
        "'apt-get install python3 python3-venv', or name it in PYTHON" >&2
    return 1
}

# Changes with anything that decides what is installed, or where from.
fingerprint() {
    (cd "$ROOT" && echo "$ROOT" && cat setup.py pyproject.toml \
        ipmot_mm/version.py requirements/*.txt) | cksum
}

is_ready() {
    [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(fingerprint)" ] &&
        "$VENV/bin/python" -c '' 2>/dev/null
}

install_package() {
    local python
    python="$(find_python)"
    rm -rf "$VENV"
    "$python" -m venv "$VENV"
    "$VENV/bin/python" -m pip install -qq \
        --constraint "$ROOT/requirements/lock.txt" \
        --editable "$ROOT[lite,tests]"
    # Two whose requirements cannot be met by today's Python (docs/mmtrack.md,
    # docs/mim.md); what they need is in requirements/tests.txt.
    "$VENV/bin/python" -m pip install -qq --no-deps \
        mmtrack==1.0.0rc1 openmim==0.3.9
    use_headless_opencv_if_needed
    "$VENV/bin/python" -c 'import cv2, ipmot_mm, mmdet.models'
    fingerprint > "$STAMP"
}

# opencv-python wants libGL from the system, which a bare machine lacks.
use_headless_opencv_if_needed() {
    local version
    if ! "$VENV/bin/python" -c 'import cv2' 2>/dev/null; then
        version="$("$VENV/bin/python" -c 'from importlib.metadata import version
print(version("opencv-python"))')"
        "$VENV/bin/python" -m pip uninstall -qq --yes opencv-python
        "$VENV/bin/python" -m pip install -qq --no-deps \
            "opencv-python-headless==$version"
    fi
}

if is_ready; then
    echo "environment ready: $VENV" >&2
else
    echo "making the environment in $VENV (some minutes)" >&2
    install_package >&2
fi
echo "$VENV/bin/python"
