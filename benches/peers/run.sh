#!/bin/sh
# Makes a Python environment with SciPy and runs both sides of every comparison, by turns on this machine.
#     benches/peers/run.sh [word of a name] [--strict]
# Skipped with a message where there is no Python, or no SciPy can be had.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
if ! command -v "$python" >/dev/null 2>&1; then
    echo "peers: there is no $python on this machine: skipped"
    exit 0
fi
env=${CARGO_TARGET_DIR:-target}/peers/env
if ! [ -x "$env/bin/python" ]; then
    "$python" -m venv "$env" || { echo "peers: no virtual environment can be made: skipped"; exit 0; }
fi
"$env/bin/python" -m pip install -q -r benches/peers/requirements.txt ||
    { echo "peers: SciPy cannot be installed here: skipped"; exit 0; }
# both sides on one thread
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
PEERS_PYTHON="$(pwd)/$env/bin/python"
case "$env" in /*) PEERS_PYTHON="$env/bin/python" ;; esac
export PEERS_PYTHON
exec cargo bench --bench peers -- "$@"
