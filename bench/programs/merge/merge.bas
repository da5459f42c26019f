' merge: three-way merge of records, field by field, over a list of field names: fields read and written by computed names.

fields = ["first_name", "last_name", "email", "phone", "company", "title", "source", "status", "amount", "stage"]
LET conflicts = 0
LET total = 0

FOR i = 1 TO 300000
    base = contact(i)
    mine = contact(i)
    mine.phone = "555-0001"
    mine.amount = i MOD 90
    mine.title = "Director"
    theirs = contact(i)
    theirs.stage = "won"
    theirs.amount = i MOD 100

    merged = NEW OBJECT
    FOR EACH field IN fields
        ours = mine[field]
        other = theirs[field]
        before = base[field]
        IF ours = before THEN
            merged[field] = other
        ELSEIF other = before OR other = ours THEN
            merged[field] = ours
        ELSE
            conflicts = conflicts + 1
            merged[field] = other
        END IF
    NEXT field

    total = total + merged.amount
NEXT i

PRINT conflicts & " " & total & " " & merged.title & " " & merged.stage & " " & merged.phone

FUNCTION contact(i)
    WITH record = NEW OBJECT
        .first_name = "Ada"
        .last_name = "Lovelace"
        .email = "ada@example.com"
        .phone = "555-0100"
        .company = "Engines"
        .title = "Engineer"
        .source = "web"
        .status = "active"
        .amount = i MOD 80
        .stage = "open"
    END WITH
    RETURN record
END FUNCTION
