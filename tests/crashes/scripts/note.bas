' Stores a text, to fill a disk.
WEBHOOK "note", SCHEME "github" KEY "hook_secret"
INSERT "notes", {number: body.number, text: body.text}
result = {stored: body.number}
