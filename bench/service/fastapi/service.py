"""The webhook on FastAPI and sqlite3, for uvicorn with uvloop and httptools: one process, each request its own transaction.

The transaction runs on the event loop: it is shorter than handing it to a thread, and SQLite has one writer anyway.
"""

import hmac
import os
import sqlite3
import uuid
from datetime import datetime, timezone

import orjson
from fastapi import FastAPI, Request, Response

SECRET = os.environ["WEBHOOK_SECRET"].encode()
app = FastAPI(openapi_url=None)
db = sqlite3.connect(os.environ["DB"], isolation_level=None, cached_statements=256, check_same_thread=False)
db.execute("PRAGMA journal_mode = WAL")
db.execute(f"PRAGMA synchronous = {os.environ['SYNCHRONOUS']}")

INSERT_EVENT = """
    INSERT INTO sync_events (id, source, event, record_id, source_timestamp, received_at, status)
    VALUES (?, 'crm', ?, ?, ?, ?, 'ok') ON CONFLICT (id) DO NOTHING"""
FIND_CONTACT = "SELECT id FROM contacts WHERE external_id = ?"
UPDATE_CONTACT = """
    UPDATE contacts SET first_name = ?, last_name = ?, email = ?, phone = ?, company = ?, title = ?, status = ?,
        source_timestamp = ?, updated_at = ? WHERE id = ?"""
INSERT_CONTACT = """
    INSERT INTO contacts (first_name, last_name, email, phone, company, title, status, source_timestamp, updated_at, id, external_id)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
SAVE_STATUS = """
    INSERT INTO sync_status (id, record_id, last_event, last_sync, sync_direction, status)
    VALUES (?, ?, ?, ?, 'inbound', 'success')
    ON CONFLICT (id) DO UPDATE SET last_event = excluded.last_event, last_sync = excluded.last_sync"""


def json(status: int, value: dict) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


def store(change: dict) -> bool:
    """Stores one change; false where its event was stored before."""
    data = change["data"]
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    db.execute("BEGIN IMMEDIATE")
    try:
        if db.execute(INSERT_EVENT, (change["id"], change["event"], data["id"], change["timestamp"], now)).rowcount == 0:
            db.execute("ROLLBACK")
            return False
        company = (data.get("account") or {}).get("name")
        fields = (data.get("firstName"), data.get("lastName"), data.get("email"), data.get("phone"), company, data.get("title"), data.get("status"), change["timestamp"], now)
        existing = db.execute(FIND_CONTACT, (data["id"],)).fetchone()
        if existing:
            db.execute(UPDATE_CONTACT, (*fields, existing[0]))
        else:
            db.execute(INSERT_CONTACT, (*fields, str(uuid.uuid4()), data["id"]))
        db.execute(SAVE_STATUS, ("contact_" + data["id"], data["id"], change["id"], now))
        db.execute("COMMIT")
        return True
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@app.post("/webhook/crm-sync")
async def crm_sync(request: Request) -> Response:
    body = await request.body()
    wanted = hmac.digest(SECRET, body, "sha256").hex()
    if not hmac.compare_digest(wanted, request.headers.get("x-webhook-signature", "")):
        return json(401, {"error": "Invalid signature"})
    try:
        change = orjson.loads(body)
    except orjson.JSONDecodeError:
        return json(400, {"error": "The body is not JSON"})
    if not store(change):
        return json(409, {"error": "duplicate"})
    return json(200, {"status": "synced", "record_id": change["data"]["id"], "direction": "inbound"})
