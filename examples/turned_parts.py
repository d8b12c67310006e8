"""Parts that do not lie alike: halves of solar cells of elpv-dataset (300 × 150 px) on plain backgrounds under light that
falls off to one side, at any angle and place, 640 × 640 px.

Five draws of 40 good and 10 defective ones; each is scored as it was photographed (`--align off`), as musc finds the
parts by itself, and, to compare with, the same halves laid straight without a background. Prints the image AUROC of each,
and how far the turns that musc found are from those that were made.
"""

import argparse
import json
import math
import random
import shutil
import subprocess
from pathlib import Path

import numpy
from PIL import Image

SIDE, WIDTH, HEIGHT, GOOD, DEFECTIVE = 640, 300, 150, 40, 10


def halves(data, labels):
    """The names of good and of defective monocrystalline cells."""
    rows = [line.split() for line in Path(labels).read_text().splitlines()]
    mono = [(Path(name).name, float(probability)) for name, probability, kind in rows if kind == "mono"]
    return [name for name, p in mono if p == 0], [name for name, p in mono if p == 1]


def half(data, name):
    """The upper half of a cell, cut out inside its dark edge."""
    with Image.open(Path(data) / name) as cell:
        return cell.convert("RGB").crop((0, 0, WIDTH, HEIGHT))


def background(draw):
    """A plain blue belt under light that falls off to one side, with the noise of a camera."""
    y, x = numpy.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    direction, fall, bend = draw.uniform(0, 2 * math.pi), draw.uniform(0.05, 0.3), draw.uniform(-0.15, 0.15)
    light = 1 + fall * (x * math.cos(direction) + y * math.sin(direction)) + bend * (x * x + y * y)
    noise = numpy.random.default_rng(draw.randrange(1 << 32)).normal(0, 2, (SIDE, SIDE, 3))
    return numpy.clip(light[..., None] * numpy.array([60, 105, 175]) + noise, 0, 255)


def photograph(part, draw, angle):
    """The part on a background, turned clockwise by an angle in degrees, wholly inside."""
    turn = math.radians(angle)
    reach = [
        (abs(math.cos(turn)) * WIDTH + abs(math.sin(turn)) * HEIGHT) / 2 + 12,
        (abs(math.sin(turn)) * WIDTH + abs(math.cos(turn)) * HEIGHT) / 2 + 12]
    middle = [draw.uniform(r, SIDE - r) for r in reach]
    # Twice as fine, then reduced, so that edges are as soft as a camera's.
    scale, c, s = 2, math.cos(turn), math.sin(turn)
    def back(x, y):
        return c * x / scale + s * y / scale, -s * x / scale + c * y / scale
    ox, oy = back(-scale * middle[0], -scale * middle[1])
    map = (c / scale, s / scale, ox + WIDTH / 2, -s / scale, c / scale, oy + HEIGHT / 2)
    size = (scale * SIDE, scale * SIDE)
    over = part.transform(size, Image.AFFINE, map, Image.BICUBIC).resize((SIDE, SIDE), Image.BOX)
    mask = Image.new("L", part.size, 255).transform(size, Image.AFFINE, map, Image.NEAREST).resize((SIDE, SIDE), Image.BOX)
    share = numpy.asarray(mask, dtype=float)[..., None] / 255
    colour = numpy.asarray(over, dtype=float)
    # What lies outside the part is black there, and weighs nothing.
    picture = background(draw) * (1 - share) + colour * 1.0
    return Image.fromarray(numpy.clip(picture + 0.5, 0, 255).astype("uint8"))


def make(data, labels, folder, seed):
    """One draw: photographs in `turned`, the halves alone in `straight`; the angles by name."""
    good, defective = halves(data, labels)
    draw = random.Random(seed)
    chosen = [(name, "good") for name in draw.sample(good, GOOD)] + [(name, "bad") for name in draw.sample(defective, DEFECTIVE)]
    angles = {}
    for kind in ["turned", "straight"]:
        shutil.rmtree(folder / kind, ignore_errors=True)
        (folder / kind).mkdir(parents=True)
    for name, label in chosen:
        file = f"{Path(name).stem}_{label}.png"
        angles[file] = draw.uniform(0, 360)
        part = half(data, name)
        photograph(part, draw, angles[file]).save(folder / "turned" / file)
        part.save(folder / "straight" / file)
    return angles


def auroc(scores):
    """The share of pairs of a defective and a good image of which the defective one has the higher score."""
    bad = [score for name, score in scores.items() if "_bad" in name]
    good = [score for name, score in scores.items() if "_good" in name]
    return sum((b > g) + 0.5 * (b == g) for b in bad for g in good) / (len(bad) * len(good))


def run(musc, folder, *arguments):
    """Scores a folder anew; its image AUROC, and what was recorded of the run."""
    shutil.rmtree(folder / "_musc", ignore_errors=True)
    subprocess.run([musc, "run", folder, "--fetch-weights", *arguments], check=True, stdout=subprocess.DEVNULL)
    rows = (folder / "_musc" / "scores.csv").read_text(encoding="utf-8-sig").splitlines()
    columns = rows[0].split(",")
    name, score = columns.index("image"), columns.index("score")
    scores = {row.split(",")[name]: float(row.split(",")[score]) for row in rows[1:]}
    return auroc(scores), json.loads((folder / "_musc" / "run.json").read_text())


def turn_errors(record, angles):
    """How far each turn that was found is from the one that was made, but for the way round that all share."""
    found = {row["image"]: row["degrees"] for row in (record.get("alignment") or {}).get("images", [])}
    def apart(name, half):
        return abs((found[name] - angles[name] - half + 180) % 360 - 180)
    good = [name for name in found if "_good" in name]
    if not good:
        return []
    return min([sorted(apart(name, half) for name in good) for half in (0, 180)], key=lambda errors: errors[len(errors) // 2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("musc")
    parser.add_argument("data", help="the folder of all 2,624 photographs")
    parser.add_argument("labels")
    parser.add_argument("--work", default="quickstart/turned-parts", type=Path)
    parser.add_argument("--seeds", default=5, type=int)
    arguments = parser.parse_args()
    print("draw   as photographed   upright, by musc   laid straight   turns of good parts: largest error, beyond 5°", flush=True)
    table = []
    for seed in range(arguments.seeds):
        folder = arguments.work / f"draw{seed}"
        angles = make(arguments.data, arguments.labels, folder, seed)
        plain, _ = run(arguments.musc, folder / "turned", "--align", "off")
        upright, record = run(arguments.musc, folder / "turned")
        straight, _ = run(arguments.musc, folder / "straight", "--align", "off")
        errors = turn_errors(record, angles)
        told = f"{max(errors):.1f}°, {sum(error > 5 for error in errors)}" if errors else "not turned"
        table.append((plain, upright, straight))
        print(f"{seed:4}   {plain:15.3f}   {upright:16.3f}   {straight:13.3f}   {told}", flush=True)
    mean = [sum(column) / len(column) for column in zip(*table)]
    print(f"mean   {mean[0]:15.3f}   {mean[1]:16.3f}   {mean[2]:13.3f}")


if __name__ == "__main__":
    main()
