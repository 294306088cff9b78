//! Compares two fingerprints and says element by element what changed.
//!
//! Run with `cargo run -p walk-fingerprint --example explain`.

use walk_fingerprint::{Checksum, Fingerprint};

fn main() {
    let mut before = Fingerprint::new();
    before.add("command", "cc -c lexer.c -o lexer.o");
    before.add("file:lexer.c", Checksum::of(b"int main(void) {}"));
    before.add("file:token.h", Checksum::of(b"enum token { END };"));

    let mut now = before.clone();
    now.add("command", "cc -O2 -c lexer.c -o lexer.o");
    now.add("tool:cc", "14.2");
    now.remove("file:token.h");

    let diff = now.diff(&before);
    for update in &diff.updated {
        println!("{}: `{}` is now `{}`", update.name, update.previous, update.new);
    }
    for (name, value) in &diff.new {
        println!("{name}: `{value}` is new");
    }
    for (name, _) in &diff.obsolete {
        println!("{name}: no longer part of it");
    }
    println!("checksum {} is now {}", before.checksum(), now.checksum());
}
