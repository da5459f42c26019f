' crm-outbound.bas
' A contact changed here; the CRM follows.
'
' The way back from crm-sync.bas. It runs after the change is committed, so a CRM that is down never holds up the
' person who made it.

ON "contacts", "INSERT,UPDATE"

record = trigger.new_data
old_record = trigger.old_data

' What crm-sync.bas wrote came from the CRM and is not sent back to it. It sets both times in one WITH block; an edit
' made here moves updated_at away from synced_at.
IF record.external_source = "crm" AND record.synced_at = record.updated_at THEN
    EXIT
END IF

' The CRM learns of a deletion from people, not from a contact created or updated once more.
IF record.deleted_at <> "" THEN
    EXIT
END IF

' Of two quick edits, the second was made before the first had its external_id. The row itself knows better than its
' image; without this the contact would be created twice.
stored = FIND "contacts", "id=" + record.id
external_id = COALESCE(stored.external_id, record.external_id)

' What the CRM said last, or accepted last, it has. Where the row is like that there is nothing to say: the same edit may
' have been made on both sides.
IF external_id <> "" THEN
    news = CHANGED_FIELDS(SYNC_BASE("contacts", "crm", external_id), record)
    IF news.length = 0 THEN EXIT
END IF

' Where nothing that the CRM keeps has changed there is nothing to say, unless it does not have the contact at all.
changed = FALSE
IF record.first_name <> old_record.first_name THEN changed = TRUE END IF
IF record.last_name <> old_record.last_name THEN changed = TRUE END IF
IF record.email <> old_record.email THEN changed = TRUE END IF
IF record.phone <> old_record.phone THEN changed = TRUE END IF
IF record.title <> old_record.title THEN changed = TRUE END IF
IF record.source <> old_record.source THEN changed = TRUE END IF
IF external_id <> "" AND NOT changed THEN
    EXIT
END IF

' Transform to CRM format
WITH crm_data = NEW OBJECT
    .firstName = record.first_name
    .lastName = record.last_name
    .email = record.email
    .phone = record.phone
    .title = record.title
    .leadSource = record.source
END WITH

' Send to CRM. No answer, or a 5xx, is tried again with the same idempotency key and then ends the run as an error,
' with nothing written: what follows sees only real answers.
crm_api_key = GET BOT MEMORY "crm_api_key"
SET HEADER "Authorization", "Bearer " + crm_api_key
SET HEADER "Content-Type", "application/json"

IF external_id = "" THEN
    operation = "create"
    response = POST "https://api.crm.com/api/contacts", crm_data
    ' An answer that refuses has no id to give.
    IF response.ok THEN external_id = response.id END IF
ELSE
    operation = "update"
    response = PUT "https://api.crm.com/api/contacts/" + external_id, crm_data
END IF

' Only what the CRM accepted counts as synced. A refused change stays visible as an edit that the CRM has not seen.
outcome = "error"
IF response.ok AND external_id <> "" THEN
    outcome = "ok"

    WITH sync_update = NEW OBJECT
        .external_id = external_id
        .external_source = "crm"
        .synced_at = NOW()
    END WITH
    UPDATE "contacts", "id=" + record.id, sync_update

    ' The CRM has now what was sent: crm-sync.bas compares later changes with it.
    WITH mirrored = NEW OBJECT
        .external_id = external_id
        .external_source = "crm"
        .first_name = record.first_name
        .last_name = record.last_name
        .email = record.email
        .phone = record.phone
        .title = record.title
        .source = record.source
    END WITH
    SAVE "contacts_crm", external_id, mirrored
END IF

' Log outbound sync
WITH sync_event = NEW OBJECT
    .direction = "outbound"
    .destination = "crm"
    .event = operation
    .record_type = "contact"
    .record_id = record.id
    .external_id = external_id
    .timestamp = NOW()
    .status = outcome
    .response_status = response.status
END WITH
INSERT "sync_events", sync_event
