"""Requests whose runs wait for other systems, killed while they wait: each goes on where it was, and happens once."""
import json
import random
import threading
import time
from collections import defaultdict

from peers import Crm
from report import own
from service import Auditor, Caller, Service

LONGEST_S = 0.2
CLIENTS = 8


def run(job):
    count = 400 if job.full else 80
    kills = max(4, min(job.kills, count // 8))
    report, dice = job.report, random.Random(f"{job.seed}/orders")
    report.part(f"orders: {count} requests that wait for two answers, {kills} kills")
    pay = Crm(random.Random(f"{job.seed}/pay"), LONGEST_S)
    served = Service(job.gbvm, job.folder / "orders", {name: own(name) for name in ("order.bas", "order-later.bas")}, {"https://pay.example": pay.url})
    served.start()
    auditor, answers, wrong = Auditor(served), {}, []

    def order(client):
        caller = Caller(served)
        for number in range(client, count, CLIENTS):
            reference, later = f"o-{number}", number % 2 == 1
            answer = None
            end = time.monotonic() + 60
            # 202 says of the first kind that its run still goes on, and of the second that it is taken.
            while time.monotonic() < end and not (answer and answer[0] == (202 if later else 200)):
                answer = caller.post("order-later" if later else "order", {"reference": reference}, reference)
                if answer and answer[0] not in (200, 202, 503):
                    wrong.append(f"{reference}: {answer}")
                    break
                time.sleep(0.01)
            answers[reference] = answer
        caller.close()

    clients = [threading.Thread(target=order, args=(client,)) for client in range(CLIENTS)]
    for client in clients:
        client.start()
    inside = auditor.kill_while_held(pay, kills, dice, LONGEST_S)
    for client in clients:
        client.join()
    paid = "SELECT count(*) FROM payments"
    served.wait_for(lambda: served.one(paid) >= count and served.is_drained(), 60)
    time.sleep(0.3)
    served.stop()
    report.note(f"{inside} of {kills} kills fell while an answer was held")
    report.promise(not wrong and len(answers) == count, f"each of {count} orders is acknowledged in the end", "; ".join(wrong[:3]))
    rows = served.rows("SELECT reference, state, payment FROM orders")
    report.promise(len(rows) == len({row[0] for row in rows}) == count, f"each order is kept once: {len(rows)} rows of {len({row[0] for row in rows})}")
    unpaid = [row for row in rows if row[1] != "paid" or not row[2]]
    stuck = served.rows("SELECT state, event, error FROM gbvm_runs WHERE state <> 'done' LIMIT 3") + served.rows("SELECT run_id, job FROM gbvm_checkpoints LIMIT 3")
    report.promise(not unpaid, f"none stays half done: {len(unpaid)} are", str(stuck))
    payments = {row[0]: row[1:] for row in served.rows("SELECT reference, payment, receipt FROM payments")}
    report.promise(served.one(paid) == len(payments) == count, f"each payment is kept once: {served.one(paid)} rows of {len(payments)}")
    calls = defaultdict(set)
    for request in pay.requests():
        calls[request.path, json.loads(request.body)["reference"]].add(request.key)
    several = {call: keys for call, keys in calls.items() if len(keys) != 1 or None in keys}
    report.promise(not several and len(calls) == 2 * count, f"one key for each of {len(calls)} calls, in {len(pay.requests())} requests", str(dict(list(several.items())[:3])))
    other = [reference for reference, answer in answers.items() if answer and answer[0] == 200 and tuple(json.loads(answer[2]).values()) != payments.get(reference)]
    report.promise(not other, "each answer is of the payment that is kept", str(other[:3]))
    report.promise(served.one("SELECT count(*) FROM gbvm_checkpoints") == 0, "no checkpoint is left")
    damages = auditor.finish()
    report.promise(not damages, f"integrity_check is ok after each of {auditor.checked} kills", "; ".join(damages[:3]))
    report.promise(max(served.ready_s) < 2, f"ready in under 2 s: the slowest start took {max(served.ready_s):.2f} s")
    pay.close()
