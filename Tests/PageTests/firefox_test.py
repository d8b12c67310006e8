"""The main path through a report in Firefox, driven over Marionette, the protocol that Firefox itself speaks.

Usage: firefox_test.py FOLDER, where FOLDER holds the batches that PageFixtures.swift writes. FIREFOX names the browser.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

FOLDER = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else Path(".")
FIREFOX = os.environ.get("FIREFOX", "/usr/bin/firefox-esr")


class Firefox:
    """A headless Firefox with a profile of its own."""

    def __init__(self):
        self.profile = tempfile.TemporaryDirectory()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        Path(self.profile.name, "user.js").write_text(f'user_pref("marionette.port", {port});\n')
        environment = os.environ | {"HOME": self.profile.name, "MOZ_HEADLESS_WIDTH": "1440", "MOZ_HEADLESS_HEIGHT": "900"}
        self.process = subprocess.Popen(
            [FIREFOX, "--headless", "--marionette", "--no-remote", "--profile", self.profile.name],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
                break
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.end()
                    raise
                time.sleep(0.2)
        self.number = 0
        self.receive()
        self.send("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"pageLoadStrategy": "normal"}}})

    def receive(self):
        length = b""
        while not length.endswith(b":"):
            length += self.socket.recv(1)
        body = b""
        while len(body) < int(length[:-1]):
            body += self.socket.recv(int(length[:-1]) - len(body))
        return json.loads(body)

    def send(self, command, parameters):
        self.number += 1
        message = json.dumps([0, self.number, command, parameters]).encode()
        self.socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self.receive()
        if error:
            raise AssertionError(f"{command}: {error['error']}: {error['message']}")
        return result

    def open(self, url):
        self.send("WebDriver:Navigate", {"url": url})

    def run(self, script, *arguments):
        return self.send("WebDriver:ExecuteScript", {"script": script, "args": list(arguments)})["value"]

    def press(self, *keys):
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.send("WebDriver:PerformActions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def click(self, selector):
        element = self.send("WebDriver:FindElement", {"using": "css selector", "value": selector})["value"]
        self.send("WebDriver:ElementClick", {"id": next(iter(element.values()))})

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.profile.cleanup()


class MainPath(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.firefox = Firefox()
        cls.addClassCleanup(cls.firefox.end)

    def eventually(self, script, expected):
        deadline = time.monotonic() + 10
        while (value := self.firefox.run(script)) != expected and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(value, expected)

    def test_from_the_heading_to_the_place_that_comes_nearest(self):
        firefox = self.firefox
        firefox.open((FOLDER / "judged/_musc/report.html").as_uri())
        self.assertEqual(firefox.run("return document.querySelector('h1').textContent"), "6 of 40 images are flagged")
        self.assertEqual(firefox.run("return document.querySelectorAll('#grid > .card').length"), 40)
        self.eventually("return [...document.querySelectorAll('.strip img')].every(e => e.complete && e.naturalWidth > 0)", True)
        firefox.click("#grid .card a")
        self.assertTrue(firefox.run("return document.getElementById('viewer').open"))
        first = firefox.run("return document.getElementById('viewer-name').textContent")
        self.eventually("return document.querySelector('#pane-right img').naturalWidth", 160)
        self.assertGreater(
            firefox.run("const c = document.querySelector('#pane-right canvas');"
                        "return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 100).length"), 10)
        firefox.click("#neighbours button")
        self.assertTrue(firefox.run("return getComputedStyle(document.querySelector('#pane-left .peak')).display !== 'none'"))
        firefox.press("\ue014")
        self.assertNotEqual(firefox.run("return document.getElementById('viewer-name').textContent"), first)
        firefox.press("\ue00c")
        self.eventually("return document.getElementById('viewer').open", False)
        firefox.press("f")
        self.assertEqual(firefox.run("return document.querySelectorAll('#grid > .card').length"), 6)

    def test_the_line_moves_and_offers_the_command(self):
        firefox = self.firefox
        firefox.open((FOLDER / "parts/_musc/report.html").as_uri())
        firefox.run("document.getElementById('threshold-handle').focus()")
        firefox.press("\ue011")
        self.assertIn("81 images would be flagged", firefox.run("return document.querySelector('h1').textContent"))
        self.assertIn("--threshold", firefox.run("return document.getElementById('moved').innerText"))

    def test_the_index(self):
        self.firefox.open((FOLDER / "few/index.html").as_uri())
        self.assertEqual(self.firefox.run("return document.querySelectorAll('#table tbody tr').length"), 24)
        self.assertEqual(self.firefox.run("return document.querySelectorAll('.trend').length"), 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
