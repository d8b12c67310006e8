#!/usr/bin/env python3
"""A web server on the loopback interface that misbehaves on request. Prints its port, serves until it is killed.

    weights_server.py FILE

/file serves FILE and continues at an offset; /cut breaks off in the middle of whole requests; /always-cut of every request;
/resume-only serves nothing but the rest of a file;
/cut-no-resume breaks off the first request and then knows no offsets; /redirect leads to /file; /other serves something else;
/slow takes about two seconds; /stall sends half and then nothing; anything else is not there.
"""
import http.server, socketserver, sys, threading, time

content = open(sys.argv[1], 'rb').read()
requests = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        requests.append(self.path)
        offset = int(self.headers.get('Range', 'bytes=0-')[6:].split('-')[0])
        body, path = content, self.path
        if path == '/redirect':
            self.send_response(302); self.send_header('Location', '/file'); self.send_header('Content-Length', '0'); self.end_headers(); return
        if path == '/other': body = content[::-1]
        if path not in ('/file', '/cut', '/always-cut', '/cut-no-resume', '/other', '/slow', '/stall', '/resume-only') or path == '/resume-only' and not offset:
            self.send_error(404); return
        if path == '/cut-no-resume': offset = 0
        if offset >= len(body) and offset:
            self.send_response(416); self.send_header('Content-Length', '0'); self.end_headers(); return
        rest = body[offset:]
        self.send_response(206 if offset else 200); self.send_header('Content-Length', str(len(rest)))
        if offset: self.send_header('Content-Range', f'bytes {offset}-{len(body) - 1}/{len(body)}')
        self.end_headers()
        if path == '/cut' and not offset or path == '/always-cut' or path == '/cut-no-resume' and requests.count(path) == 1:
            self.wfile.write(rest[:len(rest) // 2]); self.wfile.flush(); self.close_connection = True; return
        if path == '/stall':
            self.wfile.write(rest[:len(rest) // 2]); self.wfile.flush(); time.sleep(60); self.close_connection = True; return
        step = max(1, len(rest) // 20) if path == '/slow' else len(rest)
        for start in range(0, len(rest), step):
            self.wfile.write(rest[start:start + step])
            if path == '/slow': self.wfile.flush(); time.sleep(0.1)

    def log_message(self, *_): pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


server = Server(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
# The server ends with the test that started it.
threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
server.serve_forever()
