"""A gbvm service of its own: scripts in a folder, a database, a port. It is started, killed, and asked over HTTP."""
import atexit
import hashlib
import hmac
import http.client
import json
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

SECRET = "s3cret"
READY_S = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    def __init__(self, gbvm, folder, scripts, routes=(), options=()):
        """`scripts` are texts by file name; `routes` are base URLs by origin."""
        self.gbvm, self.folder, self.port = gbvm, Path(folder), free_port()
        self.database = self.folder / "data" / "data.db"
        self.database.parent.mkdir(parents=True, exist_ok=True)
        (self.folder / "scripts").mkdir(exist_ok=True)
        for name, text in scripts.items():
            (self.folder / "scripts" / name).write_text(text)
        secrets = ["hook_secret", "crm_webhook_secret", "crm_api_key", "erp_api_key", "ecom_api_key", "pos_api_key", "wms_api_key"]
        self.options = [*options]
        for key in secrets:
            self.options += ["--memory", f"{key}={SECRET}"]
        for origin, target in dict(routes).items():
            self.options += ["--route", f"{origin}={target}"]
        self.log = open(self.folder / "log", "ab")
        self.process = None
        self.ready_s = []
        # Where this program ends in the middle, nothing stays behind.
        atexit.register(self.kill)

    def start(self, waits=True):
        """Starts it; seconds until it answered a request."""
        command = [self.gbvm, "serve", str(self.folder / "scripts"), "--listen", f"127.0.0.1:{self.port}", "--db", str(self.database), *self.options]
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if not waits:
            return None
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > READY_S:
                raise RuntimeError(f"the service does not start:\n{self.said()}")
            time.sleep(0.005)
        self.ready_s.append(time.monotonic() - began)
        return self.ready_s[-1]

    def answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=READY_S)
        try:
            connection.request("GET", "/webhook/nobody")
            return connection.getresponse().status == 404
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.close()

    def said(self):
        return (self.folder / "log").read_text(errors="replace")[-3000:]

    def rows(self, select, values=()):
        """The answer of the database, beside the service."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10) as connection:
            found = connection.execute(select, values).fetchall()
        connection.close()
        return found

    def one(self, select, values=()):
        return self.rows(select, values)[0][0]

    def hurry(self):
        """Makes what waits in the outbox due at once."""
        connection = sqlite3.connect(self.database, timeout=10)
        with connection:
            connection.execute("UPDATE gbvm_outbox SET due_ms = 0 WHERE state = 'queued'")
        connection.close()

    def copy(self, to):
        """The files as a crash left them."""
        to.mkdir(parents=True)
        for name in ("data.db", "data.db-wal"):
            if (self.database.parent / name).exists():
                shutil.copy(self.database.parent / name, to / name)
        return to / "data.db"

    def wait_for(self, is_there, seconds, step=0.05):
        """Whether something came to be in this time."""
        end = time.monotonic() + seconds
        while not is_there():
            if time.monotonic() > end:
                return False
            time.sleep(step)
        return True

    def is_drained(self):
        return not self.one("SELECT (SELECT count(*) FROM gbvm_outbox WHERE state IN ('queued', 'held')) + (SELECT count(*) FROM gbvm_jobs WHERE state IN ('queued', 'held'))")


class Caller:
    """One client with one connection, which it opens anew where it broke."""

    def __init__(self, service):
        self.service, self.connection = service, None

    def post(self, name, body, identity=None, header="X-Hub-Signature-256", prefix="sha256="):
        """The status, headers and text of the answer; none where none came."""
        payload = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", header: prefix + hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest()}
        if identity:
            headers["X-GitHub-Delivery"] = identity
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
            self.connection.request("POST", f"/webhook/{name}", payload, headers)
            response = self.connection.getresponse()
            return response.status, {key.lower(): value for key, value in response.getheaders()}, response.read().decode()
        except (OSError, http.client.HTTPException):
            self.close()
            return None

    def insist(self, name, body, identity=None, seconds=60, **signing):
        """Asks with the same id until there is an answer that settles it; the last answer, or none in this time."""
        end, answer = time.monotonic() + seconds, None
        while time.monotonic() < end:
            answer = self.post(name, body, identity, **signing)
            if answer and answer[0] not in (202, 503):
                return answer
            time.sleep(0.01)
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def damage(database):
    """What SQLite finds wrong with a database: `ok` where that is nothing."""
    connection = sqlite3.connect(database)
    try:
        return "; ".join(row[0] for row in connection.execute("PRAGMA integrity_check").fetchall())
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        connection.close()


class Auditor:
    """Checks copies of a database after crashes, while the service goes on."""

    def __init__(self, service):
        self.service, self.damages, self.checked, self.threads = service, [], 0, []
        self.turn = threading.Semaphore(1)

    def kill_while_held(self, peer, kills, dice, longest):
        """Kills the service so often, mostly while the peer holds an answer back for so many seconds at most; how often it did."""
        inside = 0
        for _ in range(kills):
            self.service.wait_for(lambda: peer.held > 0, 5, step=0.002)
            time.sleep(dice.random() * longest)
            inside += peer.held > 0
            self.service.kill()
            self.take()
            self.service.start()
        return inside

    def take(self):
        number = len(self.threads)
        folder = self.service.folder / f"crash-{number}"
        database = self.service.copy(folder)

        def check():
            with self.turn:
                found = damage(database)
                self.checked += 1
                if found != "ok":
                    self.damages.append(f"after kill {number + 1}: {found}")
                else:
                    shutil.rmtree(folder)

        self.threads.append(threading.Thread(target=check))
        self.threads[-1].start()

    def finish(self):
        for thread in self.threads:
            thread.join()
        return self.damages
