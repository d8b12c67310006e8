"""Time and memory of photographs of 20 megapixels: 5000 × 4000 px, each of 20 × 16 solar cells of elpv-dataset.

With --deep they are of 16 bits, so that each is read twice: once for the range of the batch.

Each row is one run of `musc bench` over the folder, from files to the report, with nothing kept from before. Seconds are
those of a photograph; the memory is the highest of the process.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

CELL, COLUMNS, ROWS = 250, 20, 16


def make_photographs(data, folder, count, deep):
    """Writes the photographs that are not there yet; the same ones whatever the count."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [line.split() for line in (data / "labels.csv").read_text().splitlines()]
    good = sorted(name for name, probability, kind in names if kind == "mono" and float(probability) == 0)
    for index in range(count):
        path = folder / f"large{index:02}.{'tif' if deep else 'jpg'}"
        if path.exists():
            continue
        draw = random.Random(index)
        photograph = Image.new("L", (COLUMNS * CELL, ROWS * CELL))
        for position in range(COLUMNS * ROWS):
            with Image.open(data / draw.choice(good)) as cell:
                photograph.paste(
                    cell.convert("L").resize((CELL, CELL)), (position % COLUMNS * CELL, position // COLUMNS * CELL))
        if deep:
            # 12 bits in the lower ones of 16, as industrial cameras write them.
            photograph.convert("I").point(lambda value: value * 16).convert("I;16").save(path)
            continue
        # In colour, as most cameras write them.
        photograph.convert("RGB").save(path, quality=92)


def bench(musc, folder, arguments):
    """The seconds of each stage, what the table says besides, and the highest memory in MiB."""
    environment = dict(os.environ)
    environment.setdefault("MUSC_WEIGHTS", str(Path.home() / ".cache/musc/weights"))
    process = subprocess.Popen(
        [musc, "bench", str(folder), "--format", "json", *arguments], env=environment, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"musc bench ended with status {os.waitstatus_to_exitcode(status)}")
    document = json.loads(output)
    return {row["stage"]: row["seconds"] for row in document["rows"]}, document, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="elpv_dataset/data, unpacked")
    parser.add_argument("--work", type=Path, required=True, help="a folder for the photographs")
    parser.add_argument("--musc", default="musc")
    parser.add_argument("--photographs", type=int, default=40)
    parser.add_argument("--deep", action="store_true", help="16-bit TIFF of 40 MB each instead of JPEG")
    parser.add_argument("--sizes", nargs="*", default=["auto"])
    parser.add_argument("--windows", nargs="*", default=["preset"], help="patches, off, or preset")
    parser.add_argument("arguments", nargs="*", help="for musc bench, after --")
    options = parser.parse_args()
    folder = options.work / f"{options.photographs}{'-deep' if options.deep else ''}"
    make_photographs(options.data, folder, options.photographs, options.deep)
    print(
        "| image size | tiles | window | pairs computed | features | of that, decoding | a tile | mutual scoring | scores, maps, "
        "report | together | memory, MiB |\n|---|---|---|---|---|---|---|---|---|---|---|")
    for size in options.sizes:
        for window in options.windows:
            given = [] if window == "preset" else ["--window", window]
            seconds, document, memory = bench(
                options.musc, folder, ["--image-size", size, *given, *options.arguments])
            taken, tiles = re.search(r"(\S+) px in (\d+) tile", document["title"]).groups()
            share = re.search(r"computes ([\d.]+) %", " ".join(document["notes"])).group(1)
            count = options.photographs
            each = {stage: value / count for stage, value in seconds.items()}
            features, decoding = each["features"], each["of that, decoding"]
            name = f"auto: {taken}" if size == "auto" else taken
            print(
                f"| {name} | {tiles} | {window} | {share} % | {features:.2f} | {decoding:.2f} | "
                f"{(features - decoding) / int(tiles):.4f} | {each['mutual scoring']:.2f} | "
                f"{each['scores'] + each['results']:.2f} | {each['together']:.2f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
