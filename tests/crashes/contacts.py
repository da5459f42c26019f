"""Contacts that a trigger creates in a CRM, while the service is killed inside the calls: each is created once."""
import json
import random
import threading
import time
from collections import defaultdict

from peers import Crm
from report import PROJECT, own, seeded
from service import Auditor, Caller, Service

LONGEST_S = 0.25


def run(job):
    count = 300 if job.full else 60
    kills = max(4, min(job.kills, count // 6))
    report, dice = job.report, random.Random(f"{job.seed}/contacts")
    report.part(f"contacts: {count} contacts, {kills} kills inside the POST")
    crm = Crm(random.Random(f"{job.seed}/crm"), LONGEST_S)
    text, source = seeded("crm-outbound.bas", PROJECT / "bas" / "crm-outbound.bas")
    report.note(f"crm-outbound.bas of {source}")
    served = Service(job.gbvm, job.folder / "contacts", {"crm-outbound.bas": text, "contact.bas": own("contact.bas")}, {"https://api.crm.com": crm.url})
    served.start()
    auditor, wrong = Auditor(served), []

    def store(numbers, pause):
        caller = Caller(served)
        for number in numbers:
            answer = caller.insist("contact", {"name": f"N{number}", "email": f"n{number}@example.com", "phone": "1"}, f"c-{number}")
            if not answer or answer[0] != 200:
                wrong.append(f"{number}: {answer}")
            time.sleep(pause)
        caller.close()

    # They arrive little by little, so that each kill finds calls under way.
    writers = [threading.Thread(target=store, args=(range(first, count, 4), 4 * kills * LONGEST_S / count)) for first in range(4)]
    for writer in writers:
        writer.start()
    inside = auditor.kill_while_held(crm, kills, dice, LONGEST_S)
    for writer in writers:
        writer.join()
    linked = "SELECT count(*) FROM contacts WHERE external_id IS NOT NULL AND external_id <> ''"
    served.wait_for(lambda: served.one(linked) == count, 60)
    report.promise(served.wait_for(served.is_drained, 60), "the queues drain")
    time.sleep(0.3)
    served.stop()
    report.note(f"{inside} of {kills} kills fell while the CRM held an answer; it got {len(crm.requests())} requests")
    report.promise(not wrong, "every contact is acknowledged in the end", "; ".join(wrong[:3]))
    report.promise(served.one("SELECT count(*) FROM contacts") == count, f"{count} contacts are stored once each: {served.one('SELECT count(*) FROM contacts')}")
    report.promise(served.one(linked) == count, f"every contact is linked: {served.one(linked)} of {count}", f"jobs {served.rows('SELECT state, attempt, error, count(*) FROM gbvm_jobs GROUP BY 1, 2, 3')}")
    created = defaultdict(list)
    for request in crm.requests():
        if request.method == "POST":
            created[json.loads(request.body)["email"]].append(request.key)
    several = {email: keys for email, keys in created.items() if len(set(keys)) != 1 or None in keys}
    again = sum(len(keys) - 1 for keys in created.values())
    report.promise(not several, f"one create key for each of {len(created)} contacts, of which {again} creates were sent again", str(dict(list(several.items())[:2])))
    if inside:
        report.promise(again > 0, f"calls cut by a kill were sent again: {again}")
    wrong_id = [email for email, external in served.rows("SELECT email, external_id FROM contacts") if crm.ids.get(created[email][0] if created[email] else None) != external]
    report.promise(not wrong_id, "each contact has the id that the CRM gave to its key", str(wrong_id[:3]))
    other = [request for request in crm.requests() if request.method != "POST"]
    report.promise(not other, f"the link itself is told to nobody: {len(other)} further requests", str(other[:2]))
    damages = auditor.finish()
    report.promise(not damages, f"integrity_check is ok after each of {auditor.checked} kills", "; ".join(damages[:3]))
    report.promise(max(served.ready_s) < 2, f"ready in under 2 s: the slowest start took {max(served.ready_s):.2f} s")
    crm.close()
