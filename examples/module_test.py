"""The module test: small defects in large photographs, made of real solar cells.

A batch is 24 photographs of 1800 × 1200 px, each of 4 × 6 monocrystalline cells of elpv-dataset, no cell twice; eight
of the photographs hold one defective cell in a random place. Printed, as means over the seeds: the image AUROC, in how
many of the eight the peak lies in the defective cell, and the seconds that musc takes.
"""

import argparse
import csv
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

CELL, COLUMNS, ROWS, PHOTOGRAPHS, DEFECTIVE = 300, 6, 4, 24, 8


def cells(data, kind):
    """Names of the good and the defective cells (probability 0 and 1) of a kind."""
    good, bad = [], []
    for line in (data / "labels.csv").read_text().splitlines():
        name, probability, of_kind = line.split()
        if of_kind == kind and float(probability) in (0, 1):
            (good if float(probability) == 0 else bad).append(name)
    return sorted(good), sorted(bad)


def make_batch(data, folder, seed, photographs=PHOTOGRAPHS, defective=DEFECTIVE, kind="mono"):
    """Writes the photographs of a seed; returns for each name the defective cell (column, row), or None."""
    draw = random.Random(seed)
    good, bad = cells(data, kind)
    draw.shuffle(good)
    draw.shuffle(bad)
    chosen = set(draw.sample(range(photographs), defective))
    folder.mkdir(parents=True)
    truth = {}
    for index in range(photographs):
        place = draw.randrange(COLUMNS * ROWS) if index in chosen else None
        module = Image.new("L", (COLUMNS * CELL, ROWS * CELL))
        for position in range(COLUMNS * ROWS):
            name = bad.pop() if position == place else good.pop()
            with Image.open(data / name) as cell:
                module.paste(cell.convert("L"), (position % COLUMNS * CELL, position // COLUMNS * CELL))
        name = f"module{index:02}.png"
        module.save(folder / name, compress_level=1)
        truth[name] = None if place is None else (place % COLUMNS, place // COLUMNS)
    return truth


def read_tensors(path):
    """The float32 and int64 tensors of a safetensors file, and its metadata."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8:8 + length])
    metadata = header.pop("__metadata__", {})
    kinds = {"F32": np.float32, "I64": np.int64}
    return {
        name: np.frombuffer(content, kinds[entry["dtype"]], int(np.prod(entry["shape"])), 8 + length + entry["data_offsets"][0])
        .reshape(entry["shape"]) for name, entry in header.items()
    }, metadata


def auroc(scores, labels):
    scores, labels = np.asarray(scores, float), np.asarray(labels, bool)
    positive, negative = scores[labels], scores[~labels]
    return float(np.mean((positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)))


def score(musc, folder, out, arguments):
    """Runs musc on a folder with an empty cache of tokens; returns the seconds and the results' folder."""
    shutil.rmtree(out, ignore_errors=True)
    environment = dict(os.environ, XDG_CACHE_HOME=str(out / "cache"))
    environment.setdefault("MUSC_WEIGHTS", str(Path.home() / ".cache/musc/weights"))
    start = time.monotonic()
    subprocess.run(
        [musc, "run", str(folder), "--out", str(out), "--no-progress", *arguments], env=environment, check=True,
        stdout=subprocess.DEVNULL)
    return time.monotonic() - start, next(out.rglob("run.json")).parent


def rules(maps, cells=True):
    """The photographs' scores by several rules, from their patch maps [N, H, W]."""
    count, height, width = maps.shape
    flat = np.sort(maps.reshape(count, -1), axis=1)[:, ::-1]

    def highest(share):
        return flat[:, :max(int(round(share * flat.shape[1])), 1)].mean(axis=1)

    def tiles(columns, rows):
        ys, xs = np.linspace(0, height, rows + 1).astype(int), np.linspace(0, width, columns + 1).astype(int)
        means = [maps[:, a:b, c:d].mean(axis=(1, 2)) for a, b in zip(ys, ys[1:]) for c, d in zip(xs, xs[1:]) if b > a and d > c]
        return np.max(means, axis=0)

    def smoothed(side):
        """The highest mean over a square of patches."""
        side = min(side, height, width)
        sums = np.pad(maps, ((0, 0), (1, 0), (1, 0))).cumsum(1).cumsum(2)
        means = sums[:, side:, side:] - sums[:, :-side, side:] - sums[:, side:, :-side] + sums[:, :-side, :-side]
        return means.reshape(count, -1).max(axis=1) / side ** 2

    return {
        "maximum": flat[:, 0], "0.1 %": highest(0.001), "1 %": highest(0.01),
        "3×3": smoothed(3), "5×5": smoothed(5), "7×7": smoothed(7), "cells": tiles(COLUMNS, ROWS),
    }


def evaluate(results, truth):
    """AUROC, peaks in the defective cell, and the AUROC of other rules for a photograph's score."""
    with open(results / "scores.csv", newline="") as file:
        rows = {row["image"]: row for row in csv.DictReader(file)}
    names = sorted(truth)
    labels = [truth[name] is not None for name in names]
    hits = sum(
        truth[name] == (int(rows[name]["peak_x"]) // CELL, int(rows[name]["peak_y"]) // CELL)
        for name in names if truth[name])
    tensors, metadata = read_tensors(results / "scores.safetensors")
    order = [json.loads(metadata["names"]).index(name) for name in names]
    others = {rule: auroc(values, labels) for rule, values in rules(tensors["patch_map"][order]).items()}
    return auroc([float(rows[name]["score"]) for name in names], labels), hits, others


def seams(length, longest, margin=2):
    """Where the tiles of a side of so many patches meet, as musc cuts them (TilePlan)."""
    if length <= longest:
        return []
    overlap = 2 * margin
    count = -(-(length - overlap) // (longest - overlap))
    size = -(-(length + overlap * (count - 1)) // count)
    origins = [(2 * index * (length - size) + count - 1) // (2 * (count - 1)) for index in range(count)]
    return [(first + size + second) // 2 for first, second in zip(origins, origins[1:])]


def ranks(values):
    """Ranks; patch scores hardly ever tie."""
    order = np.argsort(values, kind="stable")
    result = np.empty(len(values))
    result[order] = np.arange(len(values))
    return result


def compare_with_whole(options):
    """Tiles and one pass over the whole photograph: rank correlation, and how the seams look on clean photographs."""
    print("| seed | size | tile | Spearman of patch scores | score along seams / elsewhere, tiles | the same places, whole |")
    print("|---|---|---|---|---|---|")
    for seed in options.seeds:
        folder = options.work / f"{options.kind}-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        truth = make_batch(options.data, folder, seed, kind=options.kind)
        for size in options.sizes:
            maps = {}
            for tile in ["off", *options.tiles]:
                _, results = score(
                    options.musc, folder, options.work / "results",
                    ["--image-size", size, "--tile", tile, *options.arguments])
                tensors, metadata = read_tensors(results / "scores.safetensors")
                names = json.loads(metadata["names"])
                maps[tile] = tensors["patch_map"].copy()
            clean = [index for index, name in enumerate(names) if truth[name] is None]
            for tile in options.tiles:
                height, width = maps[tile].shape[1:]
                along = np.zeros((height, width), bool)
                for seam in seams(width, int(tile)):
                    along[:, seam - 1:seam + 1] = True
                for seam in seams(height, int(tile)):
                    along[seam - 1:seam + 1] = True
                ratios = [maps[way][clean][:, along].mean() / maps[way][clean][:, ~along].mean() for way in (tile, "off")]
                spearman = np.corrcoef(ranks(maps[tile].ravel()), ranks(maps["off"].ravel()))[0, 1]
                print(f"| {seed} | {size} | {tile} | {spearman:.3f} | {ratios[0]:.3f} | {ratios[1]:.3f} |")
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="elpv_dataset/data, unpacked")
    parser.add_argument("--work", type=Path, required=True, help="a folder for batches and results")
    parser.add_argument("--musc", default="musc")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    parser.add_argument("--sizes", nargs="*", default=["336x336", "672x448", "1008x672", "1344x896", "1806x1204", "auto"])
    parser.add_argument("--kind", default="mono", choices=["mono", "poly"])
    parser.add_argument("--whole", action="store_true", help="compare tiles with one pass over the whole photograph instead")
    parser.add_argument("--tiles", nargs="*", default=["24"], help="patches a side, for --whole")
    parser.add_argument("--rules", action="store_true", help="other ways of taking a photograph's score, too")
    parser.add_argument("arguments", nargs="*", help="for musc run, after --")
    options = parser.parse_args()
    if options.whole:
        compare_with_whole(options)
        return
    found = {size: [] for size in options.sizes}
    for seed in options.seeds:
        folder = options.work / f"{options.kind}-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        truth = make_batch(options.data, folder, seed, kind=options.kind)
        for size in options.sizes:
            seconds, results = score(
                options.musc, folder, options.work / "results", ["--image-size", size, *options.arguments])
            run = json.loads((results / "run.json").read_text())
            taken = run["settings"]["model.image_size"]
            stages = {timing["stage"]: timing["seconds"] for timing in run["timings"]}
            area, hits, others = evaluate(results, truth)
            found[size].append((area, hits, seconds, stages, others, taken, run["settings"]["model.tiles"]))
            print(
                f"seed {seed}  {size:>9} ({taken})  AUROC {area:.3f}  peaks {hits} of {DEFECTIVE}  {seconds:.1f} s",
                file=sys.stderr)
        shutil.rmtree(folder)
    print("| image size | tiles | image AUROC | peaks in the defective cell, of 8 | seconds a batch | features | mutual scoring |")
    print("|---|---|---|---|---|---|---|")
    for size, rows in found.items():
        mean = [np.mean([row[k] for row in rows]) for k in range(3)]
        stages = [np.mean([row[3].get(stage, 0) for row in rows]) for stage in ("features", "mutual scoring")]
        name = f"auto: {rows[0][5]}" if size == "auto" else size
        print(
            f"| {name} | {rows[0][6]} | {mean[0]:.3f} | {mean[1]:.1f} | {mean[2]:.0f} | {stages[0]:.0f} | {stages[1]:.0f} |")
    if options.rules:
        names = list(next(iter(found.values()))[0][4])
        print("\n| image size | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
        for size, rows in found.items():
            print(f"| {size} | " + " | ".join(f"{np.mean([row[4][rule] for row in rows]):.3f}" for rule in names) + " |")


if __name__ == "__main__":
    main()
