' Keeps stock: one transaction of the stock, its history and the calls that tell the other systems.
WEBHOOK "inventory-update"

current = FIND "inventory", "sku=" + body.sku + " AND warehouse=" + body.warehouse
IF current.sku = "" THEN
    result = {status: 404, error: "no such item"}
    EXIT
END IF
SELECT CASE body.type
    CASE "receipt", "transfer_in"
        quantity = current.quantity_on_hand + body.quantity
    CASE "shipment", "transfer_out"
        quantity = current.quantity_on_hand - body.quantity
    CASE ELSE
        result = {status: 400, error: "unknown type"}
        EXIT
END SELECT
UPDATE "inventory", "sku=" + body.sku + " AND warehouse=" + body.warehouse, {quantity_on_hand: quantity}
INSERT "inventory_transactions", {sku: body.sku, warehouse: body.warehouse, reference: body.reference, quantity_before: current.quantity_on_hand, quantity_change: body.quantity, quantity_after: quantity}
told = {sku: body.sku, qty: quantity}
IF body.source <> "erp" THEN PUT "https://erp.company.com/api/inventory/" + body.sku, told
IF body.source <> "ecommerce" THEN PUT "https://api.shopify.com/products/" + body.sku + "/inventory", told
IF body.source <> "pos" THEN POST "https://api.pos.com/inventory/update", told
IF body.source <> "wms" THEN PUT "https://wms.company.com/api/inventory", told
result = {status: "synced", sku: body.sku, new_quantity: quantity}
