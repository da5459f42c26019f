//! Uses the engine from another program: loads a script, fires a webhook at it and reads what it stored.
//!
//! `cargo run -p gbvm --example embed`

use std::error::Error;
use std::sync::Arc;

use gbvm::engine::{Engine, FixedClock};
use gbvm::event::Event;
use gbvm_vm::instant::Instant;

const SCRIPT: &str = r#"
WEBHOOK "order-placed", OPEN

WITH order = NEW OBJECT
    .customer = body.customer
    .total = body.quantity * body.price
    .placed_at = NOW()
END WITH
INSERT "orders", order

WITH result = NEW OBJECT
    .status = "stored"
    .total = order.total
END WITH
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let noon = Instant::parse("2026-01-31T12:00:00Z").ok_or("the instant is written correctly")?;
    let engine = Engine::builder().clock(Arc::new(FixedClock(noon))).build()?;
    let script = engine.compile("orders.bas", SCRIPT)?;
    engine.load(vec![script.clone()])?;

    let event = Event::webhook("order-placed").json(&serde_json::json!({"customer": "Ann", "quantity": 3, "price": 9.5}))?;
    let outcome = engine.fire(&script, &event);
    if let Some(fault) = outcome.fault {
        return Err(fault.into());
    }
    println!("{} {}", outcome.reply.status, outcome.reply.text());
    for row in engine.world().store()?.query("SELECT customer, total, placed_at FROM orders")? {
        println!("{}", row.join(" | "));
    }
    engine.shut_down();
    Ok(())
}
