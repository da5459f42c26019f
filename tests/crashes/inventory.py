"""Stock under load while the service is killed: nothing acknowledged is lost, nothing is done twice."""
import random
import threading
import time
from collections import Counter, defaultdict

from peers import Peer, accepting
from report import HERE, own, seeded
from service import Auditor, Caller, Service

SYSTEMS = {"erp": "https://erp.company.com", "ecommerce": "https://api.shopify.com", "pos": "https://api.pos.com", "wms": "https://wms.company.com"}
SIGN = {"receipt": 1, "transfer_in": 1, "shipment": -1, "transfer_out": -1}
ITEMS = 48
STOCK = 1_000_000
# What all clients send in a second at most: the outbox is to drain soon after.
UPDATES_S = 240


def service(job, folder, peers):
    text, source = seeded("inventory-sync.bas", HERE / "scripts" / "inventory.bas")
    # What a repeat is can only be known of callers who prove who they are.
    text = text.replace('WEBHOOK "inventory-update"', 'WEBHOOK "inventory-update", SCHEME "github" KEY "hook_secret"')
    routes = {SYSTEMS[name]: peer.url for name, peer in peers.items()} | {"https://hooks.slack.com": peers["erp"].url}
    made = Service(job.gbvm, folder, {"inventory-sync.bas": text, "stock-item.bas": own("stock-item.bas")}, routes)
    job.report.note(f"inventory-sync.bas of {source}")
    return made


def fill(caller, items):
    for sku in items:
        assert caller.insist("stock-item", {"sku": sku, "warehouse": "W1", "quantity": STOCK})[0] == 200


class Load:
    """Clients that send updates, half of them more than once, each until it is acknowledged."""

    def __init__(self, served, clients, seed):
        self.service, self.clients = served, clients
        self.sent, self.acknowledged, self.repeats, self.wrong = {}, {}, 0, []
        self.shared, self.lock, self.ends = [], threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(number, random.Random(f"{seed}/{number}")), daemon=True) for number in range(clients)]
        for thread in self.threads:
            thread.start()

    def work(self, number, dice):
        caller, count = Caller(self.service), 0
        while not self.ends.is_set():
            body = self.taken(dice)
            if body is None:
                count += 1
                reference = f"r-{number}-{count}"
                body = {"source": dice.choice([*SYSTEMS, "people"]), "sku": f"S{dice.randrange(ITEMS)}", "warehouse": "W1", "type": dice.choice([*SIGN]), "quantity": dice.randint(1, 9), "reason": "load", "reference": reference}
                with self.lock:
                    self.sent[reference] = body
                    if dice.random() < 0.25:
                        # Another client may send it at the same time.
                        self.shared.append(body)
            self.send(caller, body)
            if dice.random() < 0.3:
                self.send(caller, body)
            time.sleep(dice.random() * 2 * self.clients / UPDATES_S)
        caller.close()

    def taken(self, dice):
        with self.lock:
            return self.shared.pop(dice.randrange(len(self.shared))) if self.shared and dice.random() < 0.5 else None

    def send(self, caller, body):
        answer = caller.insist("inventory-update", body, body["reference"])
        with self.lock:
            if answer is None or answer[0] != 200:
                self.wrong.append(f"{body['reference']}: {answer}")
                return
            first = self.acknowledged.setdefault(body["reference"], answer[2])
            if first != answer[2]:
                self.wrong.append(f"{body['reference']} was answered {first} and then {answer[2]}")
            self.repeats += answer[1].get("gbvm-replayed") == "true"

    def finish(self):
        self.ends.set()
        for thread in self.threads:
            thread.join()


def run(job):
    report, dice = job.report, random.Random(f"{job.seed}/kills")
    report.part(f"inventory: {job.kills} kills, {job.clients} clients, {job.seconds} s")
    peers = {name: Peer(name, accepting(random.Random(f"{job.seed}/{name}"), 0.01)) for name in SYSTEMS}
    served = service(job, job.folder / "inventory", peers)
    served.start()
    fill(Caller(served), [f"S{number}" for number in range(ITEMS)])
    auditor, load = Auditor(served), Load(served, job.clients, job.seed)
    ends = time.monotonic() + job.seconds
    for number in range(job.kills):
        # Most fall into the load, the last ones into what it leaves in the outbox.
        if number == job.kills - max(1, job.kills // 10):
            time.sleep(max(0, ends - time.monotonic()))
            load.finish()
        rest = max(0.0, ends - time.monotonic()) / max(1, job.kills - number)
        time.sleep(dice.random() * (2 * rest if rest else 0.3))
        served.kill()
        auditor.take()
        if dice.random() < 0.1:
            # It may also die while it starts.
            served.start(waits=False)
            time.sleep(dice.random() * 0.03)
            served.kill()
        served.start()
    load.finish()
    report.promise(served.wait_for(served.is_drained, 120), "the outbox drains after the last kill")
    served.stop()
    judge(report, served, load, peers, auditor)
    for peer in peers.values():
        peer.close()


def judge(report, served, load, peers, auditor):
    stored = Counter(row[0] for row in served.rows("SELECT reference FROM inventory_transactions"))
    lost = set(load.acknowledged) - set(stored)
    doubled = [reference for reference, count in stored.items() if count > 1]
    report.note(f"{len(load.sent)} updates sent, {len(load.acknowledged)} acknowledged, {load.repeats} repeats answered as such, {len(stored)} stored")
    report.promise(not load.wrong, f"each update is acknowledged in the end, and always in the same words: {len(load.wrong)} were not", "; ".join(load.wrong[:3]))
    report.promise(not lost, f"acknowledged − stored = {len(lost)}", str(sorted(lost)[:5]))
    report.promise(not doubled, f"doubled = {len(doubled)}", str(doubled[:5]))
    report.promise(load.repeats > 0, f"{load.repeats} repeats were met while the service was killed")
    change, wrong = defaultdict(int), []
    for reference in stored:
        body = load.sent[reference]
        change[body["sku"]] += SIGN[body["type"]] * body["quantity"]
    for sku, quantity in served.rows("SELECT sku, quantity_on_hand FROM inventory"):
        if quantity != STOCK + change[sku]:
            wrong.append(f"{sku}: {quantity}, not {STOCK + change[sku]}")
    report.promise(not wrong, f"stock = initial + Σ changes for {ITEMS} items", "; ".join(wrong[:5]))
    last, broken = {}, []
    for sku, before, after in served.rows("SELECT sku, quantity_before, quantity_after FROM inventory_transactions ORDER BY rowid"):
        if before != last.get(sku, STOCK):
            broken.append(sku)
        last[sku] = after
    report.promise(not broken, "each entry of the history begins where the one before ended", str(broken[:5]))
    judge_deliveries(report, served, peers)
    damages = auditor.finish()
    report.promise(not damages, f"integrity_check is ok after each of {auditor.checked} kills", "; ".join(damages[:3]))
    slowest = max(served.ready_s)
    report.promise(slowest < 2, f"ready in under 2 s after every kill: the slowest of {len(served.ready_s)} starts took {slowest:.2f} s")


def judge_deliveries(report, served, peers):
    """What the peers saw is what the outbox says, each key with one body, in the order of the changes."""
    rows = served.rows("SELECT id, origin, ordering_key, idempotency_key, state FROM gbvm_outbox ORDER BY id")
    delivered = {key for _, _, _, key, state in rows if state == "delivered"}
    others = Counter(row[4] for row in rows if row[4] != "delivered")
    report.promise(not others, f"all {len(rows)} rows of the outbox are delivered", str(dict(others)))
    seen = [request for peer in peers.values() for request in peer.requests()]
    report.note(f"{sum(peer.torn for peer in peers.values())} requests broke off in the middle")
    without = [request for request in seen if request.key is None]
    report.promise(not without, f"every delivery carries its key: {len(without)} of {len(seen)} do not", str(without[:2]))
    keys = {request.key for request in seen if request.key}
    report.promise(keys == delivered, f"distinct keys at the peers = rows delivered: {len(keys)} = {len(delivered)}, in {len(seen)} requests", f"unseen {len(delivered - keys)}, unknown {len(keys - delivered)}")
    contents = defaultdict(set)
    for request in seen:
        contents[request.key].add((request.method, request.path, request.body))
    varied = {key: found for key, found in contents.items() if key and len(found) > 1}
    report.promise(not varied, "each key comes with one body at one place", str(list(varied.items())[:3]))
    place = {key: (number, (origin, order)) for number, origin, order, key, _ in rows}
    last, late = {}, []
    for request in sorted(seen, key=lambda request: request.at):
        if request.key in place:
            number, line = place[request.key]
            if number < last.get(line, 0):
                late.append(f"{line}: {number} after {last[line]}")
            last[line] = max(number, last.get(line, 0))
    report.promise(not late, "no call overtakes another one of its origin and row", "; ".join(late[:3]))


def receipts(job):
    """Many receipts of one item at the same time."""
    report, count, threads = job.report, 1000, 64
    report.part(f"{count} parallel receipts of one item")
    peers = {name: Peer(name, accepting(random.Random(0), 0)) for name in SYSTEMS}
    served = service(job, job.folder / "receipts", peers)
    served.start()
    fill(Caller(served), ["ONE"])
    answers, numbers, lock = Counter(), iter(range(count)), threading.Lock()

    def work():
        caller = Caller(served)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return caller.close()
            body = {"source": "erp", "sku": "ONE", "warehouse": "W1", "type": "receipt", "quantity": 1, "reference": f"one-{number}"}
            answer = caller.insist("inventory-update", body, body["reference"])
            with lock:
                answers[answer and answer[0]] += 1

    began = time.monotonic()
    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    report.note(f"{count / (time.monotonic() - began):.0f} receipts a second")
    report.promise(answers == {200: count}, f"each receipt is answered 200: {dict(answers)}")
    total = served.one("SELECT quantity_on_hand FROM inventory WHERE sku = 'ONE'")
    report.promise(total == STOCK + count, f"the total is exact: {total - STOCK} of {count}")
    served.kill()
    for peer in peers.values():
        peer.close()
