"""Mail to a server that is down, greylists, breaks off, refuses: states, tries, and one Message-ID."""
import re
import socketserver
import threading
import time

from peers import closed_port
from service import Caller, Service


class MailServer:
    """A small SMTP server. What it does with a mail depends on the recipient, and on how often that one was named."""

    def __init__(self, port):
        self.taken, self.named, self.lock = [], {}, threading.Lock()
        keeper = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    keeper.talk(self.rfile, self.wfile)
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def talk(self, reader, writer):
        say = lambda line: (writer.write(line.encode() + b"\r\n"), writer.flush())
        say("220 here")
        to = ""
        while line := reader.readline().decode().strip():
            verb = line.split(" ", 1)[0].upper()
            if verb == "RCPT":
                to = re.search(r"<(.*)>", line).group(1)
                with self.lock:
                    self.named[to] = self.named.get(to, 0) + 1
                    times = self.named[to]
                say({"grey": "451 4.7.1 come again later" if times == 1 else "250 yes", "refused": "550 5.1.1 nobody of that name"}.get(to.split("@")[0], "250 yes"))
            elif verb == "DATA":
                say("354 go on")
                text = b""
                while (piece := reader.readline()) not in (b".\r\n", b""):
                    text += piece
                with self.lock:
                    self.taken.append((to, re.search(rb"(?im)^message-id:\s*(\S+)", text).group(1).decode(), text))
                    copies = sum(mail[0] == to for mail in self.taken)
                if to.startswith("dropped@") and copies == 1:
                    # It has the mail, and the client does not know.
                    return
                if to.startswith("full@"):
                    say("552 5.2.2 the box is full")
                elif to.startswith("slow@") and copies == 1:
                    say("451 4.3.0 not now")
                else:
                    say("250 2.0.0 taken")
            elif verb == "QUIT":
                return say("221 bye")
            else:
                say("250 fine")

    def ids(self, to):
        with self.lock:
            return [mail[1] for mail in self.taken if mail[0].startswith(f"{to}@")]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


SCRIPT = """WEBHOOK "mail", SCHEME "github" KEY "hook_secret"
SEND MAIL body.to, "Order " + body.to, "Line one" + CHR(10) + "." + CHR(10) + "Line three"
result = {queued: TRUE}
"""


def run(job):
    report = job.report
    report.part("mail: a server that is down, greylists, breaks off, refuses")
    port = closed_port()
    served = Service(job.gbvm, job.folder / "mail", {"mail.bas": SCRIPT}, options=["--smtp", f"smtp://127.0.0.1:{port}"])
    served.start()
    caller = Caller(served)
    send = lambda name: caller.insist("mail", {"to": f"{name}@example.com"}, f"m-{name}")

    def row(name):
        rows = served.rows("SELECT state, attempt, due_ms, error, idempotency_key FROM gbvm_outbox WHERE payload LIKE ?", (f"%{name}@example.com%",))
        return rows[0] if rows else (None, 0, 0, None, None)

    def comes_to(name, state, attempt):
        served.wait_for(lambda: row(name)[:2] == (state, attempt), 10)
        return row(name)[:2] == (state, attempt)

    answer = send("down")
    report.promise(answer and answer[0] == 200, "a caller is answered though the mail server is down", str(answer))
    report.promise(comes_to("down", "queued", 1), "down: queued after one try", str(row("down")))
    off = row("down")[2] / 1000 - time.time()
    report.promise(-2 <= off <= 6, f"down: the next try is {off:.1f} s off, of 5 s ± 20 %")
    server = MailServer(port)
    served.hurry()
    report.promise(comes_to("down", "delivered", 2), "down, then up: delivered by the second try", str(row("down")))
    for name, reply in (("grey", "451"), ("dropped", ""), ("slow", "451")):
        send(name)
        report.promise(comes_to(name, "queued", 1) and reply in row(name)[3], f"{name}: queued after one try: {row(name)[3]}", str(row(name)))
        if name == "dropped":
            # A crash between the tries changes nothing.
            served.kill()
            served.start()
        served.hurry()
        report.promise(comes_to(name, "delivered", 2), f"{name}: delivered by the second try", str(row(name)))
    for name, reply in (("refused", "550"), ("full", "552")):
        send(name)
        report.promise(comes_to(name, "dead", 1) and reply in row(name)[3], f"{name}: dead at once: {row(name)[3]}", str(row(name)))
    for name, copies in (("down", 1), ("grey", 1), ("dropped", 2), ("slow", 2), ("full", 1), ("refused", 0)):
        ids = server.ids(name)
        expected = f"<{row(name)[4]}@gbvm>"
        report.promise(ids == [expected] * copies, f"{name}: {copies} copies came, with one Message-ID", f"{ids}, not {expected}")
    server.close()
    served.kill()
