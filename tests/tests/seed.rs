//! The scripts that exist already run unmodified: the main path of each, against recording stand-ins.

use std::path::PathBuf;

use gbvm_tests::libraries::{BULK, ERP, RESOLVER};
use gbvm_tests::scenario::Scenario;
use gbvm_tests::seed;

/// The path of a script, or none where the checkout stands alone.
fn script(name: &str) -> Option<PathBuf> {
    Some(seed()?.join(name))
}

#[test]
fn crm_sync_stores_a_contact() {
    let Some(path) = script("crm-sync.bas") else { return };
    let world = Scenario::new(&[("crm_webhook_secret", "s3cret")]);
    let script = world.load(&path, "");
    let body = r#"{"event":"created","type":"contact","id":"c-1","timestamp":"2026-01-31T08:59:00Z","data":{"firstName":"Ann","lastName":"Lee","email":"ann@x.co","account":{"name":"Acme"}}}"#;

    let refused = world.post_signed(&script, "crm-inbound", body, "guess");
    assert_eq!((refused.reply.status, refused.reply.text().as_str()), (401, r#"{"status":401,"error":"Invalid signature"}"#));
    assert_eq!(world.rows("SELECT count(*) FROM sync_events"), ["0"]);

    let stored = world.post_signed(&script, "crm-inbound", body, "s3cret");
    assert_eq!((stored.reply.status, stored.reply.text().as_str()), (200, r#"{"status":"synced","record_id":"c-1","direction":"inbound"}"#));
    assert_eq!(world.rows("SELECT external_id, first_name, last_name, email, company, updated_at = synced_at FROM contacts"), ["c-1|Ann|Lee|ann@x.co|Acme|1"]);
    assert_eq!(world.rows("SELECT direction, event, record_type, record_id, timestamp FROM sync_events"), ["inbound|created|contact|c-1|2026-01-31T08:59:00Z"]);
    assert_eq!(world.rows("SELECT id, status, sync_direction FROM sync_status"), ["contact_c-1|success|inbound"]);

    let unknown = world.post_signed(&script, "crm-inbound", &body.replace("contact", "spaceship"), "s3cret");
    assert_eq!((unknown.reply.status, unknown.reply.text().as_str()), (400, r#"{"status":400,"error":"Unknown record type: spaceship"}"#));
}

#[test]
fn crm_sync_keeps_hostile_ids_to_themselves() {
    let Some(path) = script("crm-sync.bas") else { return };
    let world = Scenario::new(&[("crm_webhook_secret", "s3cret")]);
    let script = world.load(&path, "");
    let event = |id: &str, event: &str, name: &str| format!(r#"{{"event":"{event}","type":"contact","id":"{id}","timestamp":"2026-01-31T08:59:00Z","data":{{"firstName":"{name}"}}}}"#);
    world.post_signed(&script, "crm-inbound", &event("c-1", "created", "Ann"), "s3cret");
    for id in ["x OR 1=1", "' OR '1'='1", "*", "c-1' --", "c-1 ORDER BY id"] {
        let outcome = world.post_signed(&script, "crm-inbound", &event(id, "updated", "Eve"), "s3cret");
        assert_eq!(outcome.reply.status, 200, "{id}");
    }
    let empty = world.post_signed(&script, "crm-inbound", &event("", "updated", "Eve"), "s3cret");
    assert_eq!((empty.reply.status, empty.fault.as_ref().map(|fault| &*fault.code)), (500, Some("E_FILTER_EMPTY")));
    assert_eq!(world.rows("SELECT external_id, first_name FROM contacts"), ["c-1|Ann"]);
}

#[test]
fn crm_sync_notes_a_conflict_with_a_newer_local_row() {
    let Some(path) = script("crm-sync.bas") else { return };
    let world = Scenario::new(&[("crm_webhook_secret", "s3cret")]);
    let script = world.load(&path, "");
    world.prepare("WITH row = NEW OBJECT\n.external_id = \"c-1\"\n.updated_at = NOW()\nEND WITH\nINSERT \"local_data\", row");
    let body = r#"{"event":"updated","type":"contact","id":"c-1","timestamp":"2026-01-31T08:00:00Z","data":{"firstName":"Ann"}}"#;
    let outcome = world.post_signed(&script, "crm-inbound", body, "s3cret");
    let id = world.rows("SELECT id FROM sync_conflicts");
    assert_eq!(outcome.reply.text(), format!(r#"{{"status":"conflict","conflict_id":"{}"}}"#, id[0]));
    assert_eq!(world.rows("SELECT record_id, status FROM sync_conflicts"), ["c-1|pending"]);
    assert_eq!(world.rows("SELECT count(*) FROM contacts"), ["0"]);
}

#[test]
fn crm_outbound_creates_once_and_links() {
    let Some(path) = script("crm-outbound.bas") else { return };
    let world = Scenario::new(&[("crm_api_key", "k-1")]);
    world.load(&path, "");
    world.peer.answer("POST https://api.crm.com/api/contacts", 201, r#"{"id":"crm-7"}"#);
    world.prepare("WITH row = NEW OBJECT\n.first_name = \"Ann\"\n.email = \"ann@x.co\"\n.external_id = \"\"\n.updated_at = NOW()\nEND WITH\nINSERT \"contacts\", row");
    world.engine.settle().expect("the queues can be worked off");
    assert_eq!(world.peer.lines(), [r#"POST https://api.crm.com/api/contacts {"firstName":"Ann","email":"ann@x.co"}"#]);
    let request = &world.peer.requests()[0];
    assert!(request.headers.contains(&("Authorization".into(), "Bearer k-1".into())), "{:?}", request.headers);
    assert_eq!(world.rows("SELECT external_id, external_source FROM contacts"), ["crm-7|crm"]);
    assert_eq!(world.rows("SELECT direction, event, response_status FROM sync_events"), ["outbound|create|201"]);
}

#[test]
fn crm_outbound_links_nothing_when_the_crm_fails() {
    let Some(path) = script("crm-outbound.bas") else { return };
    let world = Scenario::new(&[("crm_api_key", "k-1")]);
    let script = world.load(&path, "");
    world.peer.answer("POST https://api.crm.com/api/contacts", 422, r#"{"error":"no email"}"#);
    let outcome = world.change(&script, "contacts", r#"{"id":"1","first_name":"Ann","external_id":""}"#, None);
    assert!(outcome.fault.is_some(), "a create without an id is no success");
    assert_eq!(world.rows("SELECT count(*) FROM contacts WHERE external_id IS NOT NULL"), ["0"]);
}

#[test]
fn erp_sync_stores_orders_and_warns_of_low_stock() {
    let Some(path) = script("erp-sync.bas") else { return };
    let world = Scenario::new(&[("erp_webhook_key", "k-erp")]);
    let script = world.load(&path, ERP);
    world.prepare("WITH p = NEW OBJECT\n.sku = \"A-1\"\n.name = \"Anvil\"\n.reorder_point = 10\n.reorder_quantity = 50\nEND WITH\nINSERT \"products\", p");
    let send = |body: &str| world.fire(&script, &gbvm::Event::webhook("erp-webhook").header("content-type", "application/json").header("X-Api-Key", "k-erp").body(body));

    assert_eq!(world.post(&script, "erp-webhook", r#"{"entity":"inventory"}"#).reply.status, 401);
    let order = r#"{"eventType":"created","entity":"salesOrder","entityId":"so-1","payload":{"orderNumber":"1001","customerId":"cu-1","total":99.5,"lineItems":[{"sku":"A-1","quantity":2,"unitPrice":40},{"sku":"B-2","quantity":1,"unitPrice":19.5}]}}"#;
    let outcome = send(order);
    assert_eq!(outcome.reply.text(), r#"{"status":"processed","entity":"salesOrder","entity_id":"so-1"}"#);
    assert_eq!(world.rows("SELECT erp_order_id, order_number, total FROM orders"), ["so-1|1001|99.5"]);
    assert_eq!(world.rows("SELECT order_id, sku, quantity FROM order_lines ORDER BY sku"), ["so-1|A-1|2", "so-1|B-2|1"]);

    send(r#"{"eventType":"updated","entity":"inventory","entityId":"A-1","payload":{"qtyOnHand":4,"qtyAvailable":4,"warehouse":"W1"}}"#);
    assert_eq!(world.rows("SELECT sku, current_qty, reorder_point FROM stock_alerts"), ["A-1|4|10"]);
    send(r#"{"eventType":"created","entity":"invoice","entityId":"in-1","payload":{"total":5}}"#);
    assert_eq!(world.rows("SELECT id, total FROM invoices"), ["in-1|5"]);
    let subjects: Vec<String> = world.post.mails().into_iter().map(|mail| format!("{} | {} | {}", mail.to.join(","), mail.subject, mail.body)).collect();
    assert_eq!(subjects, ["sales@company.com | New Order: 1001 | Order total: $99.5", "purchasing@company.com | Low Stock Alert: A-1 | Product Anvil is below reorder point. Current: 4, Reorder at: 10"]);
}

#[test]
fn inventory_sync_adjusts_stock_and_tells_the_other_systems() {
    let Some(path) = script("inventory-sync.bas") else { return };
    let world = Scenario::new(&[("erp_api_key", "ke"), ("ecom_api_key", "kc"), ("pos_api_key", "kp"), ("wms_api_key", "kw")]);
    let script = world.load(&path, "");
    world.prepare("WITH i = NEW OBJECT\n.sku = \"A-1\"\n.warehouse = \"W1\"\n.quantity_on_hand = 5\nEND WITH\nINSERT \"inventory\", i\nWITH p = NEW OBJECT\n.sku = \"A-1\"\n.name = \"Anvil\"\n.reorder_point = 3\nEND WITH\nINSERT \"products\", p");
    let outcome = world.post(&script, "inventory-update", r#"{"source":"erp","sku":"A-1","warehouse":"W1","type":"shipment","quantity":5}"#);
    assert_eq!(outcome.reply.text(), r#"{"status":"synced","sku":"A-1","warehouse":"W1","new_quantity":0}"#);
    assert_eq!(world.rows("SELECT quantity_on_hand, last_adjustment_type FROM inventory"), ["0|shipment"]);
    assert_eq!(world.rows("SELECT quantity_before, quantity_change, quantity_after FROM inventory_transactions"), ["5|5|0"]);
    assert_eq!(world.rows("SELECT system FROM inventory_sync_log ORDER BY system"), ["ecommerce", "pos", "wms"]);
    let mut lines = world.peer.lines();
    lines.sort();
    assert_eq!(lines.iter().map(|line| line.split(" {").next().unwrap_or_default()).collect::<Vec<_>>(), [
        "POST https://api.pos.com/inventory/update",
        "POST https://hooks.slack.com/services/xxx",
        "POST https://hooks.slack.com/services/xxx",
        "PUT https://api.shopify.com/products/A-1",
        "PUT https://api.shopify.com/products/A-1/inventory",
        "PUT https://wms.company.com/api/inventory",
    ]);
    let below = world.post(&script, "inventory-update", r#"{"source":"erp","sku":"A-1","warehouse":"W1","type":"shipment","quantity":1}"#);
    assert_eq!((below.reply.status, below.reply.text().as_str()), (400, r#"{"status":400,"error":"Inventory cannot be negative","current_qty":0,"attempted_qty":-1}"#));
}

#[test]
fn inventory_sync_sends_each_credential_to_its_own_origin_only() {
    let Some(path) = script("inventory-sync.bas") else { return };
    let world = Scenario::new(&[("erp_api_key", "ke"), ("ecom_api_key", "kc"), ("pos_api_key", "kp"), ("wms_api_key", "kw")]);
    let script = world.load(&path, "");
    world.prepare("WITH i = NEW OBJECT\n.sku = \"A-1\"\n.warehouse = \"W1\"\n.quantity_on_hand = 5\nEND WITH\nINSERT \"inventory\", i");
    world.post(&script, "inventory-update", r#"{"source":"crm","sku":"A-1","warehouse":"W1","type":"count","quantity":0}"#);
    let owners = [("ke", "https://erp.company.com/"), ("kc", "https://api.shopify.com/"), ("kp", "https://api.pos.com/"), ("kw", "https://wms.company.com/")];
    let requests = world.peer.requests();
    assert_eq!(requests.len(), 6);
    for request in &requests {
        for (key, origin) in owners {
            let is_sent = request.headers.iter().any(|(_, value)| value.split(' ').next_back() == Some(key));
            assert!(!is_sent || request.url.starts_with(origin), "{key} went to {}", request.url);
        }
    }
}

#[test]
fn conflict_resolver_settles_what_it_can() {
    let Some(path) = script("conflict-resolver.bas") else { return };
    let world = Scenario::new(&[]);
    let script = world.load(&path, RESOLVER);
    world.prepare(r#"
conflict "newer", {phone: "1", title: "CTO"}, {phone: "3", title: "CTO"}, "2026-01-31T08:00:00Z", "2026-01-31T08:30:00Z"
conflict "merge", {phone: "2", title: "CTO"}, {phone: "1", title: "CEO"}, "2026-01-31T08:00:00Z", "2026-01-31T08:00:30Z"
conflict "clash", {phone: "2", title: "CTO"}, {phone: "3", title: "CTO"}, "2026-01-31T08:00:00Z", "2026-01-31T08:00:30Z"
SUB conflict(name, mine, theirs, local_at, remote_at)
    WITH c = NEW OBJECT
        .id = name
        .record_type = "contacts"
        .record_id = name
        .original_data = {phone: "1", title: "CTO"}
        .local_data = mine
        .remote_data = theirs
        .local_timestamp = local_at
        .remote_timestamp = remote_at
        .status = "pending"
        .created_at = local_at
    END WITH
    INSERT "sync_conflicts", c
    WITH row = NEW OBJECT
        .id = name
        .phone = mine.phone
        .title = mine.title
    END WITH
    INSERT "contacts", row
END SUB
"#);
    let outcome = world.tick(&script);
    assert_eq!(outcome.fault, None);
    assert_eq!(world.rows("SELECT id, status, resolution_type FROM sync_conflicts ORDER BY id"), ["clash|escalated|", "merge|resolved|automatic", "newer|resolved|automatic"]);
    assert_eq!(world.rows("SELECT id, phone, title FROM contacts ORDER BY id"), ["clash|2|CTO", "merge|2|CEO", "newer|3|CTO"]);
    assert_eq!(world.post.mails()[0].subject, "Sync Conflict: contacts #clash");
    let lines = world.peer.lines();
    assert!(lines.iter().any(|line| line.starts_with("PUT https://api.crm.com/contacts/merge ")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("POST https://hooks.slack.com/services/xxx ")), "{lines:?}");
}

#[test]
fn sync_monitor_reports_a_lagging_integration() {
    let Some(path) = script("sync-monitor.bas") else { return };
    let world = Scenario::new(&[("pagerduty_key", "pd"), ("max_sync_lag_crm", "30")]);
    let script = world.load(&path, "");
    world.prepare(r#"
FOR i = 1 TO 6
    WITH e = NEW OBJECT
        .source = "erp"
        .destination = "local"
        .status = "error"
        .timestamp = DATEADD(NOW(), -5, "minute")
    END WITH
    INSERT "sync_events", e
NEXT i
WITH old = NEW OBJECT
    .source = "crm"
    .timestamp = DATEADD(NOW(), -2, "hour")
END WITH
INSERT "sync_events", old
"#);
    let outcome = world.tick(&script);
    assert_eq!(outcome.fault, None);
    assert_eq!(world.rows("SELECT status FROM sync_health_reports"), ["unhealthy"]);
    let issues = world.rows("SELECT issues FROM sync_health_reports");
    assert!(issues[0].contains("crm sync lag: 120 minutes (max: 30)") && issues[0].contains("erp has 6 errors in the last hour"), "{issues:?}");
    assert_eq!(world.rows("SELECT id, overall_status, events_last_hour, errors_last_hour FROM sync_dashboard"), ["current|unhealthy|6|6"]);
    let lines = world.peer.lines();
    assert!(lines.iter().any(|line| line.contains("events.pagerduty.com") && line.contains(r#""routing_key":"pd""#)), "{lines:?}");
}

#[test]
fn bulk_sync_reads_every_page() {
    let Some(path) = script("bulk-sync.bas") else { return };
    let world = Scenario::new(&[("crm_api_key", "k")]);
    let script = world.load(&path, BULK);
    world.peer.answer("GET https://api.crm.com/contact?limit=2&offset=0", 200, r#"{"data":[{"id":"1","name":"Ann"},{"id":"2","name":""}],"has_more":true}"#);
    world.peer.answer("GET https://api.crm.com/contact?limit=2&offset=2", 200, r#"{"data":[{"id":"3","name":"Bob"}],"has_more":false}"#);
    let outcome = world.post(&script, "bulk-sync", r#"{"source":"crm","target":"local","entity":"contact","batch_size":2}"#);
    assert_eq!(outcome.fault, None);
    assert_eq!(outcome.reply.text(), r#"{"status":"completed","job_id":"SYNC-20260131090000","processed":2,"errors":1}"#);
    assert_eq!(world.rows("SELECT id, name FROM imported ORDER BY id"), ["1|Ann", "3|Bob"]);
    assert_eq!(world.rows("SELECT id, status, total_records, error_count FROM sync_jobs"), ["SYNC-20260131090000|completed|3|1"]);
    assert_eq!(world.rows("SELECT record_id, error FROM sync_errors"), ["2|Failed to sync to local"]);
    assert_eq!(world.post.mails()[0].subject, "Bulk Sync Complete: SYNC-20260131090000");
}

#[test]
fn sync_config_fills_the_memory() {
    let Some(path) = script("sync-config.bas") else { return };
    let world = Scenario::new(&[]);
    let script = world.load(&path, "");
    let outcome = world.fire(&script, &gbvm::Event::manual());
    assert_eq!(outcome.fault, None);
    assert_eq!(world.engine.secret("max_sync_lag_crm").expect("the memory can be read").as_deref(), Some("30"));
    assert_eq!(world.rows("SELECT count(*) FROM gbvm_memory"), ["6"]);
}
