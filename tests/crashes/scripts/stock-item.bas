' Puts an item into stock.
WEBHOOK "stock-item", SCHEME "github" KEY "hook_secret"
SAVE "inventory", body.sku, {sku: body.sku, warehouse: body.warehouse, quantity_on_hand: body.quantity}
result = {stored: body.sku}
