//! Says whether the threaded dispatcher can be built: it rests on calls in tail position becoming jumps, which
//! optimised builds for this architecture do, but for those with the address sanitizer.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    if !matches!(variable("OPT_LEVEL").as_str(), "0" | "1") && variable("CARGO_CFG_TARGET_ARCH") == "x86_64" && !variable("CARGO_ENCODED_RUSTFLAGS").contains("sanitizer=address") {
        println!("cargo::rustc-cfg=threaded");
    }
}
