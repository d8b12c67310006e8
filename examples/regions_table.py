"""Regions against masks, for examples/regions_table.sh.

    regions_table.py MUSC CELLS SCRATCH SIZE DRAW

Each batch is scored by `musc run --known-good` with `output.masks: all`. The line "own" is what the program wrote; the
others cut regions out of its maps again without looking at the surroundings: connected pixels at or above a share of the
pixel threshold, of which one reaches it. DRAW chooses other images: which tiles judge, which cells, and what is pasted.
"""
import csv, json, random, shutil, subprocess, sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from safetensors import safe_open

musc, cells, scratch, size, draw = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], int(sys.argv[5])
tiles = Path("Tests/Fixtures/goldens/magnetic_tiles/tile")


def tile_batch(folder):
    """20 of 24 good tiles judge; 4 good ones and all with defects are judged. Masks by file name."""
    masks = {}
    judging = random.Random(draw).sample(range(24), 20) if draw else range(20)
    for path in sorted(tiles.glob("test/*/*.jpg")):
        kind, number = path.parent.name, int(path.stem)
        name = f"{kind}_{path.name}"
        shutil.copy(path, folder / ("good" if kind == "good" and number in judging else "batch") / name)
        if kind != "good":
            masks[name] = np.array(Image.open(tiles / "ground_truth" / kind / f"{path.stem}_mask.png").convert("L")) > 0
    return masks


def cell_batch(folder, count=40):
    """20 sound cells judge, 40 others are judged; every second of these gets a defect pasted in."""
    rng = random.Random(28 + draw)
    sound = [line.split() for line in (cells / "labels.csv").read_text().splitlines()]
    sound = sorted(name for name, share, kind in sound if kind == "mono" and float(share) == 0)
    chosen = rng.sample(sound, 20 + count)
    masks = {}
    for number, name in enumerate(chosen):
        cell = Image.open(cells / name).convert("L")
        target = "good" if number < 20 else "batch"
        if target == "batch" and number % 2 == 0:
            mask = Image.new("L", cell.size)
            side = rng.randint(cell.width // 12, cell.width // 6)
            x, y = (rng.randint(side, cell.width - 2 * side) for _ in range(2))
            if number % 4 == 0:
                ImageDraw.Draw(mask).ellipse([x, y, x + side, y + side], fill=255)
            else:
                ImageDraw.Draw(mask).line([x, y, x + side, y + rng.randint(-side, side)], fill=255, width=4)
            cell.paste(rng.choice([20, 235]), mask=mask)
            masks[Path(name).name] = np.array(mask) > 0
        cell.save(folder / target / Path(name).name)
    return masks


def run(folder):
    (folder / "musc.yaml").write_text("output: {masks: all, regions: coco, overlays: off}\n")
    subprocess.run([musc, "run", folder / "batch", "--known-good", folder / "good", "--image-size", size, "--config",
                    folder / "musc.yaml", "--no-progress"], check=True, stdout=subprocess.DEVNULL)


def resized(patches, width, height):
    """Bilinear with the corners aligned, as the program resizes its maps."""
    rows, columns = (np.linspace(0, n - 1, m) for n, m in zip(patches.shape, (height, width)))
    y, x = (np.minimum(p.astype(int), n - 2) for p, n in zip((rows, columns), patches.shape))
    fy, fx = (rows - y)[:, None], (columns - x)[None]
    top = patches[y][:, x] * (1 - fx) + patches[y][:, x + 1] * fx
    low = patches[y + 1][:, x] * (1 - fx) + patches[y + 1][:, x + 1] * fx
    return top * (1 - fy) + low * fy


def labelled(mask):
    """8-connected components, by flooding."""
    labels, count = np.zeros(mask.shape, int), 0
    for start in zip(*np.nonzero(mask)):
        if labels[start]:
            continue
        count += 1
        waiting = [start]
        labels[start] = count
        while waiting:
            y, x = waiting.pop()
            for v in range(max(0, y - 1), min(mask.shape[0], y + 2)):
                for u in range(max(0, x - 1), min(mask.shape[1], x + 2)):
                    if mask[v, u] and not labels[v, u]:
                        labels[v, u] = count
                        waiting.append((v, u))
    return labels, count


def figures(found, truths):
    """Touched and all true defects, regions that touch none and all regions, and SegF1."""
    touched = defects = alone = regions = 0
    both = marked = true = 0
    for mark, truth in zip(found, truths):
        labels, count = labelled(truth)
        touched += len(set(labels[mark]) - {0})
        defects += count
        labels, count = labelled(mark)
        alone += count - len(set(labels[truth]) - {0})
        regions += count
        both, marked, true = both + (mark & truth).sum(), marked + mark.sum(), true + truth.sum()
    return touched, defects, alone, regions, 2 * both / max(1, marked + true)


def table(name, make):
    folder = scratch / name.replace(" ", "_")
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("good", "batch"):
        (folder / part).mkdir(parents=True)
    masks = make(folder)
    run(folder)
    results = folder / "batch" / "_musc"
    archive = safe_open(results / "scores.safetensors", "numpy")
    names = json.loads(archive.metadata()["names"])
    level = float(json.loads((results / "run.json").read_text())["regions"]["pixel_threshold"])
    maps, truths, own = [], [], []
    for image, patches in zip(names, archive.get_tensor("patch_map")):
        picture = Image.open(folder / "batch" / image)
        maps.append(resized(patches, *picture.size))
        truths.append(masks.get(image, np.zeros(picture.size[::-1], bool)))
        own.append(np.array(Image.open(results / "masks" / (Path(image).stem + ".png"))) > 0)
    scores = np.concatenate([m.ravel() for m in maps])
    labels = np.concatenate([t.ravel() for t in truths])
    order = np.argsort(-scores, kind="stable")
    best = (2 * np.cumsum(labels[order]) / (np.arange(1, len(order) + 1) + labels.sum())).max()
    print(f"\n{name}: {len(names)} images, {len(masks)} with a defect, pixel threshold {level:.4f}, best F1 {best:.3f}")
    print("share  touched      regions  touching none  SegF1  of best F1")

    def line(label, found):
        touched, defects, alone, regions, f1 = figures(found, truths)
        print(f"{label:5}  {touched:3} of {defects:3}  {regions:7}  {alone:13}  {f1:.3f}  {f1 / best:.2f}")

    line("own", own)
    for share in (1, 0.9, 0.85, 0.8, 0.75, 0.7):
        found = []
        for scores in maps:
            regions, _ = labelled(scores >= share * level)
            cores = set(regions[scores >= level]) - {0}
            found.append(np.isin(regions, list(cores)) if cores else np.zeros(scores.shape, bool))
        line(str(share), found)


if __name__ == "__main__":
    table("magnetic tiles", tile_batch)
    table("solar cells with a pasted defect", cell_batch)
