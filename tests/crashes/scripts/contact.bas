' Stores a contact, or changes one, as a person would.
WEBHOOK "contact", SCHEME "github" KEY "hook_secret"
IF body.external_id <> "" THEN
    UPDATE "contacts", "external_id=" + body.external_id, {phone: body.phone}
ELSE
    INSERT "contacts", {first_name: body.name, email: body.email, phone: body.phone, external_id: "", external_source: ""}
END IF
result = {stored: TRUE}
