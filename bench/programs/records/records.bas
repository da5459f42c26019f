' records: the memory that many records take. Holds 200,000 of them at once.

orders = []
FOR i = 1 TO 200000
    WITH order = NEW OBJECT
        .id = i
        .name = "Order " & i
        .email = "person" & i & "@example.com"
        .amount = i MOD 1000
        .price = i / 4
        .status = "open"
    END WITH
    orders.ADD(order)
NEXT i

PRINT UBOUND(orders) & " " & orders[199999].email
