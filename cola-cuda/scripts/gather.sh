#!/usr/bin/env bash
# Builds what a GPU machine with a driver and the CUDA libraries needs, strips it and puts it into a folder with a script that runs it:
#   cola-cuda/scripts/gather.sh target/for-gpu && scp -r target/for-gpu gpu: && ssh gpu for-gpu/run
# The machine needs glibc 2.34 or later, and NVRTC, cuBLAS, cuSOLVER, cuSPARSE and cuFFT on its library path (the toolkit, or
# `pip install nvidia-cuda-nvrtc==13.0.88 nvidia-cublas nvidia-cusolver nvidia-cusparse nvidia-cufft` of CUDA 13.0).
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:?usage: gather.sh FOLDER}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$here"
cargo build --release -p cola-cuda --bin gpu-bench
target=${CARGO_TARGET_DIR:-target}
tests=$(cargo test --release -p cola-cuda --test gpu --no-run 2>&1 | sed -n 's/.*(\(.*\/gpu-[0-9a-f]*\)).*/\1/p')
[ -n "$tests" ] || { echo "the test binary was not found" >&2; exit 1; }
strip -o "$out/gpu-tests" "$tests"
strip -o "$out/gpu-bench" "$target/release/gpu-bench"
cat > "$out/run" <<'RUN'
#!/usr/bin/env bash
# Tests on the device, memory and race checks where compute-sanitizer is there, then the measurements. With words (tests, check, bench)
# only these; what follows `bench` chooses parts of gpu-bench. A part that fails does not keep the others from running.
set -uo pipefail
cd "$(dirname "$0")"
wheels=$(python3 -c 'import nvidia,glob; print(":".join(sorted({d for p in nvidia.__path__ for d in glob.glob(p+"/*/lib")})))' 2>/dev/null || true)
export LD_LIBRARY_PATH="${wheels:+$wheels:}${LD_LIBRARY_PATH:-}" COLA_REQUIRE_GPU=1 COLA_CUDA_CACHE="$PWD/cache"
what=${1:-all}
[ $# -gt 0 ] && shift
failed=0
part() { "$@" || { echo "FAILED: $*"; failed=1; }; }
case $what in all|tests) part ./gpu-tests --test-threads=1 ;; esac
case $what in all|check)
  if command -v compute-sanitizer >/dev/null; then
    # what NVIDIA's libraries do among themselves is not ours: racecheck warns of cuSPARSE's products. The option's name depends on the version.
    exclude=$(compute-sanitizer --help | grep -o -m1 -e '--kernel-[a-z]*-exclude' || true)
    for tool in memcheck racecheck; do
      part compute-sanitizer --tool $tool --error-exitcode 1 ${exclude:+"$exclude" kns=cusparse} ./gpu-tests --test-threads=1 --exact fused vectors operators structures dense complex krylov subspaces
    done
  else
    echo "compute-sanitizer was not found: no memory and race checks"
  fi ;;
esac
case $what in all|bench) part ./gpu-bench "$@" ;; esac
exit $failed
RUN
chmod +x "$out/run"
ls -l "$out"
