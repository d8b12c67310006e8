"""A receiver of webhooks that misbehaves as told, on a port of loopback that it prints.

It reads one word a line from standard input and behaves so from then on:
  ok      answers 200
  error   answers 500
  422     answers that, or whatever number is named
  picky   answers 413 to a body that holds "large", and 200 to others
  hang    takes the request and answers nothing
  die     takes the request, writes it down, and closes the connection without an answer
It writes one line of JSON for each request that arrived whole: the behaviour, the headers and the body.
"""
import json
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

behaviour = "ok"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        mode = behaviour
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        print(json.dumps({"behaviour": mode, "headers": headers, "body": body}), flush=True)
        if mode == "hang":
            time.sleep(30)
        if mode in ("hang", "die"):
            self.close_connection = True
            return
        if mode == "picky":
            mode = "413" if "large" in body else "ok"
        self.send_response(200 if mode == "ok" else int(mode) if mode.isdigit() else 500)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
server = Server(("127.0.0.1", port), Handler)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
for line in sys.stdin:
    behaviour = line.strip()
