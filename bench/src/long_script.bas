SUB handle_NUMBER(order)
    ' Orders of kind NUMBER
    customer = FIND "customers", "id=" + order.customer_id
    IF ISNULL(customer) THEN
        LOG_WARN "order " + order.id + " has no customer"
        EXIT SUB
    END IF
    total = 0
    FOR EACH line IN order.lines
        IF line.quantity > 0 AND line.price > 0 THEN
            total = total + line.quantity * line.price
        ELSE IF line.is_gift THEN
            total += 0
        ELSE
            LOG_WARN "line " + line.id + " is empty"
        END IF
    NEXT line
    SELECT CASE customer.segment
        CASE "gold", "platinum"
            discount = total * 0.1
        CASE "silver"
            discount = total * 0.05
        CASE ELSE
            discount = 0
    END SELECT
    WITH invoice = NEW OBJECT
        .order_id = order.id
        .customer = customer.name
        .total = total - discount
        .due = DATEADD("day", 30, NOW())
        .label = "INV-" + FORMAT(NOW(), "YYYYMMDD") + "-" + order.number
        .address = { street: customer.street, city: customer.city, tags: [ "a", "b" ] }
    END WITH
    INSERT "invoices", invoice
    SAVE "orders", order.id, { status: "billed", total: invoice.total }
    rows = FIND items WHERE order_id = order.id AND status = "open" ORDER BY id LIMIT 10
    FOR i = 0 TO UBOUND(rows) - 1
        rows[i].status = "done"
        UPDATE "items", "id=" + rows[i].id, rows[i]
    NEXT i
    answer = POST "https://erp.company.com/api/invoices/" + invoice.id, invoice
    IF answer.status = 201 THEN
        UPDATE orders SET erp_id = answer.id WHERE id = order.id
    ELSE
        LOG_ERROR "erp said ${answer.status} for ${invoice.label}"
    END IF
    note_NUMBER = summary_NUMBER(invoice, JSON_STRINGIFY(order))
    PRINT note_NUMBER
END SUB

FUNCTION summary_NUMBER(invoice, text)
    parts = SPLIT(text, ",")
    best = ""
    WHILE LEN(best) < 10
        best = best + UCASE(LEFT(parts[0], 3))
    WEND
    RETURN invoice.label + ": " + best + " of " + FORMAT(invoice.total, "#,##0.00")
END FUNCTION
