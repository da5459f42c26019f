"""A disk that is full: what is answered 200 is stored, what is delivered and cannot be noted is not sent again, and the
service is back soon after there is room."""
import os
import subprocess
import threading
import time
from collections import Counter

from peers import Peer, reply
from report import own
from service import Caller, Service, damage

DISK = "3m"
# Kept free at first, so that the disk can be freed and filled without the service's help.
BALLAST = 1 << 20
TEXT = "x" * 2000
CLIENTS = 8
# After the first refusal each client asks so often again.
REFUSALS = 20
# How long the disk stays full.
FULL_S = 1.5


def run(job):
    report = job.report
    report.part(f"disk: a tmpfs of {DISK} is filled")
    folder = job.folder / "disk"
    folder.mkdir()
    data = folder / "data"
    data.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "gbvm-crash", str(data)], capture_output=True, text=True) if os.geteuid() == 0 else None
    if mounted is None or mounted.returncode:
        return report.note(f"skipped: a small disk cannot be made here ({mounted.stderr.strip() if mounted else 'it needs root'})")
    # It is slow enough that deliveries are under way when the disk becomes full.
    ledger = Peer("ledger", lambda *_: (time.sleep(0.1), reply(200))[1])
    served = Service(job.gbvm, folder, {"note.bas": own("note.bas")}, {"https://ledger.example": ledger.url})
    try:
        fill(report, served, data, ledger)
    finally:
        ledger.close()
        if served.process:
            served.kill()
        served.log.close()
        subprocess.run(["umount", str(data)], check=False)


def stuff(path):
    """Takes what room is left."""
    try:
        with open(path, "wb", 0) as file:
            while file.write(b"\0" * 512):
                pass
    except OSError:
        pass


def fill(report, served, data, ledger):
    ballast = data / "ballast"
    ballast.write_bytes(b"\0" * BALLAST)
    served.start()
    acknowledged, others, lock = set(), [], threading.Lock()

    def work(client):
        caller, refused = Caller(served), 0
        for number in range(client, 1_000_000, CLIENTS):
            answer = caller.post("note", {"number": number, "text": TEXT}, f"n-{number}")
            with lock:
                if answer and answer[0] == 200:
                    acknowledged.add(number)
                    continue
                others.append(answer and (answer[0], answer[1].get("retry-after"), answer[2]))
            refused += 1
            if refused == REFUSALS:
                return caller.close()

    workers = [threading.Thread(target=work, args=(client,)) for client in range(CLIENTS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    report.promise(acknowledged and others, f"{len(acknowledged)} notes are taken, then the disk is full")
    polite = [answer for answer in others if answer and answer[0] == 503 and answer[1]]
    report.promise(len(polite) == len(others), f"the others are told 503 and when to come again: {len(polite)} of {len(others)}", str([answer for answer in others if answer not in polite][:3]))
    report.promise(served.process.poll() is None, "the service goes on", served.said())
    stuff(data / "stuffing")
    time.sleep(FULL_S)
    sent = Counter(request.key for request in ledger.requests())
    report.promise(sent and max(sent.values()) == 1, f"what is delivered and cannot be noted is not sent again: {len(sent)} deliveries, {sum(sent.values())} requests in all")
    ballast.unlink()
    caller, freed, first = Caller(served), time.monotonic(), None
    while first is None and time.monotonic() - freed < 20:
        answer = caller.post("note", {"number": -1, "text": TEXT}, "after")
        first = time.monotonic() - freed if answer and answer[0] == 200 else None
        time.sleep(0.02)
    report.promise(first is not None and first <= 5, f"service within 5 s of space: {'never' if first is None else f'{first:.2f} s'}", served.said())
    acknowledged.add(-1)
    drained = served.wait_for(served.is_drained, 10)
    told = Counter(request.key for request in ledger.requests())
    report.promise(drained and len(told) == served.one("SELECT count(*) FROM gbvm_outbox WHERE state = 'delivered'") == len(acknowledged), f"then the outbox drains: {len(told)} deliveries, {sum(told.values())} requests")
    served.kill()
    crashed = damage(served.copy(served.folder / "crash"))
    report.promise(crashed == "ok", "integrity_check is ok after a kill", crashed)
    stored = [row[0] for row in served.rows("SELECT number FROM notes")]
    report.promise(acknowledged <= set(stored), f"no false 200: acknowledged − stored = {len(acknowledged - set(stored))}")
    report.promise(len(stored) == len(set(stored)), "nothing is stored twice")
    refused = set(stored) - acknowledged
    report.promise(not refused, f"what was refused is not stored: {len(refused)} are")
    served.start()
    report.promise(caller.insist("note", {"number": -2, "text": TEXT}, "restarted", seconds=5)[0] == 200, "it starts again and takes more")
