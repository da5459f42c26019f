"""Deliveries to peers that fail, hang, break off or send nonsense: what the outbox says of them."""
import gzip
import time
from collections import namedtuple
from email.utils import formatdate

from peers import Peer, closed_port, reply
from service import Caller, Service

HOUR = 3600
# Seconds from each failed try to the next, more or less by a fifth; after the last the delivery is dead.
WAITS_S = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
# An origin that fails so often in a row is left alone for a while. The service forgets that when it starts.
CIRCUIT = 5
LARGE = 100 << 20

# `wait` is how many seconds off the next try is, more or less by a fifth where it is the usual one.
Case = namedtuple("Case", "name answer state wait status text", defaults=(None, None, ""))


def raw(head, body=b"", then=None):
    """An answer that is no plain one, behind which the connection is closed."""

    def answer(_seen, connection):
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        if then:
            then(connection)
        return None

    return answer


def gush(connection):
    """Sends a very large body."""
    piece = b"x" * (1 << 16)
    for _ in range(LARGE // len(piece)):
        connection.sendall(piece)


def drip(connection):
    """Sends a body a byte at a time, for longer than anybody waits."""
    for _ in range(400):
        connection.sendall(b"x")
        time.sleep(0.2)


def hang(_seen, connection):
    """Takes the request and says nothing."""
    connection.settimeout(90)
    connection.recv(1)


def http_dates(after_s):
    """An instant in the three forms of HTTP."""
    at = time.time() + after_s
    moment = time.gmtime(at)
    return {"IMF-fixdate": formatdate(at, usegmt=True), "RFC 850": time.strftime("%A, %d-%b-%y %H:%M:%S GMT", moment), "asctime": f"{time.strftime('%a %b', moment)} {moment.tm_mday:2d} {time.strftime('%H:%M:%S %Y', moment)}"}


def cases(elsewhere):
    busy = lambda rest: lambda *_: reply(429, Retry_After=rest)
    plain = lambda status, **headers: lambda *_: reply(status, **headers)
    bomb = gzip.compress(b"\0" * (64 << 20), 9)
    found = [Case(f"answers {status}", plain(status), "delivered", status=status) for status in (200, 201, 202, 204)]
    found += [Case(f"answers {status}", plain(status), "queued", 5, text=str(status)) for status in (408, 425, 429, 500, 502, 503, 599)]
    found += [Case(f"answers {status}", plain(status), "dead", text=str(status)) for status in (400, 401, 404, 409, 410, 422)]
    found += [Case(f"429, Retry-After: {rest}", busy(rest), "queued", wait) for rest, wait in ((HOUR, HOUR), (0, 5), (1, 5), ("soon", 5), ("-5", 5), ("1.5", 5), ("", 5))]
    found += [Case(f"429, Retry-After: a date ahead as {form}", busy(date), "queued", 2 * HOUR) for form, date in http_dates(2 * HOUR).items()]
    found += [Case(f"429, Retry-After: a date gone by as {form}", busy(date), "queued", 5) for form, date in http_dates(-HOUR).items()]
    found += [Case("503, Retry-After: 600", plain(503, Retry_After=600), "queued", 600)]
    found += [Case(f"redirects elsewhere by {status}", plain(status, Location=elsewhere + "/stolen"), "dead", text=str(status)) for status in (301, 302, 303, 307, 308)]
    found += [
        Case("closes without an answer", lambda *_: None, "queued", 5),
        Case("closes in the middle of the head", raw("HTTP/1.1 200 OK\nContent-Le"), "queued", 5),
        Case("closes in the middle of the answer", raw("HTTP/1.1 200 OK\nContent-Length: 1000", b"half"), "queued", 5),
        Case("does not speak HTTP", raw("+OK POP3 ready"), "queued", 5),
        Case("answers 200 with 100 MiB", raw(f"HTTP/1.1 200 OK\nContent-Length: {LARGE}", then=gush), "delivered", status=200),
        Case("answers 500 with 100 MiB", raw(f"HTTP/1.1 500 No\nContent-Length: {LARGE}", then=gush), "queued", 5, text="500"),
        Case("answers 404 with 100 MiB", raw(f"HTTP/1.1 404 No\nContent-Length: {LARGE}", then=gush), "dead", text="404"),
        Case("answers 200 with a gzip bomb", raw(f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(bomb)}", bomb), "delivered", status=200),
    ]
    return found


# What becomes of these takes as long as one try may, half a minute.
SLOW = [Case("hangs", hang, "queued", 5, text="30000 ms"), Case("drips its answer", raw("HTTP/1.1 200 OK\nContent-Length: 100000", then=drip), "queued", 5, text="30000 ms")]


def run(job):
    report = job.report
    elsewhere = Peer("elsewhere", lambda *_: reply(200))
    listed = cases(elsewhere.url)
    count = len(listed)
    listed += SLOW if job.full else []
    report.part(f"peers: deliveries to {len(listed) + 3} peers that misbehave")
    peers = [Peer(case.name, case.answer) for case in listed]
    special = {"gone": f"http://127.0.0.1:{closed_port()}", "failing": Peer("failing", lambda *_: reply(500)), "hanging": Peer("hanging", hang)}
    urls = {f"https://p{number}.example": peer.url for number, peer in enumerate(peers)}
    urls |= {"https://gone.example": special["gone"], "https://failing.example": special["failing"].url, "https://hanging.example": special["hanging"].url}
    lines = ['WEBHOOK "deliver", SCHEME "github" KEY "hook_secret"', "SELECT CASE body.to"]
    for origin in urls:
        name = origin.removeprefix("https://").removesuffix(".example")
        lines += [f'CASE "{name}"', f'POST "{origin}/x", {{to: body.to}}']
    served = Service(job.gbvm, job.folder / "peers", {"deliver.bas": "\n".join([*lines, "END SELECT", "result = {queued: TRUE}", ""])}, urls)
    served.start()
    caller = Caller(served)
    wrong = tried(served, caller, [*zip(listed[:count], peers, range(count)), (Case("is not there", None, "queued", 5), None, "gone")], 20)
    report.promise(not wrong, f"{count + 1} peers: state, tries and wait are as promised", "\n        ".join(wrong))
    report.promise(not elsewhere.requests(), f"a redirect takes nothing elsewhere: {len(elsewhere.requests())} requests")
    alive(report, served, caller)
    cut(report, served, special["hanging"])
    tries(report, served, special["failing"])
    others(report, served, special["hanging"])
    if job.full:
        served.kill()
        served.start()
        wrong = tried(served, caller, list(zip(listed, peers, range(len(listed))))[count:], 60)
        report.promise(not wrong, f"{len(SLOW)} slow peers: state, tries and wait are as promised", "\n        ".join(wrong))
    served.kill()
    for peer in [*peers, elsewhere, special["failing"], special["hanging"]]:
        peer.close()


def tried(served, caller, targets, seconds):
    """What is wrong with the first tries of one delivery to each of these peers."""
    names = {f"p{number}" if isinstance(number, int) else number: (case, peer) for case, peer, number in targets}
    began = time.time()
    for name in names:
        caller.insist("deliver", {"to": name}, name)
    marks = ", ".join(f"'https://{name}.example'" for name in names)
    served.wait_for(lambda: served.one(f"SELECT count(*) FROM gbvm_outbox WHERE attempt > 0 AND origin IN ({marks})") == len(names), seconds)
    ends = time.time()
    return [problem for name, (case, peer) in names.items() for problem in judge(served, case, f"https://{name}.example", peer, began, ends)]


def judge(served, case, origin, peer, began, ends):
    """What is wrong with the row of a peer."""
    rows = served.rows("SELECT state, attempt, due_ms, status, error, idempotency_key FROM gbvm_outbox WHERE origin = ?", (origin,))
    if len(rows) != 1:
        return [f"{case.name}: {len(rows)} rows"]
    state, attempt, due_ms, status, error, key = rows[0]
    found = f"{case.name}: {state} after {attempt} tries, status {status}, {error}"
    if (state, attempt) != (case.state, 1):
        return [f"{found}; not {case.state} after 1"]
    problems = []
    if case.status is not None and status != case.status:
        problems.append(f"{found}; not status {case.status}")
    if case.state != "delivered" and case.text not in (error or ""):
        problems.append(f"{found}; the error does not name {case.text}")
    if case.state == "queued":
        slack = 0.2 * case.wait + 1 if case.wait == 5 else 2
        least, most = began + case.wait - slack, ends + case.wait + slack
        if not least <= due_ms / 1000 <= most:
            problems.append(f"{found}; the next try is {due_ms / 1000 - ends:.1f} s off, not {case.wait}")
    if peer is not None:
        keys = [request.key for request in peer.requests()]
        if keys != [key]:
            problems.append(f"{case.name}: it got the keys {keys}, not one {key}")
    return problems


def alive(report, served, caller):
    began = time.monotonic()
    answer = caller.insist("deliver", {"to": "nobody"}, "alive")
    report.promise(answer and answer[0] == 200 and time.monotonic() - began < 1, f"callers are answered meanwhile, in {time.monotonic() - began:.3f} s", str(answer))


def cut(report, served, peer):
    """A try that a crash cuts short does not count, and is made again at the start."""
    Caller(served).insist("deliver", {"to": "hanging"}, "hanging")
    served.wait_for(lambda: len(peer.requests()) == 1, 5)
    served.kill()
    row = "SELECT state, attempt FROM gbvm_outbox WHERE origin = 'https://hanging.example'"
    before = served.rows(row)
    served.start()
    served.wait_for(lambda: len(peer.requests()) == 2, 5)
    after, keys = served.rows(row), [request.key for request in peer.requests()]
    report.promise(before == after == [("queued", 0)] and len(keys) == 2 and len(set(keys)) == 1, f"a try cut by a crash does not count, and is made again with the same key: {len(keys)} requests, {after[0][1]} tries", f"{before} {after} {keys}")


def others(report, served, peer):
    """A peer that hangs holds up nobody else, and is not asked by everybody at once."""
    caller, before = Caller(served), len(peer.requests())
    for number in range(40):
        caller.insist("deliver", {"to": "hanging", "number": number}, f"hanging-{number}")
    caller.insist("deliver", {"to": "p0", "number": 1}, "healthy")
    began = time.monotonic()
    row = "SELECT state FROM gbvm_outbox WHERE origin = 'https://p0.example' ORDER BY id DESC LIMIT 1"
    served.wait_for(lambda: served.rows(row) == [("delivered",)], 10)
    took, asked = time.monotonic() - began, len(peer.requests()) - before
    report.promise(took < 2 and asked <= 8, f"40 deliveries to a peer that hangs hold up no other one, which took {took:.2f} s, and {asked} of them, at most 8, wait at one time")


def tries(report, served, peer):
    """All tries of one delivery, the waits between them cut short."""
    row = "SELECT state, attempt, due_ms, error, idempotency_key FROM gbvm_outbox WHERE origin = 'https://failing.example'"
    Caller(served).insist("deliver", {"to": "failing"}, "failing")
    wrong = []
    for number, wait in enumerate([*WAITS_S, None], 1):
        served.wait_for(lambda: served.rows(row) and served.rows(row)[0][1] == number, 10)
        state, attempt, due_ms, error, key = served.rows(row)[0]
        off = due_ms / 1000 - time.time()
        if attempt != number:
            wrong.append(f"try {number} is not made: {state} after {attempt}")
            break
        if wait is None:
            if state != "dead":
                wrong.append(f"after {number} tries it is {state}")
        elif state != "queued" or not 0.8 * wait - 3 <= off <= 1.2 * wait + 1:
            wrong.append(f"after try {number} it is {state}, and the next is {off:.0f} s off, not {wait} ± 20 %")
        if number % (CIRCUIT - 1) == 0:
            served.kill()
            served.start()
        if state == "queued":
            served.hurry()
    requests = peer.requests()
    contents = {(request.key, request.body) for request in requests}
    report.promise(not wrong, f"a peer that always fails is tried {len(WAITS_S) + 1} times, after {WAITS_S} s ± 20 %, then the delivery is dead", "; ".join(wrong))
    report.promise(len(contents) == 1 and len(requests) == len(WAITS_S) + 1, f"all {len(requests)} tries have one key and one body", str(contents))
