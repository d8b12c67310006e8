#!/usr/bin/env bash
# What does precision cost? Scores the quick start's solar cells and the magnetic tiles with each precision and prints how
# far image scores move from exact ones, and how well they tell defective parts from whole ones: score_msm, that of mutual
# scoring, and score, that of the report, where RsCIN applies.
#
#   ./examples/precision_table.sh [flags of musc run…]       such as --image-size 224
set -euo pipefail
cd "$(dirname "$0")/.."

musc=${MUSC_COMMAND:-.build/release/musc}
[ -x "$musc" ] || swift build -c release --product musc
"$musc" weights fetch dinov2_vits14 >/dev/null
./examples/solar_cells.sh

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# Nothing is taken over from an earlier run, so that the seconds are those of the whole.
export CACHE_DIRECTORY=$out/cache
python3 - "$musc" "$out" "$@" <<'PYTHON'
import csv, glob, resource, subprocess, sys

musc, out, flags = sys.argv[1], sys.argv[2], sys.argv[3:]
cells = dict(line.split()[:2] for line in open("examples/solar_cells.txt") if not line.startswith("#"))
sets = {
    "solar cells": ("quickstart/solar-cells", lambda name: cells[name.rsplit("/", 1)[-1]] == "1"),
    "magnetic tiles": ("Tests/Fixtures/goldens/magnetic_tiles/tile/test", lambda name: not name.startswith("good/")),
}


def run(folder, precision):
    results = f"{out}/{precision}"
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(
        [musc, "run", folder, "--recursive", "--no-progress", "--json", "--precision", precision, "--out", results, *flags],
        check=True, stdout=subprocess.DEVNULL)
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    with open(sorted(glob.glob(f"{results}/**/scores.csv", recursive=True), key=len)[0], newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["score"]]
    subprocess.run(["rm", "-rf", results], check=True)
    return *({row["image"]: float(row[column]) for row in rows} for column in ("score_msm", "score")), seconds


def ranks(values):
    order = sorted(range(len(values)), key=lambda i: values[i])
    result = [0] * len(values)
    for rank, index in enumerate(order):
        result[index] = rank
    return result


def auroc(scores, defective):
    pairs = [(scores[a], scores[b]) for a in scores for b in scores if defective(a) and not defective(b)]
    return sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs), len(pairs)


print(f"{'images':15} {'precision':9} {'moved, mean':>11} {'most':>7} {'ranks':>7} {'turned':>7} {'AUROC':>7} {'score, most':>11} {'AUROC':>7} {'CPU s':>6}")
for name, (folder, defective) in sets.items():
    exact = None
    # Pairs of images that change places, by how far apart their exact scores are.
    def turned(scores):
        pairs = ((a, b) for a in exact for b in exact if exact[a] > exact[b] and scores[a] <= scores[b])
        return max((exact[a] - exact[b] for a, b in pairs), default=0)

    for precision in ("exact", "fast", "fastest"):
        scores, reported, seconds = run(folder, precision)
        if exact is None: exact, exactly_reported = scores, reported
        names = sorted(exact)
        moved = [abs(scores[n] - exact[n]) for n in names]
        a, b = ranks([exact[n] for n in names]), ranks([scores[n] for n in names])
        count = len(names)
        correlation = 1 - 6 * sum((x - y) ** 2 for x, y in zip(a, b)) / (count * (count * count - 1))
        value, pairs = auroc(scores, defective)
        print(
            f"{name:15} {precision:9} {sum(moved) / count:11.5f} {max(moved):7.4f} {correlation:7.4f} "
            f"{turned(scores):7.4f} {value:7.4f} {max(abs(reported[n] - exactly_reported[n]) for n in names):11.4f} "
            f"{auroc(reported, defective)[0]:7.4f} {seconds:6.1f}"
            + (f"   (one pair of images: {1 / pairs:.4f})" if precision == "exact" else ""))
PYTHON
