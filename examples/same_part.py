"""Measures what several photographs of one part do to a batch; called by same_part.sh."""

import argparse
import csv
import json
import pathlib
import shutil
import subprocess
import tempfile

import numpy
from PIL import Image


def again(source, target, shot):
    """A photograph of the same cell, moved by two pixels and with noise of its own."""
    random = numpy.random.default_rng([shot, *source.name.encode()])
    pixels = numpy.asarray(Image.open(source).convert("L"), dtype=float)
    angle = random.uniform(0, 2 * numpy.pi)
    down, right = 2 * numpy.sin(angle), 2 * numpy.cos(angle)
    rows = numpy.clip(numpy.arange(pixels.shape[0]) - down, 0, pixels.shape[0] - 1)
    columns = numpy.clip(numpy.arange(pixels.shape[1]) - right, 0, pixels.shape[1] - 1)
    pixels = numpy.stack([numpy.interp(columns, numpy.arange(len(row)), row) for row in pixels])
    pixels = numpy.stack([numpy.interp(rows, numpy.arange(len(row)), row) for row in pixels.T]).T
    pixels += random.normal(0, 2, pixels.shape)
    Image.fromarray(numpy.clip(pixels + 0.5, 0, 255).astype("uint8")).save(target)


def run(musc, folder, *options):
    """Scores a folder; its rows of scores.csv and its record."""
    subprocess.run(
        [musc, "run", str(folder), "--image-size", "224", "--no-progress", *options], check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with open(folder / "_musc" / "scores.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return rows, json.loads((folder / "_musc" / "run.json").read_text())


def auroc(scores, labels):
    """The share of pairs of a defective and a good part in which the defective one scores higher."""
    bad = numpy.array([score for score, label in zip(scores, labels) if label])
    good = numpy.array([score for score, label in zip(scores, labels) if not label])
    return ((bad[:, None] > good).sum() + (bad[:, None] == good).sum() / 2) / (len(bad) * len(good))


def part(name):
    return name.split("~")[0].removesuffix(".png")


def by_part(rows):
    scores = {}
    for row in rows:
        scores[part(row["image"])] = max(scores.get(part(row["image"]), 0), float(row["score"]))
    return scores


def batches(arguments, work, labels):
    cells = sorted(arguments.cells.glob("*.png"))
    plain = work / "plain"
    plain.mkdir()
    for cell in cells:
        shutil.copy(cell, plain)
    rows, _ = run(arguments.musc, plain)
    worst = [row["image"] for row in rows[:4]]
    print("| the worst four cells | best ranks by part | flagged | image AUROC by part | parts found | others flagged |")
    print("|---|---|---|---|---|---|")

    def report(title, rows):
        scores = by_part(rows)
        order = sorted(scores, key=lambda name: -scores[name])
        ranks = [order.index(part(name)) + 1 for name in worst]
        flagged = [row for row in rows if row["flagged"] == "true"]
        own = sum(part(row["image"]) in map(part, worst) for row in flagged)
        named = len({row["part"] for row in rows if row.get("part")})
        value = auroc(list(scores.values()), [labels[name] for name in scores])
        print(f"| {title} | {', '.join(map(str, ranks))} | {own} | {value:.4f} | {named} | {len(flagged) - own} |", flush=True)

    report("once", rows)
    for times in (1, 2, 3):
        for kind in ("copies", "photographs"):
            folder = work / f"{kind}{times}"
            shutil.copytree(plain, folder, ignore=shutil.ignore_patterns("_musc"))
            for name in worst:
                for shot in range(1, times + 1):
                    target = folder / f"{part(name)}~{shot}.png"
                    if kind == "copies":
                        shutil.copy(plain / name, target)
                    else:
                        again(plain / name, target, shot)
            report(f"and {times} more {kind}", run(arguments.musc, folder)[0])
            if kind == "photographs" and times == 3:
                options = ["--same-part", r"^([^~.]+)"]
                report(f"and {times} more {kind}, by their names", run(arguments.musc, folder, *options)[0])


def known_good(arguments, work):
    """False alarms at 5 % on good cells of one kind, by 48 photographs of 48, 24 and 16 cells."""
    lines = [line.split() for line in (arguments.all / "labels.csv").read_text().splitlines() if line.strip()]
    good = [arguments.all / name for name, share, kind in lines if kind == "mono" and float(share) == 0]
    order = numpy.random.default_rng(7).permutation(len(good))
    good = [good[index] for index in order]
    fresh = work / "fresh"
    fresh.mkdir()
    for cell in good[48:208]:
        shutil.copy(cell, fresh)
    print("| 48 known good photographs | parts | judged alone | flagged of 160 good cells |")
    print("|---|---|---|---|")
    for title, parts, shots in [
        ("48 cells", 48, 0), ("24 cells", 24, 0), ("24 cells, photographed twice", 24, 1), ("24 cells, two copies of each", 24, -1),
        ("16 cells", 16, 0), ("16 cells, photographed three times", 16, 2),
    ]:
        folder = work / f"good{parts}_{shots}"
        folder.mkdir()
        for cell in good[:parts]:
            shutil.copy(cell, folder / f"good-{cell.name}")
            for shot in range(1, abs(shots) + 1):
                target = folder / f"good-{cell.stem}~{shot}.png"
                shutil.copy(cell, target) if shots < 0 else again(cell, target, shot)
        rows, record = run(arguments.musc, fresh, "--known-good", str(folder))
        flagged = sum(row["flagged"] == "true" for row in rows)
        judges = record["outside_judgments"][0]
        alone = "yes" if not judges["beside_batch"] else "no"
        print(f"| {title} | {parts} | {alone} | {flagged} ({100 * flagged / len(rows):.1f} %) |", flush=True)


def returned(arguments, work):
    """A batch that comes back to its line under another path, and photographed again: flagged as at first."""
    root = work / "drop" / "line"
    cells = sorted(arguments.cells.glob("*.png"))
    # Cells of all modules in each batch, so that a batch is like the line's past.
    cells = [cells[index] for index in numpy.random.default_rng(3).permutation(len(cells))]
    earlier, batch = cells[:40], cells[40:56]
    configuration = work / "musc.yaml"
    configuration.write_text("watch: {settle_seconds: 0}\njudges: {line_memory: 200}\n")
    print("| batch | flagged |")
    print("|---|---|")
    for name in ["0800", "0900", "0900_again", "0900_photographed_again"]:
        folder = root / name
        folder.mkdir(parents=True)
        for cell in earlier if name == "0800" else batch:
            if name.endswith("photographed_again"):
                again(cell, folder / cell.name, 1)
            else:
                shutil.copy(cell, folder)
        subprocess.run(
            [arguments.musc, "sweep", str(work / "drop"), "--image-size", "224", "--no-progress", "--config", str(configuration),
             "--state", str(work / "state")], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(folder / "_musc" / "scores.csv", newline="", encoding="utf-8") as file:
            flagged = [row["image"] for row in csv.DictReader(file) if row["flagged"] == "true"]
        print(f"| {name} | {', '.join(sorted(flagged)) or 'none'} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--musc", required=True)
    parser.add_argument("--cells", type=pathlib.Path, required=True)
    parser.add_argument("--labels", type=pathlib.Path, required=True)
    parser.add_argument("--all", type=pathlib.Path, required=True)
    parser.add_argument("tables", nargs="*", default=["all"])
    arguments = parser.parse_args()
    labels = {}
    for line in arguments.labels.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, label = line.split(",")[0].split()[:2]
            labels[part(name)] = label == "1"
    wanted = ["batch", "known-good", "returned"] if "all" in arguments.tables else arguments.tables
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        if "batch" in wanted:
            batches(arguments, work, labels)
        if "known-good" in wanted:
            known_good(arguments, work)
        if "returned" in wanted:
            returned(arguments, work)


if __name__ == "__main__":
    main()
