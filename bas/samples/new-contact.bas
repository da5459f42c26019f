' Stores a contact as a person at a desk would: crm-outbound.bas then creates it in the CRM.

WITH contact = NEW OBJECT
    .first_name = "Ann"
    .last_name = "Lee"
    .email = "ann@example.com"
    .phone = "+351 210 000 000"
    .title = "CTO"
    .source = "fair"
    .updated_at = NOW()
END WITH
INSERT "contacts", contact

PRINT "stored contact " + contact.id
