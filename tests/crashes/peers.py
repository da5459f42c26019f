"""Other systems on loopback that write down every request, and answer well or badly."""
import json
import socket
import socketserver
import threading
import time
from collections import namedtuple

Seen = namedtuple("Seen", "peer method path key body at")


class Peer:
    """A server that keeps what it was sent, in order. `answer` gets the request and the connection and gives the bytes of
    the answer, or none where it has done something else with the connection, which is then closed."""

    def __init__(self, name, answer):
        self.name, self.answer = name, answer
        self.seen, self.torn, self.lock = [], 0, threading.Lock()
        peer = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True

            def handle(self):
                try:
                    while peer.serve_one(self.rfile, self.connection):
                        pass
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, request_queue_size = True, True, 256

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def serve_one(self, reader, connection):
        line = reader.readline().decode("latin-1").split()
        if len(line) < 3:
            return False
        headers = {}
        while (header := reader.readline().decode("latin-1").rstrip("\r\n")):
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        body = reader.read(length)
        if len(body) < length:
            # Its sender died in the middle: that is no request.
            self.torn += 1
            return False
        seen = Seen(self.name, line[0], line[1], headers.get("idempotency-key"), body, time.time())
        with self.lock:
            self.seen.append(seen)
        answer = self.answer(seen, connection)
        if answer is None:
            return False
        connection.sendall(answer)
        return True

    def requests(self):
        with self.lock:
            return list(self.seen)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def reply(status, body=b"{}", **headers):
    """An answer as bytes."""
    lines = [f"HTTP/1.1 {status} -", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def accepting(random, longest_s):
    """Takes everything, after a while."""

    def answer(_seen, _connection):
        time.sleep(random.random() * longest_s)
        return reply(200)

    return answer


class Crm(Peer):
    """A CRM that keeps its answers back for a while, and answers a key that it knows with what it said first."""

    def __init__(self, random, longest_s):
        self.ids, self.held = {}, 0
        super().__init__("crm", self.create)
        self.random, self.longest_s = random, longest_s

    def create(self, seen, _connection):
        if seen.method != "POST":
            return reply(200)
        with self.lock:
            known = self.ids.setdefault(seen.key or f"no key {len(self.seen)}", f"crm-{len(self.ids) + 1}")
            self.held += 1
        time.sleep(self.random.random() * self.longest_s)
        with self.lock:
            self.held -= 1
        return reply(201, json.dumps({"id": known}).encode())


def closed_port():
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
