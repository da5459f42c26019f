' Takes what the other instance says of a contact.
WEBHOOK "told", OPEN
record = {name: body.name, phone: body.phone, external_id: body.id, external_source: "other", updated_at: NOW(), synced_at: NOW()}
existing = FIND "contacts", "id=" + body.your_id
IF existing.id = "" THEN existing = FIND "contacts", "external_source=other AND external_id=" + body.id
IF existing.id = "" THEN
    INSERT "contacts", record
    id = record.id
ELSE
    UPDATE "contacts", "id=" + existing.id, record
    id = existing.id
END IF
result = {id: id}
