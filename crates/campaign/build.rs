//! Remembers which compiler built this, for the cases that are kept.

#[expect(clippy::disallowed_methods, reason = "cargo says by a variable which compiler it runs")]
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = std::process::Command::new(compiler).arg("--version").output();
    let version = version.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    println!("cargo::rustc-env=CAMPAIGN_RUSTC={}", version.as_deref().map_or("unknown", str::trim));
}
