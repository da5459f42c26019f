' transform: records of a CRM, with a record inside, mapped to flat local records and collected.

contacts = []
FOR i = 1 TO 1000
    WITH contact = NEW OBJECT
        .id = "003-" & i
        .firstName = "First" & i
        .lastName = "Last" & i
        .email = "person" & i & "@example.com"
        .phone = "555-" & i
        .title = "Engineer"
        .leadSource = "web"
        .status = "active"
        .account = {id: i MOD 50, name: "Company " & (i MOD 50), revenue: i * 10}
    END WITH
    contacts.ADD(contact)
NEXT i

LET changed_at = "2026-01-31T09:05:07Z"
LET revenue = 0
LET letters = 0

FOR turn = 1 TO 1200
    records = []
    FOR EACH data IN contacts
        WITH local_record = NEW OBJECT
            .external_id = data.id
            .external_source = "crm"
            .first_name = data.firstName
            .last_name = data.lastName
            .email = data.email
            .phone = data.phone
            .company = data.account.name
            .revenue = data.account.revenue
            .title = data.title
            .source = data.leadSource
            .status = data.status
            .updated_at = changed_at
        END WITH
        records.ADD(local_record)
    NEXT data

    FOR EACH record IN records
        revenue = revenue + record.revenue MOD 100
        letters = letters + LEN(record.company)
    NEXT record
NEXT turn

PRINT revenue & " " & letters & " " & records[999].email
