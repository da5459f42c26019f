' Keeps an order, has it paid elsewhere, and keeps the payment: three segments with a call between them.
WEBHOOK "order", SCHEME "github" KEY "hook_secret"
INSERT "orders", {reference: body.reference, state: "new"}
payment = POST "https://pay.example/payments", {reference: body.reference}
UPDATE "orders", "reference=" + body.reference, {state: "paid", payment: payment.id}
receipt = POST "https://pay.example/receipts", {reference: body.reference}
INSERT "payments", {reference: body.reference, payment: payment.id, receipt: receipt.id}
result = {payment: payment.id, receipt: receipt.id}
