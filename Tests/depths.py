#!/usr/bin/env python3
"""Saves the solar cells of the quick start again as cameras of 10 and 12 bits would, in files of 16 bits, scores each set
and prints its image AUROC and the flagged cells beside those of the 8-bit files.

    python3 Tests/depths.py [--cells quickstart/solar-cells] [--musc .build/release/musc] [--format png]

Needs nothing but Python, the quick start's photographs (examples/solar_cells.sh) and weights; writes below a temporary
folder. Ends with status 1 where AUROC differs by more than one pair of cells, or more than one cell is flagged otherwise.
"""
import argparse
import csv
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).parent.parent


def read_png(data):
    """Rows of an 8-bit grey PNG."""
    position, packed = 8, b""
    while position < len(data):
        (length,) = struct.unpack(">I", data[position:position + 4])
        kind, body = data[position + 4:position + 8], data[position + 8:position + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 0), "an 8-bit grey PNG is expected"
        elif kind == b"IDAT":
            packed += body
        position += 12 + length
    raw, rows, above = zlib.decompress(packed), [], bytearray(width)
    for y in range(height):
        start = y * (width + 1)
        kind, row = raw[start], bytearray(raw[start + 1:start + 1 + width])
        for x in range(width):
            a, b, c = (row[x - 1] if x else 0), above[x], (above[x - 1] if x else 0)
            if kind == 4:
                p = a + b - c
                distances = (abs(p - a), abs(p - b), abs(p - c))
                guess = (a, b, c)[distances.index(min(distances))]
            else:
                guess = (0, a, b, (a + b) // 2)[kind]
            row[x] = (row[x] + guess) & 255
        rows.append(row)
        above = row
    return rows


def png(rows):
    width, height = len(rows[0]), len(rows)
    raw = b"".join(b"\0" + struct.pack(f">{width}H", *row) for row in rows)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 16, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b"")


def pgm(rows):
    width = len(rows[0])
    return f"P5\n{width} {len(rows)}\n65535\n".encode() + b"".join(struct.pack(f">{width}H", *row) for row in rows)


def tiff(rows):
    width, height = len(rows[0]), len(rows)
    pixels = b"".join(struct.pack(f"<{width}H", *row) for row in rows)
    fields = [(256, 4, width), (257, 4, height), (258, 3, 16), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
              (278, 4, height), (279, 4, len(pixels))]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + struct.pack("<H", len(fields)) + entries + b"\0" * 4


def auroc(scores, defective):
    bad = [score for name, score in scores.items() if name in defective]
    good = [score for name, score in scores.items() if name not in defective]
    wins = sum((b > g) + (b == g) / 2 for b in bad for g in good)
    return wins / (len(bad) * len(good)), 1 / (len(bad) * len(good))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=pathlib.Path, default=HERE / "quickstart/solar-cells")
    parser.add_argument("--musc", type=pathlib.Path, default=HERE / ".build/release/musc")
    parser.add_argument("--format", choices=["png", "pgm", "tiff"], default="png")
    parser.add_argument("rest", nargs="*", help="further arguments of musc run, after --")
    options = parser.parse_args()
    write, ending = {"png": (png, "png"), "pgm": (pgm, "pgm"), "tiff": (tiff, "tif")}[options.format]
    labels = (HERE / "examples/solar_cells.txt").read_text().splitlines()
    labelled = [line.split() for line in labels if line and not line.startswith("#")]
    defective = {pathlib.Path(name).stem for name, label, *_ in labelled if float(label) > 0}
    cells = {path.stem: read_png(path.read_bytes()) for path in sorted(options.cells.glob("*.png"))}
    noise = random.Random(1)
    cases = [
        ("12 bits", lambda v: v << 4), ("12 bits, noise", lambda v: v << 4 | noise.randrange(4)),
        ("10 bits", lambda v: v << 2), ("10 bits, noise", lambda v: v << 2 | noise.randrange(4)),
        ("up to 2890", lambda v: v * 34 // 3),
    ]
    failed = False
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)

        def score(folder):
            output = subprocess.run(
                [options.musc, "run", folder, "--json", "--out", scratch / "results", *options.rest],
                check=True, capture_output=True, text=True).stdout
            result = json.loads(output.splitlines()[-1])
            with open(pathlib.Path(result["results"]) / "scores.csv", newline="") as table:
                rows = list(csv.DictReader(table))
            return ({pathlib.Path(row["image"]).stem: float(row["score"]) for row in rows},
                    {pathlib.Path(row["image"]).stem for row in rows if row["flagged"] in ("1", "true", "yes")})

        folder = scratch / "eight"
        folder.mkdir()
        for path in options.cells.glob("*.png"):
            (folder / path.name).write_bytes(path.read_bytes())
        scores, usual = score(folder)
        best, pair = auroc(scores, defective)
        print(f"{'8 bits':16} AUROC {best:.4f}  flagged {len(usual)}", flush=True)
        for number, (name, deepened) in enumerate(cases):
            folder = scratch / f"case{number}"
            folder.mkdir()
            for stem, rows in cells.items():
                (folder / f"{stem}.{ending}").write_bytes(write([[deepened(v) for v in row] for row in rows]))
            scores, flagged = score(folder)
            value, _ = auroc(scores, defective)
            changed = flagged ^ usual
            print(f"{name:16} AUROC {value:.4f}  flagged {len(flagged)}, {len(changed)} other than of 8 bits", flush=True)
            # What is no power of two is brighter or darker as a whole, and need not be the same to the pair.
            if number < 4: failed |= abs(value - best) > pair * 1.01 or len(changed) > 1
    sys.exit(failed)


main()
