#!/usr/bin/env bash
# What musc evaluate --line says of a line of solar cells, and what is true of it: six batches of 34 good and 6 defective
# mono cells are swept, the flagged ones and the spot checks get verdicts by their labels, and the line is evaluated. The
# last lines are over all 240 cells and their labels, which nobody has on a line of one's own.
#
#   ./examples/evaluate_line.sh [flags of musc evaluate…]       --image-size 224 unless given
#   CHECKS=12 ./examples/evaluate_line.sh                       spot checks a batch; 6 unless given
set -euo pipefail
cd "$(dirname "$0")/.."

musc=${MUSC_COMMAND:-$PWD/.build/release/musc}
[ -x "$musc" ] || swift build -c release --product musc
"$musc" weights fetch dinov2_vits14 >/dev/null
./examples/solar_cells.sh all
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export MUSC_STATE=$work/state
printf 'watch: {settle_seconds: 0}\noutput: {spot_checks: %d}\n' "${CHECKS:-6}" >"$work/musc.yaml"
[ $# -gt 0 ] || set -- --image-size 224
python3 - "$work" "$musc" "$@" <<'PYTHON'
import csv, json, os, random, shutil, subprocess, sys

work, musc, *flags = sys.argv[1:]
cells = [line.split() for line in open("quickstart/solar-cells-all.labels")]
label = {os.path.basename(cell[0]): float(cell[1]) == 1 for cell in cells if cell[2] == "mono" and float(cell[1]) in (0, 1)}
draw = random.Random(1)
drawn = {bad: draw.sample(sorted(name for name in label if label[name] == bad), 6 * (6 if bad else 34)) for bad in (False, True)}
line = f"{work}/drop/line"
for batch in range(6):
    os.makedirs(f"{line}/{batch + 1}")
    for name in drawn[False][34 * batch:34 * batch + 34] + drawn[True][6 * batch:6 * batch + 6]:
        shutil.copy(f"quickstart/solar-cells-all/{name}", f"{line}/{batch + 1}")


def run(*words):
    subprocess.run([musc, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


run("sweep", f"{work}/drop", "--config", f"{work}/musc.yaml")
for batch in range(1, 7):
    results = f"{line}/{batch}/_musc"
    flagged = [row["image"] for row in csv.DictReader(open(f"{results}/scores.csv", newline="")) if row["flagged"] == "true"]
    asked = flagged + json.load(open(f"{results}/run.json"))["spot_checks"]
    words = []
    for word, bad in (("--good", False), ("--defect", True)):
        names = [name for name in asked if label[name] == bad]
        words += [word, *names] if names else []
    run("verdict", f"{line}/{batch}", *words)
subprocess.run([musc, "evaluate", "--line", line, "--config", f"{work}/musc.yaml", "--no-progress", "--log-level", "warning", *flags], check=True)


def truth(rows):
    found = [(float(row["score"]), row["flagged"] == "true", label[row["image"]]) for row in rows]
    bad = [score for score, _, defective in found if defective]
    good = [score for score, _, defective in found if not defective]
    auroc = sum((b > g) + (b == g) / 2 for b in bad for g in good) / len(bad) / len(good)
    hits, alarms = (sum(flag for _, flag, defective in found if defective == wanted) for wanted in (True, False))
    return f"AUROC {100 * auroc:.1f}, recall {100 * hits / len(bad):.1f} ({hits} of {len(bad)}), false alarms {100 * alarms / len(good):.1f} ({alarms} of {len(good)})"


def rows(place):
    return [row for batch in range(1, 7) for row in csv.DictReader(open(place.format(batch), newline=""))]


print("\nTrue of all 240 cells, by their labels")
print("as scored:", truth(rows(line + "/{}/_musc/scores.csv")))
for name, more in (("configured", []), (" ".join(flags), flags)):
    # Each batch as one of no line: judged by itself alone.
    shutil.rmtree(f"{work}/hand", ignore_errors=True)
    os.makedirs(f"{work}/hand")
    for batch in range(1, 7):
        shutil.copytree(f"{line}/{batch}", f"{work}/hand/{batch}", ignore=shutil.ignore_patterns("_musc", "verdicts.csv"))
    run("run", *[f"{work}/hand/{batch}" for batch in range(1, 7)], "--config", f"{work}/musc.yaml", *more)
    print(f"{name}:", truth(rows(work + "/hand/{}/_musc/scores.csv")))
PYTHON
