#!/usr/bin/env python3
"""A stand-in for a CRM on loopback: prints every request, answers POST with a new id. `fake_crm.py PORT [STATUS]`."""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

count = 0


class Crm(BaseHTTPRequestHandler):
    def answer(self):
        global count
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        print(self.command, self.path, self.headers.get("Authorization"), self.headers.get("Idempotency-Key"), body, flush=True)
        status = int(sys.argv[2]) if len(sys.argv) > 2 else 200
        reply = {"ok": True}
        if self.command == "POST" and status == 200:
            count += 1
            status, reply = 201, {"id": f"c-{count}"}
        payload = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Crm).serve_forever()
