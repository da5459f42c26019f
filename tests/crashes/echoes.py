"""What comes from outside is not sent back, an edit is sent once, and loops end."""
import json
import random
import threading
import time
from datetime import datetime, timedelta, timezone

from peers import Crm
from report import PROJECT, own, seeded
from service import Caller, Service

# How long nothing more may be said before it counts as silence.
SILENCE_S = 1.5
DEPTH = 8


def run(job):
    pushes(job)
    ping_pong(job)
    two_instances(job)


def pushes(job):
    count = 10_000 if job.full else 300
    report = job.report
    report.part(f"echoes: {count} changes from outside, one edit")
    crm = Crm(random.Random(0), 0)
    scripts = {name: seeded(name, PROJECT / "bas" / name)[0] for name in ("crm-sync.bas", "crm-outbound.bas")}
    served = Service(job.gbvm, job.folder / "echoes", scripts | {"contact.bas": own("contact.bas")}, {"https://api.crm.com": crm.url})
    served.start()
    later, wrong = datetime.now(timezone.utc) + timedelta(days=1), []

    def tell(first, step):
        caller = Caller(served)
        for number in range(first, count // 2, step):
            for change, phone in (("created", "1"), ("updated", f"{number}")):
                at = (later + timedelta(milliseconds=number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                body = {"event": change, "type": "contact", "id": f"x-{number}", "timestamp": at, "data": {"firstName": "Ann", "lastName": f"L{number}", "email": f"x{number}@example.com", "phone": phone}}
                answer = caller.insist("crm-inbound", body, header="X-Webhook-Signature", prefix="")
                if not answer or answer[0] != 200:
                    wrong.append(f"{number}: {answer}")
        caller.close()

    tellers = [threading.Thread(target=tell, args=(first, 8)) for first in range(8)]
    for teller in tellers:
        teller.start()
    for teller in tellers:
        teller.join()
    report.promise(not wrong, f"all {count} changes are taken", "; ".join(wrong[:3]))
    report.promise(served.wait_for(served.is_drained, 120), "the triggers that they start end")
    stored = served.one("SELECT count(*) FROM contacts WHERE phone IS NOT NULL")
    report.promise(stored == count // 2, f"{stored} contacts are stored")
    time.sleep(SILENCE_S)
    report.promise(not crm.requests(), f"{count} changes from outside are {len(crm.requests())} pushes", str(crm.requests()[:2]))
    caller = Caller(served)
    answer = caller.insist("contact", {"external_id": "x-7", "phone": "edited here"}, "edit")
    report.promise(answer and answer[0] == 200, "one of them is edited", str(answer))
    served.wait_for(lambda: crm.requests() and served.is_drained(), 10)
    time.sleep(SILENCE_S)
    said = [(request.method, request.path, json.loads(request.body).get("phone")) for request in crm.requests()]
    report.promise(said == [("PUT", "/api/contacts/x-7", "edited here")], f"one edit is one push: {len(said)}", str(said[:3]))
    served.kill()
    crm.close()


def ping_pong(job):
    report = job.report
    report.part("echoes: two handlers that change each other's table")
    served = Service(job.gbvm, job.folder / "ping-pong", {name: own(name) for name in ("ping.bas", "pong.bas", "kick.bas")})
    served.start()
    report.promise(Caller(served).insist("kick", {"n": 1}, "kick")[0] == 200, "the first change is taken")
    served.wait_for(served.is_drained, 10)
    time.sleep(0.3)
    done, deepest = served.one("SELECT count(*) FROM gbvm_runs WHERE event LIKE '%_side%' AND state = 'done'"), max(served.one("SELECT max(n) FROM left_side"), served.one("SELECT max(n) FROM right_side"))
    dead = served.rows("SELECT depth, state, attempt, error FROM gbvm_jobs")
    report.promise(done == DEPTH - 1 and deepest == DEPTH, f"they stop at depth {DEPTH}: {done} handlers ended well, the last change they made is number {deepest}", str(dead))
    report.promise(len(dead) == 1 and dead[0][:3] == (DEPTH, "dead", 1) and "E_TRIGGER_DEPTH" in dead[0][3], "the one that went too far is dead and says so", str(dead))
    served.kill()


def two_instances(job):
    report, edits = job.report, 6
    report.part("echoes: two instances wired to each other")
    scripts = {name: own(name) for name in ("told.bas", "tell.bas", "edit.bas")}
    sides = [Service(job.gbvm, job.folder / f"side-{name}", scripts) for name in ("a", "b")]
    for side, other in zip(sides, reversed(sides)):
        side.options += ["--route", f"https://other.example=http://127.0.0.1:{other.port}"]
    for side in sides:
        side.start()
    messages = lambda: sum(side.one("SELECT count(*) FROM gbvm_runs WHERE script LIKE '%/told.bas'") for side in sides)
    quiet = lambda: all(side.is_drained() for side in sides)

    def rest(base):
        """Waits until nobody has said anything for a while; how many messages were needed, none where they never rest."""
        last, since, end = -1, time.monotonic(), time.monotonic() + 20
        while time.monotonic() < end:
            now = messages()
            if now != last or not quiet():
                last, since = now, time.monotonic()
            if time.monotonic() - since > SILENCE_S / 2:
                return now - base
            time.sleep(0.05)
        return None

    counts = []
    for number in range(edits):
        base = messages()
        Caller(sides[number % 2]).insist("edit", {"name": "Ann", "phone": f"p{number}"}, f"edit-{number}")
        sides[0].wait_for(lambda: messages() > base, 5)
        counts.append(rest(base))
    phones = [side.rows("SELECT name, phone FROM contacts") for side in sides]
    report.promise(all(count is not None and 1 <= count <= 2 for count in counts), f"each edit comes to rest after at most two messages: {counts}")
    report.promise(phones[0] == phones[1] == [("Ann", f"p{edits - 1}")], "both have the last edit, in one row", str(phones))
    for side in sides:
        side.kill()
