#!/usr/bin/env python3
"""Writes random_cases.safetensors: 200 small cases with the metrics that scikit-learn and scikit-image compute.

Needs numpy, scikit-learn, scikit-image and safetensors. Run once; the result is committed beside this script.

Case i has `shapes[i]` = (images, height, width); its scores and labels follow those of case i-1 in `scores` (F32) and
`labels` (U8). `expected[i]` = (AUROC, F1-max, AP, PRO), NaN where a metric is not defined: the first three where only
one class is there, PRO where there is no region, no normal pixel, or no interval of false-positive rates below 0.3.
Height and width 1 are rankings without an image, whose PRO is not computed.
"""
import pathlib
import numpy as np
from safetensors.numpy import save_file
from skimage import measure
from sklearn.metrics import auc, average_precision_score, precision_recall_curve, roc_auc_score

rng = np.random.default_rng(20240511)


def ranking(labels, scores):
    if labels.min() == labels.max():
        return [np.nan] * 3
    precision, recall, _ = precision_recall_curve(labels, scores)
    with np.errstate(invalid="ignore"):
        f1 = 2 * precision * recall / (precision + recall)
    return [roc_auc_score(labels, scores), np.max(f1[np.isfinite(f1)]), average_precision_score(labels, scores)]


def pro(masks, maps, steps=200, limit=0.3):
    """The definition taken literally: every threshold, every region."""
    maps = maps.astype(np.float64)
    regions = [(i, r.coords) for i, m in enumerate(masks) for r in measure.regionprops(measure.label(m))]
    normal = masks == 0
    if not regions or not normal.any():
        return np.nan
    low, high = maps.min(), maps.max()
    rates, overlaps = [], []
    for step in range(steps):
        above = maps > low + step * ((high - low) / steps)
        overlaps.append(np.mean([above[i][c[:, 0], c[:, 1]].mean() for i, c in regions]))
        rates.append(above[normal].mean())
    rates, overlaps = np.array(rates), np.array(overlaps)
    keep = rates < limit
    rates = rates[keep]
    if len(rates) < 2 or rates.max() == rates.min():
        return np.nan
    return auc((rates - rates.min()) / (rates.max() - rates.min()), overlaps[keep])


def scores_like(labels):
    """Scores that see something of the labels, in one of several shapes."""
    noise = rng.standard_normal(labels.shape) * rng.uniform(0.2, 2)
    scores = (labels * rng.uniform(-0.5, 2) + noise).astype(np.float32)
    match rng.integers(6):
        case 0: return np.round(scores)                                       # many ties
        case 1: return np.round(scores * 4) / 4                               # some ties
        case 2: return np.exp(scores * 8).astype(np.float32)                  # many exponents
        case 3: return (0.9 + scores * 1e-4).astype(np.float32)               # few exponents
        case 4: return np.where(scores > 0.5, scores, 0).astype(np.float32)   # zeros
        case _: return scores


shapes, all_scores, all_labels, expected = [], [], [], []
for case in range(200):
    if case < 100:
        shape = (int(rng.integers(2, 120)), 1, 1)
        labels = (rng.random(shape) < rng.choice([0.02, 0.2, 0.5, 0.9])).astype(np.uint8)
    else:
        shape = (int(rng.integers(1, 5)), int(rng.integers(5, 15)), int(rng.integers(5, 15)))
        labels = np.zeros(shape, np.uint8)
        for image in labels[: rng.integers(0, shape[0] + 1)]:
            if rng.random() < 0.5:
                image[rng.random(image.shape) < rng.uniform(0.02, 0.5)] = 1   # many ragged regions
            for _ in range(rng.integers(0, 3)):
                y, x = rng.integers(shape[1]), rng.integers(shape[2])
                image[y:y + rng.integers(1, 6), x:x + rng.integers(1, 6)] = 1
    if labels.min() == labels.max() and case % 10:
        # One case of ten may lack one sort of samples; the others get both.
        labels.flat[0], labels.flat[-1] = 0, 1
    scores = scores_like(labels).astype(np.float32)
    shapes.append(shape)
    all_scores.append(scores.ravel())
    all_labels.append(labels.ravel())
    expected.append(ranking(labels.ravel(), scores.ravel()) + [np.nan if case < 100 else pro(labels, scores)])

save_file(
    {
        "shapes": np.array(shapes, np.int32), "scores": np.concatenate(all_scores), "labels": np.concatenate(all_labels),
        "expected": np.array(expected, np.float64),
    },
    str(pathlib.Path(__file__).with_name("random_cases.safetensors")))
e = np.array(expected)
print("defined:", np.isfinite(e).sum(0), "pixels:", sum(map(len, all_scores)))
