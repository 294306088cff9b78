//! Who makes a file, also one that became known after the plan was read.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::support::Project;

#[test]
fn a_discovered_file_in_a_directory_that_an_action_writes_had_no_maker() {
    let text = "[action.gen]\nrun = 'x'\nout = ['gen']\n\
                [action.one]\nrun = 'x'\nout = ['b/one.o']\n\
                [action.two]\nrun = 'x'\nout = ['b/sub/two.o', 'b/sub/two.d']\n\
                [action.far]\nrun = 'x'\nout = ['/far/away']\n";
    let mut plan = Project::new(&[]).read("walk.toml", text).unwrap_or_else(|it| panic!("{it}"));
    let mut check = |path: &OsStr, expected: &[&str]| {
        let file = plan.files.intern(Path::new(path));
        let makers = plan.makers_of(file).map(|it| &*plan.actions[it.index()].name);
        assert_eq!(makers.collect::<Vec<_>>(), expected, "{}", path.display());
    };
    check("gen".as_ref(), &["gen"]);
    check("gen/foo.h".as_ref(), &["gen"]);
    check("./gen/deep/er/foo.h".as_ref(), &["gen"]);
    check(OsStr::from_bytes(b"gen/\xff/\xff.h"), &["gen"]);
    check("generated.h".as_ref(), &[]);
    check("b/one.o".as_ref(), &["one"]);
    check("b".as_ref(), &["one", "two"]);
    check("b/sub".as_ref(), &["two"]);
    check("b/sub/two".as_ref(), &[]);
    check(".".as_ref(), &["gen", "one", "two", "far"]);
    check("/far/away/x".as_ref(), &["far"]);
    check("/far".as_ref(), &["far"]);
    check("/usr/include/stdio.h".as_ref(), &[]);
    check(OsStr::from_bytes(b"\xff"), &[]);
}
