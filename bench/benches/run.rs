//! The machine alone, and a whole webhook through the engine. `cargo bench -p gbvm-bench --bench run`

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use gbvm::engine::Engine;
use gbvm::event::Event;
use gbvm_bench::{FIBONACCI, LOOPS, RECORDS, link};
use gbvm_stdlib::security::hmac_sha256_hex;
use gbvm_vm::instant::Instant;
use gbvm_vm::limits::Limits;
use gbvm_vm::machine::{Stop, Vm};

fn machine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("machine");
    group.sample_size(20);
    let fibonacci = format!("result = fib(24)\n{FIBONACCI}");
    for (name, source) in [("fibonacci of 24", fibonacci.as_str()), ("1,000,000 loops", LOOPS), ("100,000 records", RECORDS)] {
        let linked = link(source);
        let limits = Arc::new(Limits::default());
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut vm = Vm::new(&linked, &limits);
                assert!(matches!(vm.run(&|| Instant(0)), Stop::Done), "the script comes to its end");
                vm.variable("result").cloned()
            });
        });
    }
    group.finish();
}

fn webhook(criterion: &mut Criterion) {
    let secret = "bench-secret";
    let engine = Engine::builder().memory("crm_webhook_secret", secret).build().expect("an engine in memory can be built");
    let script = engine.compile("crm-sync.bas", gbvm_bench::CRM_SYNC).expect("the project's script compiles");
    engine.load(vec![script.clone()]).expect("its tables can be made");
    let mut number = 0;
    criterion.bench_function("crm-sync webhook, in memory", |bencher| {
        bencher.iter(|| {
            number += 1;
            let body = format!(r#"{{"event":"created","type":"contact","id":"c-{number}","timestamp":"2026-01-31T09:00:00Z","data":{{"firstName":"Ann","lastName":"Lee","email":"ann@x.co"}}}}"#);
            let signature = hmac_sha256_hex(secret.as_bytes(), body.as_bytes());
            let event = Event::webhook("crm-inbound").header("content-type", "application/json").header("x-webhook-signature", signature).body(body);
            let outcome = engine.fire(&script, &event);
            assert_eq!(outcome.reply.status, 200, "{}", outcome.reply.text());
        });
    });
}

criterion_group!(benches, machine, webhook);
criterion_main!(benches);
