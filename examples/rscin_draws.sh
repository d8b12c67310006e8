#!/usr/bin/env bash
# Shows what RsCIN is worth on fifteen batches of solar cells (mono, poly and both kinds; 40 to 100 images, a fifth of them
# defective): how far scores of images that look alike agree, and image AUROC without RsCIN, with it, and as preset tuned
# decides. Takes some minutes.
#   ./examples/rscin_draws.sh [SIZE]     image size in pixels (224)
set -euo pipefail
cd "$(dirname "$0")/.."
. examples/requirements.sh

./examples/solar_cells.sh all
musc=${MUSC:-.build/release/musc}
[ -x "$musc" ] || { echo "There is no $musc: run ./examples/quickstart.sh first, or name the program in MUSC." >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 - "$musc" quickstart/solar-cells-all "$scratch" "${1:-224}" <<'END'
import csv, json, os, random, subprocess, sys

musc, cells, scratch, size = sys.argv[1:]
rows = [line.split() for line in open(cells + ".labels")]
random.seed(11)
batches = []
for kind in "mono", "poly", "both":
    def named(share):
        return [os.path.basename(name) for name, p, k in rows if kind in (k, "both") and float(p) == share]
    for draw in range(5):
        count = random.choice([40, 60, 80, 100])
        folder = f"{scratch}/{kind}{draw}"
        os.makedirs(folder)
        batches.append(folder)
        for label, names in ("good", random.sample(named(0), count - count // 5)), ("bad", random.sample(named(1), count // 5)):
            for name in names:
                os.symlink(os.path.abspath(f"{cells}/{name}"), f"{folder}/{label}_{name}")

def auroc(table):
    scores = [(row["image"].startswith("bad"), float(row["score"])) for row in csv.DictReader(open(table))]
    bad, good = ([s for b, s in scores if b == which] for which in (True, False))
    return sum((b > g) + (b == g) / 2 for b in bad for g in good) / len(bad) / len(good)

results = {}
for mode in "never", "always", "auto":
    out = f"{scratch}/{mode}"
    subprocess.run([musc, "run", *batches, "--image-size", size, "--rscin", mode, "--out", out, "-q", "--no-progress"],
                   check=True, stdout=subprocess.DEVNULL)
    for batch in batches:
        results[batch, mode] = f"{out}/{os.path.basename(batch)}/_musc"
print("batch    images   agreement   without RsCIN   with it (class tokens)   as tuned decides")
for batch in batches:
    agreement = json.load(open(results[batch, "auto"] + "/run.json"))["rscin"]["neighbour_agreement"]
    figures = [auroc(results[batch, mode] + "/scores.csv") for mode in ("never", "always", "auto")]
    print(f"{os.path.basename(batch):8} {len(os.listdir(batch)):6} {agreement:11.3f} {figures[0]:15.4f} {figures[1]:24.4f} {figures[2]:18.4f}")
END
