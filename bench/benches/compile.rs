//! From text to a verified program. `cargo bench -p gbvm-bench --bench compile`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gbvm_bench::{CRM_SYNC, link, long_script};

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for (name, source) in [("crm-sync", CRM_SYNC.to_owned()), ("10,000 lines", long_script(10_000))] {
        group.throughput(Throughput::Bytes(source.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| link(&source)));
    }
    group.finish();
}

criterion_group!(benches, compile);
criterion_main!(benches);
