"""The clients of serve.sh."""

import csv
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

MUSC, CLIENTS, SECONDS, SEED = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
MARK = "outside-the-results"
PAGE = '<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src \'self\'">'
# What is meant ill; none of it may be answered with 200.
ATTACKS = """/0/../outside/secret.png /0/line/../../outside/secret.png /0/%2e%2e/outside/secret.png /0/..%2foutside%2fsecret.png
/0/line/a/_musc/..%5c..%5csecret.png /0/%c0%ae%c0%ae/outside/secret.png /0//line//..//..//outside/secret.png /0/line/a/s.png
/0/line/a/_musc/out.png /0/line/out/secret.png /0/line/a/_musc/folder/secret.png /0/line/a/_musc/pipe.png /0/line/a/.hidden.png
/0/line/a/notes.txt /0/line/plain/q.png /0/line/a/_musc/%00.png /0/line/a/p.png%00.html /0/line/a/_musc/overlays /1/ /-1/ /00/ /0/state
/etc/passwd //etc/passwd /0/etc/passwd /0/line/a/verdicts.csv /0/line/a/_musc/../notes.txt /0/line/a/_musc/run.json/x /0/proc/self/environ
/0/line/a/_musc/verdict /verdict /0/line/plain/_musc/report.html http://other.example/0/ * /0/line/a/_musc/report.html#x""".split()
FAIR = {"/0/": "index", "/0/line/a/_musc/report.html": "report", "/0/line/a/_musc/overlays/p.png": "overlay", "/0/line/a/p.png": "photograph",
        "/0/batches.csv": "batch,state"}


def make_drop(work):
    drop = work / "drop"
    for folder in ("line/a/_musc/overlays", "line/plain"):
        (drop / folder).mkdir(parents=True)
    (work / "outside").mkdir()
    for name, text in {
        "index.html": PAGE + "index", "batches.csv": "batch,state\r\n", "line/a/_musc/report.html": PAGE + "report", "line/a/_musc/run.json": "{}",
        "line/a/_musc/overlays/p.png": "overlay", "line/a/p.png": "photograph", "line/a/notes.txt": MARK, "line/a/.hidden.png": MARK,
        "line/plain/q.png": MARK, "../outside/secret.png": MARK,
    }.items():
        (drop / name).write_text(text)
    for index in range(40):
        (drop / f"line/a/part_{index}.png").write_text(f"part {index}")
    for name, target in {"line/a/_musc/out.png": "secret.png", "line/a/s.png": "secret.png", "line/out": "", "line/a/_musc/folder": ""}.items():
        (drop / name).symlink_to(work / "outside" / target)
    os.mkfifo(drop / "line/a/_musc/pipe.png")
    return drop


class Fault(Exception):
    pass


def ask(port, data, patience=30, cut=None):
    """Sends bytes and reads until the server closes; `cut` closes after so many bytes of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as client:
        try:
            client.sendall(data)
            if cut is None:
                client.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        answer = b""
        try:
            while piece := client.recv(65536):
                answer += piece
                if cut is not None and len(answer) >= cut:
                    break
        except ConnectionResetError:
            pass
        return answer


def request(path, method="GET", fields=(), body=b""):
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *fields]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join(head).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body


def damaged(random_, data):
    data = bytearray(data)
    for _ in range(random_.randint(1, 8)):
        place = random_.randrange(len(data) + 1)
        match random_.randrange(5):
            case 0: data[place:place] = bytes([random_.randrange(256)])
            case 1: del data[place:place + random_.randint(1, 20)]
            case 2: data[place:place] = data[:random_.randrange(len(data) + 1)]
            case 3: data[place:place] = random_.choice([b"\r\n", b"\n\n", b"\0", b"%", b"../", b"\xff\xfe", b"Content-Length: 7\r\n", b"Transfer-Encoding: chunked\r\n"])
            case 4: data[place:place] = b"a" * random_.choice([100, 20_000, 70_000])
    return bytes(data)


class Client(threading.Thread):
    def __init__(self, number, port, secret, end):
        super().__init__(daemon=True)
        self.number, self.port, self.secret, self.end = number, port, secret, end
        self.random = random.Random(SEED * 1000 + number)
        self.asked, self.fault, self.said, self.last_said = 0, None, {}, 0.0

    def run(self):
        try:
            while time.monotonic() < self.end:
                self.step()
                self.asked += 1
        except Exception as fault:  # noqa: BLE001: told of by the main thread
            self.fault = fault

    def step(self):
        if time.monotonic() - self.last_said > 10:
            self.last_said = time.monotonic()
            return self.say()
        choice = self.random.randrange(10)
        if choice < 5:
            path, content = self.random.choice(list(FAIR.items()))
            answer = ask(self.port, request(path))
            if not answer.startswith(b"HTTP/1.1 200 ") or content.encode() not in answer:
                raise Fault(f"{path}: {answer[:200]!r}")
        elif choice < 7:
            path = self.random.choice(ATTACKS)
            answer = self.harmless(ask(self.port, request(path, self.random.choice(["GET", "HEAD", "POST", "PUT"]))))
            if answer.startswith(b"HTTP/1.1 200 "):
                raise Fault(f"{path}: {answer[:200]!r}")
        elif choice < 9:
            fair = request(self.random.choice(list(FAIR) + ATTACKS), self.random.choice(["GET", "POST"]), body=b'{"image": "p.png"}')
            self.harmless(ask(self.port, damaged(self.random, fair)))
        else:
            # Somebody who goes away in the middle: of the request, or of the answer.
            fair = request(self.random.choice(list(FAIR)))
            if self.random.random() < 0.5:
                ask(self.port, fair, cut=1)
            else:
                with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
                    client.sendall(fair[:self.random.randrange(len(fair))])

    def harmless(self, answer):
        if MARK.encode() in answer or b"root:" in answer:
            raise Fault(f"outside: {answer[:300]!r}")
        return answer

    def say(self):
        """A verdict on an image of this client's own: what the server confirms must stand."""
        image, word = f"part_{self.number % 40}.png", self.random.choice(["good", "defect", "unsure"])
        by = f"client {self.number}"
        body = json.dumps({"image": image, "verdict": word, "by": by, "note": "; =1+1"}).encode()
        answer = ask(self.port, request("/0/line/a/_musc/verdict", "POST", [f"X-Musc-Token: {self.secret}", "Content-Type: application/json"], body))
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise Fault(f"verdict: {answer[:200]!r}")
        self.said[word] = self.said.get(word, 0) + 1
        # Without the secret none is kept.
        answer = ask(self.port, request("/0/line/a/_musc/verdict", "POST", ["Content-Type: application/json"], body))
        if not answer.startswith(b"HTTP/1.1 403 "):
            raise Fault(f"without the secret: {answer[:200]!r}")


def state(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return len(os.listdir(f"/proc/{pid}/fd")), int(re.search(r"VmRSS:\s+(\d+)", status)[1]), int(re.search(r"Threads:\s+(\d+)", status)[1])


def main():
    print(f"{CLIENTS} clients, {SECONDS:g} s, seed {SEED}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch).resolve()
        drop = make_drop(work)
        environment = {**os.environ, "MUSC_STATE": str(work / "state")}
        environment.pop("MUSC_SERVE_TOKEN", None)
        server = subprocess.Popen(
            [MUSC, "serve", str(drop), "--config", "", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True, env=environment)
        try:
            port = int(re.search(r":(\d+)/", server.stdout.readline())[1])
            secret = re.search(rb'name="musc-serve" content="([0-9a-f]+)"', ask(port, request("/0/line/a/_musc/report.html")))[1].decode()
            start = time.monotonic()
            first = most = state(server.pid)
            clients = [Client(number, port, secret, start + SECONDS) for number in range(CLIENTS)]
            for client in clients:
                client.start()
            early = None
            while any(client.is_alive() for client in clients):
                time.sleep(0.2)
                if server.poll() is not None:
                    raise Fault(f"the server ended with {server.returncode}")
                most = tuple(map(max, most, state(server.pid)))
                if early is None and time.monotonic() - start > min(SECONDS / 4, 60):
                    early = state(server.pid)
                if faults := [client.fault for client in clients if client.fault]:
                    raise Fault(f"{len(faults)} clients: {faults[0]!r}")
            # Connections that were left in the middle are given up after their time.
            time.sleep(12)
            late = state(server.pid)
            answer = ask(port, request("/0/line/a/p.png"))
            if b"photograph" not in answer:
                raise Fault(f"afterwards: {answer!r}")
            with open(drop / "line/a/verdicts.csv", newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            confirmed = sum(sum(client.said.values()) for client in clients)
            for client in clients:
                for word, count in client.said.items():
                    own = sum(row["verdict"] == word and row["by"] == f"client {client.number}" for row in rows)
                    # A verdict that stands already is not written twice.
                    if not 1 <= own <= count:
                        raise Fault(f"client {client.number}: {own} rows of {word}, {count} were confirmed")
            asked = sum(client.asked for client in clients)
            print(f"{asked} requests, {confirmed} verdicts confirmed, {len(rows)} rows")
            for name, index, shift in [("open files", 0, 0), ("resident MB", 1, 10), ("threads", 2, 0)]:
                one, busy, peak, end = (figures[index] >> shift for figures in (first, early, most, late))
                print(f"{name}: {one} before, {busy} early, {peak} at most, {end} afterwards")
            if late[0] > 16 or late[1] > 1.5 * early[1] + 20_000:
                raise Fault("the server keeps files or memory")
            server.terminate()
            if server.wait(30) not in (0, 143):
                raise Fault(f"the server ended with {server.returncode}")
        except Fault as fault:
            print(f"serve: {fault}", file=sys.stderr)
            return 1
        finally:
            server.kill()
            server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
