' crm-sync.bas
' The CRM tells us what changed there; the local tables follow.
'
' The request, with X-Webhook-Signature over its raw body:
'     {"event": "created", "type": "contact", "id": "003A1", "timestamp": "2026-01-05T09:00:00Z", "data": {…}}
' crm-outbound.bas is the way back. README.md lists the tables that both use.

WEBHOOK "crm-inbound"

event = body.event
record_type = body.type
record_id = body.id
data = body.data
source_timestamp = body.timestamp

' A stranger learns nothing and leaves nothing behind, so this comes before all else.
' A secret that was never set verifies nobody.
signature = headers.x_webhook_signature
secret = GET BOT MEMORY "crm_webhook_secret"
IF NOT VERIFY_SIGNATURE(body, signature, secret) THEN
    WITH result = NEW OBJECT
        .status = 401
        .error = "Invalid signature"
    END WITH
    EXIT
END IF

' --- From the CRM's words to ours ---

' A deletion leaves the row and marks it. Any other event takes the mark away again: the CRM still has the record.
deleted_at = NULL
deleted_from = NULL
IF event = "deleted" THEN
    deleted_at = NOW()
    deleted_from = "crm"
END IF

problem = ""
IF record_id = "" THEN problem = "Missing record id" END IF
IF ISOBJECT(record_id) OR ISARRAY(record_id) THEN problem = "The record id is not one value" END IF
IF event <> "created" AND event <> "updated" AND event <> "deleted" THEN problem = "Unknown event: " + event END IF

' The CRM may send only the fields that changed. One that it leaves out is missing here, and a missing field is not
' written, so the column keeps its value. One that it sends as null is cleared.
' The CRM's own time goes with the row. The underscore makes it bookkeeping: no trigger starts and nothing is merged
' because of it.
SELECT CASE record_type
    CASE "contact"
        table_name = "contacts"
        mirror = "contacts_crm"
        WITH local_record = NEW OBJECT
            .external_id = record_id
            .external_source = "crm"
            .first_name = data.firstName
            .last_name = data.lastName
            .email = data.email
            .phone = data.phone
            .company = data.account.name
            .title = data.title
            .source = data.leadSource
            .status = data.status
            ._source_timestamp = source_timestamp
            .deleted_at = deleted_at
            .deleted_from = deleted_from
            .updated_at = NOW()
            .synced_at = NOW()
        END WITH

    CASE "account"
        table_name = "accounts"
        mirror = "accounts_crm"
        WITH local_record = NEW OBJECT
            .external_id = record_id
            .external_source = "crm"
            .company_name = data.name
            .industry = data.industry
            .website = data.website
            .annual_revenue = data.annualRevenue
            .employee_count = data.numberOfEmployees
            .billing_address = data.billingAddress
            ._source_timestamp = source_timestamp
            .deleted_at = deleted_at
            .deleted_from = deleted_from
            .updated_at = NOW()
            .synced_at = NOW()
        END WITH

    CASE "opportunity"
        table_name = "opportunities"
        mirror = "opportunities_crm"
        WITH local_record = NEW OBJECT
            .external_id = record_id
            .external_source = "crm"
            .name = data.name
            .account_id = data.accountId
            .amount = data.amount
            .stage = data.stageName
            .probability = data.probability
            .close_date = data.closeDate
            ._source_timestamp = source_timestamp
            .deleted_at = deleted_at
            .deleted_from = deleted_from
            .updated_at = NOW()
            .synced_at = NOW()
        END WITH

    CASE ELSE
        problem = "Unknown record type: " + record_type
END SELECT

' Nothing has been written yet: a request that makes no sense leaves no trace.
IF problem <> "" THEN
    WITH result = NEW OBJECT
        .status = 400
        .error = problem
    END WITH
    EXIT
END IF

' --- Is it news? ---

' The mirror holds the record as the CRM last had it, under the CRM's own id.
known = FIND mirror, "id=" + record_id

' Webhooks overtake each other. A version older than one that came before it has nothing to add.
IF known._source_timestamp > source_timestamp THEN
    CALL log_event("stale")
    WITH result = NEW OBJECT
        .status = "synced"
        .record_id = record_id
        .direction = "inbound"
    END WITH
    EXIT
END IF

' SAVE keeps the columns that a partial payload leaves out, so the mirror is always the whole record. It is given a copy:
' the CRM's id belongs to the mirror's row, and must not become the id of ours, which may be another record's.
mirrored = local_record
SAVE mirror, record_id, mirrored

' --- Does it clash? ---

' NOW() is one instant for a whole WITH block. A row that only a sync has touched therefore has updated_at equal to
' synced_at; a later edit here moves updated_at past it, and a finished push moves synced_at past that again.
existing = FIND table_name, "external_id=" + record_id + " AND external_source=crm"
changed_here = existing.updated_at > existing.synced_at
IF existing.updated_at <> "" AND existing.synced_at = "" THEN changed_here = TRUE END IF

' The rule: the newer side wins, and a conflict is an edit here that the CRM has not seen and whose time the CRM's
' change is not clearly after. A record in conflict stays so until it is resolved: applying a later change beside it
' could be undone by the resolution.
open_conflict = FIND "sync_conflicts", "source=crm AND table=" + table_name + " AND external_id=" + record_id + " AND status<>resolved"

IF open_conflict.id <> "" OR (changed_here AND NOT source_timestamp > existing.updated_at) THEN
    crm_record = FIND mirror, "id=" + record_id
    crm_record.id = existing.id

    IF open_conflict.id <> "" THEN
        ' One open conflict per record: both sides move on, the base stays what they last agreed on.
        conflict_id = open_conflict.id
        WITH newer = NEW OBJECT
            .local_data = existing
            .local_timestamp = existing.updated_at
            .remote_data = crm_record
            .remote_timestamp = source_timestamp
            .received_at = NOW()
        END WITH
        UPDATE "sync_conflicts", "id=" + conflict_id, newer
    ELSE
        ' conflict-resolver.bas writes the winner to the table named by record_type, where id is record_id. All three
        ' versions have that table's columns; original_data is the base that tells who changed what.
        WITH conflict = NEW OBJECT
            .source = "crm"
            .record_type = table_name
            .table = table_name
            .record_id = existing.id
            .external_id = record_id
            .original_data = known
            .local_data = existing
            .remote_data = crm_record
            .local_timestamp = existing.updated_at
            .remote_timestamp = source_timestamp
            .received_at = NOW()
            .created_at = NOW()
            .status = "pending"
        END WITH
        INSERT "sync_conflicts", conflict
        conflict_id = conflict.id
    END IF

    CALL log_event("conflict")
    WITH result = NEW OBJECT
        .status = "conflict"
        .conflict_id = conflict_id
    END WITH
    EXIT
END IF

' --- Apply it ---

' What is stored decides, not the event's name: a repeated "created" finds its row, and an "updated" whose "created"
' was lost still arrives. To delete what is not here is done already.
IF existing.id <> "" THEN
    UPDATE table_name, "id=" + existing.id, local_record
ELSE IF event <> "deleted" THEN
    INSERT table_name, local_record
END IF

CALL log_event("ok")

WITH sync_status = NEW OBJECT
    .record_id = record_id
    .record_type = record_type
    .last_sync = NOW()
    .sync_direction = "inbound"
    .status = "success"
END WITH
SAVE "sync_status", record_type + "_" + record_id, sync_status

WITH result = NEW OBJECT
    .status = "synced"
    .record_id = record_id
    .direction = "inbound"
END WITH

' --- Procedures ---

' One line of history per verified request. The names that are not set here are those of the main script.
SUB log_event(outcome)
    WITH sync_event = NEW OBJECT
        .direction = "inbound"
        .source = "crm"
        .event = event
        .record_type = record_type
        .record_id = record_id
        .timestamp = source_timestamp
        .received_at = NOW()
        .status = outcome
    END WITH
    INSERT "sync_events", sync_event
END SUB
