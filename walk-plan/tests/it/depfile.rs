//! What compilers write, and what nobody would.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use proptest::prelude::*;
use walk_plan::depfile::{DepfileError, parse};

fn check(text: &str, expected: &[&str]) {
    let found = parse(text.as_bytes()).expect(text);
    let found: Vec<&str> = found.iter().map(|it| it.to_str().expect("UTF-8")).collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn what_compilers_write_is_read() {
    // gcc -MD -MP
    check(
        "build/a.o: a.c a.h \\\n  /usr/include/stdio.h\n\na.h:\n\n/usr/include/stdio.h:\n",
        &["a.c", "a.h", "/usr/include/stdio.h"],
    );
    // several targets, and a rule without a line end
    check("a.o a.d : a.c", &["a.c"]);
    check("a.o: a.c\nb.o: b.c a.c\n", &["a.c", "b.c"]);
    // rustc
    check(
        "/t/libx.rlib: src/lib.rs src/a.rs\n\n/t/x.d: src/lib.rs src/a.rs\n\nsrc/lib.rs:\nsrc/a.rs:\n\n# env-dep:CARGO=1\n",
        &["src/lib.rs", "src/a.rs"],
    );
    check("a.o:\n", &[]);
    check("", &[]);
}

#[test]
fn line_ends_of_windows_are_line_ends() {
    check("a.o: a.c \\\r\n  b.h\r\nb.h:\r\n", &["a.c", "b.h"]);
    check("a.o: a.c\r", &["a.c"]);
}

#[test]
fn drives_are_part_of_the_name() {
    check("C:/o/a.o: C:/a.c D:\\b.h\n", &["C:/a.c", "D:\\b.h"]);
    check("c:\\o\\a.o: c:\\src\\a.c\n", &["c:\\src\\a.c"]);
}

#[test]
fn escapes_stand_for_what_they_escape() {
    check("a.o: my\\ file.h a\\#b.h c$$d.h\n", &["my file.h", "a#b.h", "c$d.h"]);
    check("a.o: a\\\\\\ b.h\n", &["a\\ b.h"]);
    check("a.o: a\\\\ b.h\n", &["a\\\\", "b.h"]);
    check("a.o: a\\b.h $x.h a#b.h\n", &["a\\b.h", "$x.h", "a#b.h"]);
    check("a\\ b.o: x.h\n", &["x.h"]);
}

#[test]
fn colons_inside_prerequisites_are_part_of_the_name() {
    check("a.o: x:y.h ns::z.h\n", &["x:y.h", "ns::z.h"]);
    check("a.o:: x.h\n", &["x.h"]);
}

#[test]
fn comments_are_not_names() {
    check("# made by hand: x\na.o: a.c\n  # more: d.h\nb.o: c.h\n", &["a.c", "c.h"]);
}

/// As gcc 12 writes it for files of these names.
#[test]
fn names_that_gcc_escapes_come_back() {
    check(
        "o:x.o: m.c a:b.h a\\ b.h a\\\tb.h a\\#b.h \\\n a$$b.h a'b.h a;b.h a\\b.h a\\\\\\ b.h \
         a\\\\#b.h \\#c.h a%b.h a&b.h \\\n a\\\\\\\\\\ b.h a|b.h *x.h\n",
        &[
            "m.c",
            "a:b.h",
            "a b.h",
            "a\tb.h",
            "a#b.h",
            "a$b.h",
            "a'b.h",
            "a;b.h",
            "a\\b.h",
            "a\\ b.h",
            "a\\#b.h",
            "#c.h",
            "a%b.h",
            "a&b.h",
            "a\\\\ b.h",
            "a|b.h",
            "*x.h",
        ],
    );
}

/// rustc escapes spaces only: what follows `#y.rs` was dropped.
#[test]
fn a_name_that_begins_like_a_comment_hid_what_follows() {
    check(
        "l.d: l.rs it's\\ #x.rs #y.rs a$b.rs\n\nl.rs:\nit's\\ #x.rs:\n#y.rs:\na$b.rs:\n",
        &["l.rs", "it's #x.rs", "#y.rs", "a$b.rs"],
    );
    check("o: a # c\n", &["a", "#", "c"]);
}

#[test]
fn an_escaped_colon_was_two_bytes() {
    check("c\\:\\o\\a.o: c\\:x c\\\\:y\n", &["c:x", "c\\:y"]);
    check("foo\\: x\nfoo\\:\nfoo\\:\r\nfoo\\:\t\nfoo\\:", &["x"]);
}

#[test]
fn backslashes_before_a_blank_are_halved_if_they_escape_it() {
    check(
        "a\\ b\\#c.h: \\\\\\\\\\  \\\\\\\\ \\\\share\\info\\\\#1",
        &["\\\\ ", "\\\\\\\\", "\\\\share\\info\\#1"],
    );
    check("o: a\\\\\nb: c\n", &["a\\\\", "c"]);
    check("o: a\\", &["a"]);
}

#[test]
fn a_colon_behind_a_prerequisite_is_not_part_of_it() {
    check("o: a:\n", &["a"]);
    check("o: a: b : c:", &["a", "b", "c"]);
}

#[test]
fn a_line_without_targets_was_an_error() {
    check("o: a\nb\n", &["a", "b"]);
    check("b\no: a", &["b", "a"]);
    check("a.o: a.c\n\n  a.h\n", &["a.c", "a.h"]);
    // gcc's modules
    check(
        "a.o: a.cc | m.c++m\nCXX_IMPORTS += m.c++m\n",
        &["a.cc", "|", "m.c++m", "CXX_IMPORTS", "+="],
    );
}

#[test]
fn a_nul_byte_lost_everything() {
    let error = parse(b"o: a\no: b\0c\n").expect_err("no file is called like that");
    let expected = "line 2: expected `target: prerequisites`, found `o: b\\0c`";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn names_are_bytes() {
    let found = parse(b"a.o: \xff\xfe.h\n").expect("a rule");
    assert_eq!(found[0].as_os_str(), OsStr::from_bytes(b"\xff\xfe.h"));
}

#[test]
fn a_colon_without_a_blank_after_it_was_no_rule() {
    check("a:h1", &["h1"]);
    check("a:h1 h2\\\n h3:x\nb:h4\n", &["h1", "h2", "h3:x", "h4"]);
    check("a b::h1", &["h1"]);
    check("C:/a:h1", &["h1"]);
    check("C:\\a:C:/h1 # see\n", &["C:/h1", "#", "see"]);
    check("x:y.o: h1\n", &["h1"]);
}

#[test]
fn a_text_without_a_rule_was_no_inputs() {
    let check = |text: &str, line: usize, found: &str| {
        let error = parse(text.as_bytes()).expect_err(text);
        assert_eq!((error.line, &*error.found), (line, found), "{text:?}");
    };
    check("hello world", 1, "hello world");
    check("\n# x\n a.h\nb\n", 3, "a.h");
    check("a.o \\\n a.c\n", 1, "a.o \\");
    check("C:/a.o", 1, "C:/a.o");
    check(&"x".repeat(1000), 1, &"x".repeat(60));
    let error = parse(b"# x\nnone").expect_err("no rule");
    assert_eq!(error.to_string(), "line 2: expected `target: prerequisites`, found `none`");
    for text in ["", " \n\t\r\n", "# none\n", "\\\n"] {
        assert_eq!(parse(text.as_bytes()), Ok(vec![]), "{text:?}");
    }
}

fn size(found: Result<Vec<std::path::PathBuf>, DepfileError>) -> usize {
    found.map_or(0, |it| it.len())
}

proptest! {
    #[test]
    fn any_bytes_are_prerequisites_or_an_error(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(size(parse(&text)) <= text.len());
    }

    #[test]
    fn any_row_of_special_bytes_is_prerequisites_or_an_error(text in "[a:\\\\ \n\r\t#$]{0,60}") {
        let found = parse(text.as_bytes()).unwrap_or_default();
        prop_assert!(found.iter().all(|it| !it.as_os_str().is_empty()));
    }

    #[test]
    fn escaped_names_come_back(names in proptest::collection::vec("[a-z #$./-]{1,12}", 1..5)) {
        let names: Vec<String> = names.iter().map(|it| format!("x{it}y")).collect();
        let escape = |it: &String| it.replace(' ', "\\ ").replace('#', "\\#").replace('$', "$$");
        let text = format!("out: {}\n", names.iter().map(escape).collect::<Vec<_>>().join(" \\\n "));
        let mut expected: Vec<std::path::PathBuf> = Vec::new();
        for name in names.iter().map(std::path::PathBuf::from) {
            if !expected.contains(&name) {
                expected.push(name);
            }
        }
        prop_assert_eq!(parse(text.as_bytes()), Ok(expected));
    }
}
