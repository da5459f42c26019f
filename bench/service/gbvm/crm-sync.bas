' crm-sync.bas
' The CRM's webhook as bench/service measures it: the signature, the contact by its key, three writes, an answer.
' schema.sql has the tables. A repeated event finds its id taken, which undoes the run and is answered 409.

WEBHOOK "crm-sync"

IF NOT VERIFY_SIGNATURE(body, headers.x_webhook_signature, GET BOT MEMORY "crm_webhook_secret") THEN
    WITH result = NEW OBJECT
        .status = 401
        .error = "Invalid signature"
    END WITH
    EXIT
END IF

data = body.data
record_id = data.id

WITH sync_event = NEW OBJECT
    .id = body.id
    .source = "crm"
    .event = body.event
    .record_id = record_id
    .source_timestamp = body.timestamp
    .received_at = NOW()
    .status = "ok"
END WITH
INSERT "sync_events", sync_event

WITH contact = NEW OBJECT
    .external_id = record_id
    .first_name = data.firstName
    .last_name = data.lastName
    .email = data.email
    .phone = data.phone
    .company = data.account.name
    .title = data.title
    .status = data.status
    .source_timestamp = body.timestamp
    .updated_at = NOW()
END WITH

existing = FIND "contacts", "external_id=" + record_id
IF existing.id <> "" THEN
    UPDATE "contacts", "id=" + existing.id, contact
ELSE
    INSERT "contacts", contact
END IF

WITH sync_status = NEW OBJECT
    .record_id = record_id
    .last_event = body.id
    .last_sync = NOW()
    .sync_direction = "inbound"
    .status = "success"
END WITH
SAVE "sync_status", "contact_" + record_id, sync_status

WITH result = NEW OBJECT
    .status = "synced"
    .record_id = record_id
    .direction = "inbound"
END WITH
