#!/usr/bin/env python3
"""Times the pixel metrics on 200 images of 518×518 (54 million pixels) beside scikit-learn's on the same arrays.

    python3 Tests/Benchmarks/metrics.py [--images 200] [--size 518] [--pro-thresholds 10]

Needs numpy, scikit-learn, scikit-image and safetensors; runs `swift test` for this package's own numbers. The maps are
smooth noise with a bump where the mask is, as anomaly maps are. The reference's PRO labels every mask again at each of
its 200 thresholds; so that this ends in reasonable time, only `--pro-thresholds` of them are run and the time is scaled.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import time

import numpy as np
from safetensors.numpy import save_file


def arrays(images, size, seed=0):
    rng = np.random.default_rng(seed)
    maps = np.empty((images, size, size), np.float32)
    masks = np.zeros((images, size, size), np.uint8)
    grid = np.linspace(0, 36, size)
    low = np.minimum(grid.astype(int), 35)
    share = (grid - low).astype(np.float32)
    for index in range(images):
        patches = rng.normal(0.5, 0.05, (37, 37)).astype(np.float32)
        if index % 3:
            for _ in range(rng.integers(1, 4)):
                y, x, h, w = rng.integers(0, size - 80), rng.integers(0, size - 80), *rng.integers(8, 80, 2)
                masks[index, y:y + h, x:x + w] = 1
                patches[y * 36 // size:(y + h) * 36 // size + 2, x * 36 // size:(x + w) * 36 // size + 2] += 0.12
        rows = patches[low] * (1 - share[:, None]) + patches[low + 1] * share[:, None]
        maps[index] = rows[:, low] * (1 - share) + rows[:, low + 1] * share
    return maps, masks


def scikit_learn(maps, masks, pro_thresholds):
    from skimage import measure
    from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score
    labels, scores = masks.ravel(), maps.ravel()
    seconds, values = {}, {}
    start = time.perf_counter()
    values["auroc"] = roc_auc_score(labels, scores)
    seconds["auroc"] = time.perf_counter() - start
    start = time.perf_counter()
    values["ap"] = average_precision_score(labels, scores)
    seconds["ap"] = time.perf_counter() - start
    start = time.perf_counter()
    precision, recall, _ = precision_recall_curve(labels, scores)
    with np.errstate(invalid="ignore"):
        f1 = 2 * precision * recall / (precision + recall)
    values["f1max"] = float(np.nanmax(f1))
    seconds["f1max"] = time.perf_counter() - start
    del precision, recall, f1
    start = time.perf_counter()
    for step in range(pro_thresholds):
        above = maps > maps.min() + (maps.max() - maps.min()) * step / 200
        for mask, binary in zip(masks, above):
            for region in measure.regionprops(measure.label(mask)):
                binary[region.coords[:, 0], region.coords[:, 1]].sum() / region.area
        np.logical_and(1 - masks, above).sum()
    seconds["pro (scaled)"] = (time.perf_counter() - start) * 200 / max(pro_thresholds, 1)
    return seconds, values


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--size", type=int, default=518)
    parser.add_argument("--pro-thresholds", type=int, default=10)
    options = parser.parse_args()
    maps, masks = arrays(options.images, options.size)
    package = pathlib.Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "maps.safetensors")
        save_file({"maps": maps, "masks": masks}, path)
        environment = dict(os.environ, MUSC_METRICS_BENCHMARK=path)
        build = ["swift", "build", "-c", "release", "--build-tests"]
        test = ["swift", "test", "-c", "release", "--skip-build", "--disable-testable-imports", "--filter", "MetricBenchmark"]
        for command in [build, test]:
            subprocess.run(command, cwd=package, env=environment, check=True, stdout=subprocess.DEVNULL)
        ours = json.load(open(path + ".json"))
    seconds, values = scikit_learn(maps, masks, options.pro_thresholds)
    print(f"{maps.size:,} pixels, {os.cpu_count()} processors")
    print(f"musc: AUROC, F1-max and AP {ours['ranking_seconds']:.2f} s, PRO {ours['overlap_seconds']:.2f} s, "
          f"peak {ours['peak_mebibytes']:.0f} MiB beyond the maps and masks")
    print(f"user CPU: AUROC, F1-max, AP and the reference's PRO {ours['cpu_seconds']:.2f} s, "
          f"PRO to 0.3 by sorting {ours['exact_cpu_seconds']:.2f} s more")
    print("scikit-learn and scikit-image: " + ", ".join(f"{k} {v:.1f} s" for k, v in seconds.items())
          + f", peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB in all")
    for name, value in values.items():
        print(f"{name}: {ours[name]:.9f} against {value:.9f}, difference {abs(ours[name] - value):.1e}")


if __name__ == "__main__":
    main()
