' Stores a text, to fill a disk, and tells another system.
WEBHOOK "note", SCHEME "github" KEY "hook_secret"
INSERT "notes", {number: body.number, text: body.text}
POST "https://ledger.example/notes", {number: body.number}
result = {stored: body.number}
