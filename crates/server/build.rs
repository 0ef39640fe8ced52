//! Rebuilds the server when a file that it embeds is added, changed or removed.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build reads the files while it runs, so it need not be rebuilt for them.
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../www");
        println!("cargo::rerun-if-changed=../../dist");
    }
}
