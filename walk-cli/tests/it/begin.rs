//! `walk init` and `walk import`: what they write passes `walk check`, and runs.

use std::fs;

use crate::project::Project;

const MAIN: &str = "#include \"f.h\"\nint main(void) { return f() - 1; }\n";

fn c_project() -> Project {
    let project = Project::empty();
    project.write("include/f.h", "int f(void);\n");
    project.write("src/f.c", "#include \"f.h\"\nint f(void) { return 1; }\n");
    project.write("src/main.c", MAIN);
    project
}

/// Checks the manifest that `init` writes, and returns what it said.
fn init(project: &Project) -> String {
    let said = project.walk("init").expect(0);
    project.walk("check").expect(0);
    said
}

#[test]
fn sources_of_c_become_a_program() {
    let project = c_project();
    let said = init(&project);
    assert!(said.contains("wrote walk.toml\n  from 2 sources of C"), "{said}");
    assert!(project.walk("").expect(0).contains("ok 3 in "));
    assert!(project.walk("").expect(0).starts_with("up to date (3 actions)"));
    // A source that comes later is compiled and linked, and a header is seen.
    project.write("src/g.c", "int g;\n");
    assert!(project.walk("").expect(0).contains("ok 2, up to date 2"));
    project.write("include/f.h", "int f(void); // new\n");
    assert!(project.walk("plan").expect(0).contains("include/f.h changed"));
}

/// As a glob `a[1]` is `a1`.
#[test]
fn directories_that_look_like_globs_are_taken_as_they_are() {
    let project = Project::empty();
    project.write("a[1]/main.c", "int f(void);\nint main(void) { return f(); }\n");
    project.write("b{2}/f.c", "int f(void) { return 0; }\n");
    project.walk("init").expect(0);
    assert!(project.walk("").expect(0).contains("ok 3 in "));
    let tests = Project::empty();
    tests.write("t[1]/test_a.py", "");
    tests.walk("init").expect(0);
    assert!(tests.walk("check").expect(0).contains("1 action"));
}

#[test]
fn several_programs_share_a_library_of_the_rest() {
    let project = c_project();
    project.write("src/other.c", MAIN);
    init(&project);
    assert!(project.walk("").expect(0).contains("ok 6 in "));
    assert!(project.exists("build/main") && project.exists("build/other"));
    let project = Project::empty();
    project.write("a.cpp", "int a() { return 0; }\n");
    init(&project);
    project.walk("").expect(0);
}

#[test]
fn what_other_tools_know_is_a_start() {
    let project = Project::empty();
    project.write("Makefile", "all:\n\techo made > made\ntest: all\n");
    init(&project);
    let manifest = project.read("walk.toml");
    assert!(manifest.contains("run = \"make test\"\nafter = [\"make\"]"), "{manifest}");
    let project = Project::empty();
    project.write(
        "package.json",
        "{\"scripts\": {\"build\": \"x\", \"prebuild\": \"x\", \"dev\": \"x\"}}",
    );
    project.write("yarn.lock", "");
    project.write("Cargo.toml", "");
    project.write("src/main.rs", "");
    project.write("pytest.ini", "");
    project.write("tests/test_a.py", "");
    project.write("dodo.py", "def task_hello():\n    return {}\n");
    project.write(
        "Taskfile.yml",
        "version: 3\ntasks:\n  default:\n    cmds: [x]\n  gen:all: echo\nz: 1\n",
    );
    init(&project);
    let manifest = project.read("walk.toml");
    insta::assert_snapshot!(manifest);
}

#[test]
fn a_directory_with_nothing_known_gets_an_example_that_runs() {
    let project = Project::empty();
    let said = init(&project);
    assert!(said.contains("an example"), "{said}");
    project.walk("").expect(0);
    assert_eq!(project.read("build/shout.txt"), "HELLO\n");
}

#[test]
fn where_build_ninja_is_written_that_is_said() {
    let project = Project::empty();
    project.write("CMakeLists.txt", "project(x)\n");
    project.write("a.c", "");
    let said = project.walk("init").expect(0);
    assert!(said.contains("cmake -G Ninja -B build && walk -C build"), "{said}");
    assert!(!project.exists("walk.toml"));
}

#[test]
fn init_overwrites_nothing() {
    let project = Project::new("");
    let err = project.walk("init").complains(2);
    assert!(err.contains("walk.toml` is there: nothing was written"), "{err}");
    project.write("other.toml", "x");
    let err = project.walk("init -f other.toml").complains(2);
    assert!(err.contains("`other.toml` exists"), "{err}");
    assert_eq!(project.read("other.toml"), "x");
    project.walk("init -f x.json").complains(2);
    fs::create_dir(project.path("d")).expect("it can be made");
    let said = project.walk("-C d init").expect(0);
    assert!(said.contains("walk -C d plan"), "{said}");
}

const DATABASE: &str = r#"[
  {"directory": "DIR", "file": "src/f.c", "command": "cc -Iinclude -DX='\"a b\"' -c src/f.c -o out/f.o"},
  {"directory": "DIR/src", "file": "main.c", "arguments": ["cc", "-I../include", "-MD", "-c", "main.c"]},
  {"directory": "DIR", "file": "src/f.c", "command": "cc -Iinclude -c src/f.c -o out/f.o"}
]"#;

#[test]
fn a_compilation_database_becomes_actions() {
    let project = c_project();
    let dir = fs::canonicalize(project.path("")).expect("it exists");
    project.write("compile_commands.json", &DATABASE.replace("DIR", &dir.to_string_lossy()));
    let text = project.walk("import compdb").expect(0);
    assert!(text.contains("another command makes the same file: 1 of them"), "{text}");
    for name in ["walk.toml", "walk.json"] {
        project.walk(&format!("import compdb compile_commands.json -o {name}")).expect(0);
        project.walk(&format!("-f {name} check")).expect(0);
    }
    assert_eq!(project.read("walk.toml"), text);
    assert!(project.walk("").expect(0).contains("ok 2 in "));
    assert!(project.exists("out/f.o") && project.exists("src/main.o"));
    project.write("include/f.h", "int f(void);\n\n");
    assert!(project.walk("plan").expect(0).contains("include/f.h changed"));
    project.walk("import compdb -o walk.toml").complains(2);
    project.walk("import compdb -o walk.toml --force").expect(0);
    project.write("bad.json", "{}");
    let err = project.walk("import compdb bad.json").complains(2);
    assert!(err.contains("`bad.json`: it is no compilation database"), "{err}");
    project.walk("import compdb none.json").complains(74);
}

/// As GNU make prints it, with an inner make, a library, a generated header and a test.
const PRINTED: &str = r#"echo "making it"
mkdir -p out
sed 's/.*/#define NAME "&"/' name.txt > gen.h
cc -Iinclude -I. -DX='"a b"' -MMD -c \
  -o src/main.o src/main.c
make -C src libf.a
make[1]: Entering directory 'DIR/src'
cc -I../include -c f.c -o f.o
rm -f libf.a
ar rc libf.a f.o
ranlib libf.a
make[1]: Leaving directory 'DIR/src'
cc -o app src/main.o -Lsrc -lf
cp app out
./out/app > out/log
if ./app; then \
  echo passed; \
fi
"#;

#[test]
fn what_make_would_run_becomes_actions() {
    let project = c_project();
    let dir = fs::canonicalize(project.path("")).expect("it exists");
    project.write("src/main.c", &format!("#include \"gen.h\"\n{MAIN}"));
    project.write("name.txt", "x\n");
    project.write("printed", &PRINTED.replace("DIR", &dir.to_string_lossy()));
    project.walk("import make-dry printed -o walk.toml").expect(0);
    insta::assert_snapshot!(project.read("walk.toml"));
    project.walk("check").expect(0);
    let out = project.walk("").expect(0);
    assert!(out.contains("| passed") && out.contains("ok 8 in "), "{out}");
    let out = project.walk("").expect(0);
    assert!(out.contains("ok 1, up to date 7 in "), "{out}");
    project.write("name.txt", "y\n");
    let out = project.walk("plan").expect(0);
    assert!(out.contains("gen.h") && out.contains("name.txt changed"), "{out}");
    project.write("empty", "make: Nothing to be done for 'all'.\n");
    let err = project.walk("import make-dry empty").complains(2);
    assert!(err.contains("there is no command in it"), "{err}");
}

#[test]
fn tests_in_c_are_run_and_not_only_linked() {
    let project = Project::empty();
    project.write("src/twice.c", "int twice(int it) { return 2 * it; }\n");
    project.write("src/main.c", "int main(void) { return 0; }\n");
    let test = "int twice(int);\nint main(void) { return twice(2) != 4; }\n";
    project.write("tests/twice_works.c", test);
    project.walk("init").expect(0);
    assert!(project.walk("").expect(0).contains("ok  run-twice_works"));
    project.write("src/twice.c", "int twice(int it) { return it; }\n");
    assert!(project.walk("").expect(1).contains("FAIL  run-twice_works"));
}
