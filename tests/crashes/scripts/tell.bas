' Tells the other instance of every change, and looks at nothing: what keeps the two quiet is the engine.
ON "contacts", "INSERT,UPDATE"
record = trigger.new_data
response = POST "https://other.example/webhook/told", {id: record.id, your_id: record.external_id, name: record.name, phone: record.phone}
IF response.ok THEN
    UPDATE "contacts", "id=" + record.id, {external_id: response.id, external_source: "other", synced_at: NOW()}
END IF
