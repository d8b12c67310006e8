"""The whole way of a verdict, in a headless Chromium and with a watcher that runs: given in a report that was opened from
disk, saved, dropped and taken in by the next batch; and given through `musc serve`, by two people at once.

Usage: verdicts_test.py MUSC, the command to try. CHROMIUM names the browser. A tiny network with random weights scores.
"""

import csv
import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

MUSC = str(Path(sys.argv.pop(1)).resolve()) if len(sys.argv) > 1 else ".build/release/musc"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
HERE = Path(__file__).resolve().parent.parent.parent


def photograph(path, seed, is_odd=False):
    """A grey part with a texture of its own; an odd one has a bright spot."""
    side, random_ = 84, random.Random(seed)
    rows = []
    for y in range(side):
        row = [(x * 2 + y + random_.randrange(12)) % 160 for x in range(side)]
        if is_odd and 30 < y < 50:
            row[30:50] = [255] * 20
        rows.append(b"\0" + bytes(row))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b""))


class Way(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.work = Path(cls.scratch.name).resolve()
        cls.drop = cls.work / "drop"
        cls.drop.mkdir()
        weights = f'set -e; . Tests/tiny_network.sh "{MUSC}" "{cls.work}"'
        subprocess.run(["bash", "-c", weights], cwd=HERE, check=True)
        cls.environment = {**os.environ, "MUSC_WEIGHTS": str(cls.work / "weights"), "MUSC_STATE": str(cls.work / "state"),
                           "XDG_CACHE_HOME": str(cls.work / "cache")}
        (cls.work / "musc.yaml").write_text(
            f"watch: {{roots: [{cls.drop}], settle_seconds: 1, min_images: 2}}\n"
            f"model: {{backbone: {cls.work}/tiny.json, image_size: 84}}\n")
        cls.log = open(cls.work / "log", "w")
        cls.watcher = cls.started("watch")
        cls.playwright = sync_playwright().start()
        # --no-sandbox: containers of build servers run as root.
        cls.browser = cls.playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.playwright.stop()
        cls.watcher.terminate()
        cls.watcher.wait(60)
        cls.log.close()
        cls.scratch.cleanup()

    @classmethod
    def started(cls, *words, **options):
        return subprocess.Popen(
            [MUSC, *words, "--config", str(cls.work / "musc.yaml")], env=cls.environment, stderr=cls.log,
            stdout=options.get("stdout", cls.log), text=True)

    def scored(self, name, seed):
        """Drops a batch, waits until it is scored, and gives its report and its run.json."""
        folder = self.drop / "line" / name
        folder.mkdir(parents=True)
        for index in range(12):
            photograph(folder / f"part_{index:02}.png", seed + index, is_odd=index in (3, 8))
        report = folder / "_musc" / "report.html"
        for _ in range(900):
            if report.exists():
                return report, json.loads((folder / "_musc" / "run.json").read_text())
            time.sleep(0.1)
        self.fail(f"{name} was not scored: {(self.work / 'log').read_text()[-2000:]}")

    def page(self, allowed, **options):
        context = self.browser.new_context(**options)
        self.addCleanup(context.close)
        page = context.new_page()
        problems = []
        self.addCleanup(lambda: self.assertEqual(problems, [], "the page was not silent"))
        page.on("console", lambda m: m.type in ("error", "warning") and problems.append(m.text))
        page.on("pageerror", lambda e: problems.append(str(e)))
        page.on("request", lambda r: r.url.startswith((allowed, "data:", "blob:")) or problems.append("request: " + r.url))
        return page

    def judge(self, page, keys):
        """Judges the images one after the other by keys, from the first on; gives their names."""
        page.locator("#grid .card a").first.click()
        names = []
        for key in keys:
            names.append(page.locator("#viewer-name").inner_text())
            page.keyboard.press(key)
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Escape")
        expect(page.locator("#viewer")).not_to_be_visible()
        return names

    def verdicts(self, name):
        with open(self.drop / "line" / name / "verdicts.csv", newline="", encoding="utf-8-sig") as file:
            return {row["image"]: row for row in csv.DictReader(file)}

    def judges(self, run):
        return {who["origin"]: who for who in run.get("outside_judgments", [])}

    def test_by_file_and_by_server(self):
        # From disk: five images judged by keys, saved as a file, and the file dropped.
        report, _ = self.scored("a", 100)
        page = self.page("file:", accept_downloads=True)
        # The browser's own dialogue for files cannot be driven.
        page.add_init_script("delete window.showSaveFilePicker")
        page.goto(report.as_uri())
        page.fill("#verdict-by", "Ann")
        names = self.judge(page, "ggdgu")
        self.assertEqual(len(set(names)), 5)
        expect(page.locator("#verdict-save")).to_have_text("Save 5 verdicts")
        with page.expect_download() as download:
            page.locator("#verdict-save").click()
        dropped = self.drop / download.value.suggested_filename
        download.value.save_as(dropped)
        # A file that is younger may still be written.
        time.sleep(3)
        report, run = self.scored("b", 200)
        found = self.verdicts("a")
        self.assertEqual([found[name]["verdict"] for name in names], ["good", "good", "defect", "good", "unsure"])
        self.assertTrue(all(re.fullmatch("[0-9a-f]{64}", row["content"]) and row["by"] == "Ann" for row in found.values()))
        self.assertFalse(dropped.exists())
        self.assertTrue(dropped.with_name(dropped.name + ".taken").exists())
        good = self.judges(run)["found good"]
        self.assertEqual(sorted(good["images"]), sorted(f"a/{name}" for name, key in zip(names, "ggdgu") if key == "g"))
        self.assertTrue(any("3 parts that you found good" in note for note in run["notes"]), run["notes"])
        page.goto(report.as_uri())
        self.assertIn("3 parts that you found good", page.locator("body").inner_text())

        # Through the server, by two people: each verdict is kept at the key, and the last word on an image stands.
        server = self.started("serve", "--listen", "127.0.0.1:0", stdout=subprocess.PIPE)
        self.addCleanup(lambda: (server.terminate(), server.wait(60), server.stdout.close()))
        root = server.stdout.readline().strip()
        ann, bob = self.page(root), self.page(root)
        for page, name in ((ann, "Ann"), (bob, "Bob")):
            page.goto(root)
            page.get_by_role("link", name="line/b").first.click()
            page.fill("#verdict-by", name)
        first = self.judge(ann, "ggg")
        expect(ann.locator("#verdict-state")).to_have_text(f"{first[2]}: good, saved. At most two more like this and it is known.")
        second = self.judge(bob, "gdgu")
        expect(bob.locator("#verdict-state")).to_have_text(f"{second[3]}: unsure, saved.")
        found = self.verdicts("b")
        self.assertEqual({name: (row["verdict"], row["by"]) for name, row in found.items()}, {
            second[0]: ("good", "Bob"), second[1]: ("defect", "Bob"), second[2]: ("good", "Bob"), second[3]: ("unsure", "Bob")})
        ann.reload()
        changed = ann.locator("#grid .card", has_text=second[1]).first
        expect(changed.locator("button.defect")).to_have_attribute("aria-pressed", "true")
        _, run = self.scored("c", 300)
        good = self.judges(run)["found good"]["images"]
        self.assertEqual(sorted(name for name in good if name.startswith("b/")), sorted([f"b/{second[0]}", f"b/{second[2]}"]))
        # The line's page tells of it.
        for _ in range(100):
            ann.goto(f"{root}0/line/line.html")
            # It follows its batch within moments.
            if ann.locator("h2", has_text="Found defective 2").count():
                break
            time.sleep(0.2)
        expect(ann.locator("h2", has_text="Found defective")).to_have_text("Found defective 2")
        self.assertTrue(ann.locator(".found img").first.evaluate("e => e.decode().then(() => e.naturalWidth > 0)"))


if __name__ == "__main__":
    unittest.main()
