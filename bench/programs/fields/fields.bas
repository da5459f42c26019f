' fields: fields of one record read and written, by names known when the program is compiled.

WITH account = NEW OBJECT
    .name = "Ada"
    .balance = 0
    .ceiling = 1000
    .fee = 3
    .fees = 0
    .payments = 0
    .status = "open"
END WITH

FOR i = 1 TO 20000000
    account.balance = account.balance + i MOD 100
    account.payments = account.payments + 1
    IF account.balance > account.ceiling THEN
        account.balance = account.balance - account.ceiling
        account.fees = account.fees + account.fee
    END IF
NEXT i

PRINT account.balance & " " & account.payments & " " & account.fees
