#!/usr/bin/env python3
"""Writes exact_cases.safetensors: small cases with the metrics that scikit-learn, scikit-image and the plain definitions give.

Needs numpy, scikit-learn, scikit-image and safetensors. Run once; the result is committed beside this script.

Case i has `shapes[i]` = (images, height, width); its scores and labels follow those of case i-1 in `scores` (F32) and
`labels` (U8). The threshold of its fixed-threshold figures is `thresholds[i]`. `expected[i]` = (PRO to 0.3, PRO to 0.05,
sPRO to 0.05, recall, false-alarm rate, precision, F1 at the threshold), NaN where one is not defined. For sPRO each
region saturates at a third of its area, rounded up. Among the cases: ties, all scores equal, one class, no positives,
masks of one pixel, scores that see the labels and scores that see their contrary.
"""
import pathlib
import numpy as np
from safetensors.numpy import save_file
from skimage import measure
from sklearn.metrics import auc, confusion_matrix, f1_score, precision_score, recall_score

rng = np.random.default_rng(20261130)


def overlap_area(masks, maps, limit, saturate):
    """Every distinct score is a threshold; the curve is cut at the limit by interpolation."""
    maps = maps.astype(np.float64)
    regions = []
    for image, mask in enumerate(masks):
        for region in measure.regionprops(measure.label(mask, connectivity=2)):
            values = maps[image][region.coords[:, 0], region.coords[:, 1]]
            regions.append((values, saturate(len(values))))
    normal = maps[masks == 0]
    if not regions or not len(normal):
        return np.nan
    rates, overlaps = [0.0], [0.0]
    for threshold in np.unique(maps)[::-1]:
        overlaps.append(np.mean([min((values >= threshold).sum() / full, 1) for values, full in regions]))
        rates.append((normal >= threshold).mean())
    rates, overlaps = np.array(rates), np.array(overlaps)
    within = rates <= limit
    x, y = list(rates[within]), list(overlaps[within])
    if not within.all():
        last = np.nonzero(~within)[0][0]
        share = (limit - rates[last - 1]) / (rates[last] - rates[last - 1])
        x.append(limit)
        y.append(overlaps[last - 1] + share * (overlaps[last] - overlaps[last - 1]))
    return auc(x, y) / limit if len(x) > 1 else np.nan


def fixed(labels, flagged):
    tn, fp, fn, tp = confusion_matrix(labels, flagged, labels=[0, 1]).ravel()
    return [
        recall_score(labels, flagged, zero_division=np.nan) if tp + fn else np.nan,
        fp / (fp + tn) if fp + tn else np.nan,
        precision_score(labels, flagged, zero_division=np.nan) if tp + fp else np.nan,
        f1_score(labels, flagged, zero_division=np.nan) if tp + fp + fn else np.nan,
    ]


def case(number):
    shape = (rng.integers(1, 5), rng.integers(1, 12), rng.integers(1, 12))
    share = rng.choice([0, 0.01, 0.1, 0.4, 1])
    labels = (rng.random(shape) < share).astype(np.uint8)
    if number % 10 == 0:
        labels[:] = 0
        labels[0, 0, 0] = 1
    scores = rng.standard_normal(shape).astype(np.float32) + labels * np.float32(rng.uniform(-1, 2))
    match number % 7:
        case 0: scores = np.round(scores)
        case 1: scores = np.round(scores * 4) / 4
        case 2: scores[:] = 0.25
        case 3: scores = labels.astype(np.float32)
        case 4: scores = 1 - labels.astype(np.float32)
        case 5: scores = np.where(scores > 0, scores, 0)
    return labels, scores.astype(np.float32)


def main():
    labels, scores = zip(*(case(number) for number in range(90)))
    thresholds = np.array([rng.choice(s.ravel()) for s in scores], np.float32)
    expected = []
    for mask, map_, threshold in zip(labels, scores, thresholds):
        expected.append([
            overlap_area(mask, map_, 0.3, lambda area: area),
            overlap_area(mask, map_, 0.05, lambda area: area),
            overlap_area(mask, map_, 0.05, lambda area: -(-area // 3)),
            *fixed(mask.ravel(), (map_ >= threshold).ravel().astype(int)),
        ])
    save_file(
        {
            "scores": np.concatenate([s.ravel() for s in scores]),
            "labels": np.concatenate([m.ravel() for m in labels]),
            "shapes": np.array([m.shape for m in labels], np.int64),
            "thresholds": thresholds,
            "expected": np.array(expected, np.float64),
        },
        pathlib.Path(__file__).with_name("exact_cases.safetensors"),
    )


if __name__ == "__main__":
    main()
