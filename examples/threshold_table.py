"""Thresholds without labels, and with a few known good parts, on batches that anyone can make again.

    threshold_table.py CELLS_WHEEL TILES CELLS_OF_THE_QUICK_START SCRATCH DRAWS

Every batch is scored once by `musc run` at 224 px; the rules are then applied to the scores of its table. The column
"musc" holds the program's own flags, which must be those of the rule it takes.
"""
import csv, math, os, random, shutil, subprocess, sys, zipfile
from pathlib import Path

wheel, tiles, cells80, scratch, draws = zipfile.ZipFile(sys.argv[1]), *map(Path, sys.argv[2:5]), int(sys.argv[5])


def cells(kind, defective):
    """Names and contents of the cells labelled surely good or surely defective."""
    for line in wheel.read("elpv_dataset/data/labels.csv").decode().splitlines():
        name, share, of = line.split()
        if of == kind and float(share) == (1 if defective else 0):
            yield os.path.basename(name), lambda name=name: wheel.read("elpv_dataset/data/" + name)


def tile_files(defective):
    for path in sorted(tiles.glob("*/*.jpg")):
        if (path.parent.name != "good") == defective:
            yield f"{path.parent.name}_{path.name}", path.read_bytes


pools = {
    "mono cells": (list(cells("mono", False)), list(cells("mono", True))),
    "poly cells": (list(cells("poly", False)), list(cells("poly", True))),
    "magnetic tiles": (list(tile_files(False)), list(tile_files(True))),
}


def write(folder, label, images):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in images:
        (folder / f"{label}_{name}").write_bytes(content())


def score(folder, *options):
    """Runs musc on a batch unless its table is there; returns [(is defective, score, flagged)]."""
    table = folder / "_musc" / "scores.csv"
    if not table.exists():
        subprocess.run(["musc", "run", folder, "--image-size", "224", "--no-progress", *options],
                       check=True, stdout=subprocess.DEVNULL)
    return [(row["image"].startswith("defective"), float(row["score"]), row["flagged"] == "true")
            for row in csv.DictReader(open(table)) if row["score"]]


def quantile(values, share):
    position = share * (len(values) - 1)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (position - below)


def lower_half(scores, deviations=2.5):
    """The rule before: the median and 2.5 standard deviations of the lower half."""
    values = sorted(scores)
    return quantile(values, 0.5) + deviations * max((quantile(values, 0.5) - quantile(values, 0.1)) / 1.2816, 0.001)


def cap(scores, deviations):
    """The rule now: the larger of both halves' deviations, at most three times the lower one; low outliers left out."""
    values = sorted(scores)
    while True:
        middle = quantile(values, 0.5)
        least = middle - 5 * max((middle - quantile(values, 0.25)) / 0.6745, 0.001)
        rest = [value for value in values if value >= least]
        if len(rest) == len(values) or len(rest) < 3:
            break
        values = rest
    lower = max((middle - quantile(values, 0.1)) / 1.2816, 0.001)
    upper = (quantile(values, 0.75) - middle) / 0.6745
    return middle + deviations * min(max(lower, upper), 3 * lower)


rules = {"lower half, 2.5": lower_half, "cap, 1.65": lambda s: cap(s, 1.65), "cap, 1.8": lambda s: cap(s, 1.8)}


def report(kind, batches):
    """A row a rule: shares flagged of clean batches, of good images in mixed ones, of defects; the worst clean batch."""
    for name, rule in [*rules.items(), ("musc", None)]:
        clean, good, found = [], [], []
        for batch in batches:
            limit = rule([s for _, s, _ in batch]) if rule else None
            flags = [(d, s >= limit if rule else f) for d, s, f in batch]
            share = lambda wanted: sum(f for d, f in flags if d == wanted) / max(sum(d == wanted for d, _ in flags), 1)
            if any(d for d, _ in flags):
                good.append(share(False)); found.append(share(True))
            else:
                clean.append(share(False))
        mean = lambda values: f"{100 * sum(values) / len(values):5.1f}" if values else "    –"
        worst = f"{100 * max(clean):5.1f}" if clean else "    –"
        flagged = f"{sum(c > 0 for c in clean)} of {len(clean)}" if clean else "–"
        print(f"| {kind} | {name} | {mean(clean)} | {worst} | {flagged} | {mean(good)} | {mean(found)} |", flush=True)


print("| batches | rule | clean: flagged, % | worst batch, % | clean batches with a flag | mixed: good flagged, % | defects found, % |")
print("|---|---|---|---|---|---|---|")
for kind, (good, defective) in pools.items():
    size = 40 if len(good) > 100 else 20
    for count in (size, 8):
        batches = []
        for draw in range(draws):
            generator = random.Random(f"{kind} {count} {draw}")
            for bad in (0, count // 5):
                folder = scratch / kind.replace(" ", "_") / f"{count}_{bad}_{draw}"
                if not folder.exists():
                    write(folder, "good", generator.sample(good, count - bad))
                    write(folder, "defective", generator.sample(defective, bad))
                batches.append(score(folder))
        report(f"{kind}, {count}", batches)

# A few known good cells beside batches of 40.
for known in (8, 12):
    batches = []
    for draw in range(draws):
        generator = random.Random(f"known good {known} {draw}")
        good, defective = pools["mono cells"]
        chosen = generator.sample(good, known + 40)
        judges = scratch / "known_good" / f"{known}_{draw}"
        if not judges.exists():
            write(judges, "good", chosen[40:])
        for bad in (0, 8):
            folder = scratch / "beside_known_good" / f"{known}_{bad}_{draw}"
            if not folder.exists():
                write(folder, "good", chosen[: 40 - bad])
                write(folder, "defective", generator.sample(defective, bad))
            batches.append(score(folder, "--known-good", str(judges)))
    report(f"mono cells, 40, {known} known good", batches)

# Frames without a part among the quick start's cells: nearly black, with a little noise.
plain, dark = scratch / "quick_start", scratch / "quick_start_and_12_black_frames"
for folder, frames in ((plain, 0), (dark, 12)):
    if not folder.exists():
        folder.mkdir(parents=True)
        for path in cells80.iterdir():
            if path.is_file():
                shutil.copy(path, folder)
        generator = random.Random(1)
        for frame in range(frames):
            pixels = bytes(generator.randrange(3) for _ in range(300 * 300))
            (folder / f"frame_{frame:02}.pgm").write_bytes(b"P5 300 300 255\n" + pixels)
names = []
for folder in (plain, dark):
    score(folder)
    names.append({row["image"] for row in csv.DictReader(open(folder / "_musc" / "scores.csv")) if row["flagged"] == "true"})
print(f"\nQuick start: {len(names[0])} of 80 cells flagged; with 12 black frames among them {len(names[1])}, "
      f"{'the same' if names[0] == names[1] else 'in common ' + str(len(names[0] & names[1]))}.\n")

# Simulated scores: good ones of five shapes, defects shifted by four standard deviations; 400 batches each.
shapes = {
    "normal": lambda g: g.gauss(0.4, 0.05),
    "log-normal": lambda g: 0.2 + 0.15 * math.exp(g.gauss(0, 0.5)),
    "gamma, skewed": lambda g: 0.25 + 0.04 * g.gammavariate(2, 1),
    "two kinds of good parts": lambda g: g.gauss(0.35, 0.03) if g.random() < 0.75 else g.gauss(0.5, 0.03),
    "heavy tails": lambda g: 0.4 + 0.04 * math.copysign(min(g.paretovariate(3) - 1, 6), g.random() - 0.5),
}
print("| simulated scores, 40 a batch | rule | clean: flagged, % | mixed (8 defective): good flagged, % | defects found, % |")
print("|---|---|---|---|---|")
for shape, draw in shapes.items():
    generator = random.Random(shape)
    values = [draw(generator) for _ in range(4000)]
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    counts = {name: [0, 0, 0] for name in rules}
    for _ in range(400):
        good = [draw(generator) for _ in range(40)]
        bad = [draw(generator) + 4 * deviation for _ in range(8)]
        for name, rule in rules.items():
            counts[name][0] += sum(s >= rule(good) for s in good)
            limit = rule(good[:32] + bad)
            counts[name][1] += sum(s >= limit for s in good[:32])
            counts[name][2] += sum(s >= limit for s in bad)
    for name, (clean, false, found) in counts.items():
        print(f"| {shape} | {name} | {clean / 160:5.1f} | {false / 128:5.1f} | {found / 32:5.1f} |")
