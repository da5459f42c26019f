' Changes a contact by its name, or stores it.
WEBHOOK "edit", SCHEME "github" KEY "hook_secret"
existing = FIND "contacts", "name=" + body.name
IF existing.id = "" THEN
    INSERT "contacts", {name: body.name, phone: body.phone}
ELSE
    UPDATE "contacts", "name=" + body.name, {phone: body.phone}
END IF
result = {phone: body.phone}
