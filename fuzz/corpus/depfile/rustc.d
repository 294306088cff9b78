lib.rlib: src/lib.rs src/a.rs

src/lib.rs:
# env-dep:OUT_DIR=x
