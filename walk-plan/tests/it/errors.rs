//! Errors in the text of a manifest: keys, values, variables, commands.

use insta::assert_snapshot;

use crate::support::{Project, error};

#[test]
fn unknown_keys_name_the_nearest_valid_one() {
    assert_snapshot!(error("[action.a]\nrun = \"true\"\n\n[settngs]\njobs = 1\n"), @r"
    walk.toml:4:2: unknown key `settngs`
      |
    4 | [settngs]
      |  ^^^^^^^ did you mean `settings`?
      = help: valid here: `walk`, `settings`, `queues`, `cache`, `env`, `vars`, `tool`, `action`, `actions`
    ");
    assert_snapshot!(error("[action.a]\nrun = \"true\"\ndep = [\"b\"]\n"), @r#"
    walk.toml:3:1: unknown key `dep`
      |
    3 | dep = ["b"]
      | ^^^ did you mean `deps`?
      = help: valid here: `action`, `run`, `in`, `out`, `foreach`, `matrix`, `depfile`, `tools`, `deps`, `after`, `queue`, `tokens`, `priority`, `timeout`, `retry`, `late`, `always`, `interactive`, `keep-failed`, `cache`, `cpus`, `mem`, `slurm`, `env`, `cwd`
    "#);
    assert_snapshot!(error("[settings]\nkeepgoing = true\n"), @r"
    walk.toml:2:1: unknown key `keepgoing`
      |
    2 | keepgoing = true
      | ^^^^^^^^^ did you mean `keep-going`?
      = help: valid here: `jobs`, `shell`, `timeout`, `grace`, `keep-going`, `keep-failed`, `jobserver`
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nretry = { time = 2 }\n"), @r"
    walk.toml:3:11: unknown key `time`
      |
    3 | retry = { time = 2 }
      |           ^^^^ did you mean `times`?
      = help: valid here: `times`, `delay`, `factor`, `on`
    ");
    assert_snapshot!(error("[walk]\nversion = 1\nqwertyuiop = 1\n"), @r"
    walk.toml:3:1: unknown key `qwertyuiop`
      |
    3 | qwertyuiop = 1
      | ^^^^^^^^^^
      = help: valid here: `version`, `default`, `include`
    ");
}

#[test]
fn wrong_types_say_what_would_be_right() {
    assert_snapshot!(error("[action.a]\nrun = 3\n"), @r"
    walk.toml:2:7: invalid type: integer `3`, expected a string for the shell or an array of strings
      |
    2 | run = 3
      |       ^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nin = \"a.c\"\n"), @r#"
    walk.toml:3:6: invalid type: string "a.c", expected an array of strings
      |
    3 | in = "a.c"
      |      ^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nin = [\"a.c\",\n  7]\n"), @r"
    walk.toml:4:3: invalid type: integer `7`, expected a string
      |
    4 |   7]
      |   ^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nalways = \"yes\"\n"), @r#"
    walk.toml:3:10: invalid type: string "yes", expected a boolean
      |
    3 | always = "yes"
      |          ^^^^^
    "#);
    assert_snapshot!(error("action = 1\n"), @r"
    walk.toml:1:10: invalid type: integer `1`, expected a table
      |
    1 | action = 1
      |          ^
    ");
    assert_snapshot!(error("[settings]\njobs = \"many\"\n"), @r#"
    walk.toml:2:8: invalid value: string "many", expected "cpus" or a whole number from 1 to 4294967295
      |
    2 | jobs = "many"
      |        ^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nmatrix = { a = \"b\" }\n"), @r#"
    walk.toml:3:16: invalid type: string "b", expected an array
      |
    3 | matrix = { a = "b" }
      |                ^^^
    "#);
}

#[test]
fn numbers_out_of_range_say_the_range() {
    assert_snapshot!(error("[walk]\nversion = 2\n"), @r"
    walk.toml:2:11: invalid value: integer `2`, expected 1
      |
    2 | version = 2
      |           ^
    ");
    assert_snapshot!(error("[settings]\njobs = -1\n"), @r#"
    walk.toml:2:8: invalid value: integer `-1`, expected "cpus" or a whole number from 1 to 4294967295
      |
    2 | jobs = -1
      |        ^^
    "#);
    assert_snapshot!(error("[settings]\njobs = 0\n"), @r#"
    walk.toml:2:8: invalid value: integer `0`, expected "cpus" or a whole number from 1 to 4294967295
      |
    2 | jobs = 0
      |        ^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\ntokens = 1.5\n"), @r"
    walk.toml:3:10: invalid type: floating point `1.5`, expected a whole number from 0 to 4294967295
      |
    3 | tokens = 1.5
      |          ^^^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\ntokens = 99999999999999999999999999\n"), @r"
    walk.toml:3:10: invalid type: integer `99999999999999999999999999`, expected a whole number from 0 to 4294967295
      |
    3 | tokens = 99999999999999999999999999
      |          ^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\npriority = 2147483648\n"), @r"
    walk.toml:3:12: invalid value: integer `2147483648`, expected a whole number from -2147483648 to 2147483647
      |
    3 | priority = 2147483648
      |            ^^^^^^^^^^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nretry = { times = -1 }\n"), @r"
    walk.toml:3:19: invalid value: integer `-1`, expected a whole number from 0 to 4294967295
      |
    3 | retry = { times = -1 }
      |                   ^^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nretry = { factor = 0.5 }\n"), @r"
    walk.toml:3:20: invalid value: floating point `0.5`, expected a number from 1 to 1000
      |
    3 | retry = { factor = 0.5 }
      |                    ^^^
    ");
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nretry = { on = [75, 256] }\n"), @r"
    walk.toml:3:21: invalid value: integer `256`, expected a whole number from 1 to 255
      |
    3 | retry = { on = [75, 256] }
      |                     ^^^
    ");
}

#[test]
fn durations_are_written_for_people() {
    assert_snapshot!(error("[settings]\ntimeout = \"soon\"\n"), @r#"
    walk.toml:2:11: invalid value: string "soon", expected a duration such as "30s" or "1h 30m"
      |
    2 | timeout = "soon"
      |           ^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\ntimeout = 60\n"), @r#"
    walk.toml:3:11: invalid type: integer `60`, expected a duration such as "30s" or "1h 30m"
      |
    3 | timeout = 60
      |           ^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\ntimeout = \"0s\"\n"), @r#"
    walk.toml:3:11: a timeout of zero
      |
    3 | timeout = "0s"
      |           ^^^^
    "#);
}

#[test]
fn memory_is_written_as_slurm_counts_it() {
    let read = |mem: &str| {
        let text = format!("[action.a]\nrun = 'x'\nmem = '{mem}'\n");
        Project::new(&[]).read("walk.toml", &text).map(|_| ()).map_err(|it| it.to_string())
    };
    for good in ["8G", "500", "100m", "1T"] {
        assert_eq!(read(good), Ok(()), "{good}");
    }
    for bad in ["", "G", "8 G", "9 hundred", "8GB", "-1", "1.5G"] {
        let error = read(bad).expect_err(bad);
        assert!(error.contains("expected a whole number with K, M, G or T"), "{error}");
    }
}

#[test]
fn syntax_errors_show_the_place() {
    assert_snapshot!(error("[action.a]\nrun = \"x\n"), @r#"
    walk.toml:2:9: invalid basic string, expected `"`
      |
    2 | run = "x
      |         ^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nrun = \"y\"\n"), @r#"
    walk.toml:3:1: duplicate key
      |
    3 | run = "y"
      | ^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\n[action.a]\nrun = \"y\"\n"), @r"
    walk.toml:3:9: duplicate key
      |
    3 | [action.a]
      |         ^
    ");
}

#[test]
fn variables_and_placeholders_have_to_be_known() {
    assert_snapshot!(error("[vars]\nflags = \"-O2\"\n[action.a]\nrun = \"cc ${flag} -o a\"\n"), @r#"
    walk.toml:4:11: unknown variable `${flag}`
      |
    4 | run = "cc ${flag} -o a"
      |           ^^^^^^^ did you mean `flags`?
      = help: declare it in [vars]; for the shell's own write `$${flag}` or `$flag`
    "#);
    assert_snapshot!(error("[action.a]\nrun = [\"cc\", \"{fil}\"]\n"), @r#"
    walk.toml:2:15: unknown placeholder `{fil}`
      |
    2 | run = ["cc", "{fil}"]
      |               ^^^^^
      = help: valid here: `{in}`, `{out}`; for these braces themselves write `{{fil}}`
    "#);
    assert_snapshot!(error("[action.a]\nmatrix = { suite = [\"x\"] }\nrun = \"t {suit}\"\n"), @r#"
    walk.toml:3:10: unknown placeholder `{suit}`
      |
    3 | run = "t {suit}"
      |          ^^^^^^ did you mean `suite`?
      = help: valid here: `{suite}`, `{in}`, `{out}`; for these braces themselves write `{{suit}}`
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"t {file}\"\n"), @r#"
    walk.toml:2:10: unknown placeholder `{file}`
      |
    2 | run = "t {file}"
      |          ^^^^^^
      = help: `{file}` is known in an action with `foreach`
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"t\"\nout = [\"{in}.o\"]\n"), @r#"
    walk.toml:3:9: unknown placeholder `{in}`
      |
    3 | out = ["{in}.o"]
      |         ^^^^
      = help: `{in}` is not known in this key
    "#);
}

#[test]
fn variables_have_to_lead_somewhere() {
    assert_snapshot!(error("[vars]\na = \"${b}\"\nb = \"${c}\"\nc = \"${a}\"\n"), @r#"
    walk.toml:2:5: variables refer to one another: a -> b -> c -> a
      |
    2 | a = "${b}"
      |     ^^^^^^
    "#);
    assert_snapshot!(error("[vars]\na = \"${a}\"\n"), @r#"
    walk.toml:2:5: variables refer to one another: a -> a
      |
    2 | a = "${a}"
      |     ^^^^^^
    "#);
    assert_snapshot!(error("[vars]\na = \"${nope}\"\n"), @r#"
    walk.toml:2:6: unknown variable `${nope}`
      |
    2 | a = "${nope}"
      |      ^^^^^^^
      = help: declare it in [vars]; for the shell's own write `$${nope}` or `$nope`
    "#);
    assert_snapshot!(error("[vars]\n\"a b\" = \"x\"\n"), @r#"
    walk.toml:2:1: a variable cannot be called `a b`
      |
    2 | "a b" = "x"
      | ^^^^^
      = help: a name is letters, digits, `_` and `-`, a letter first
    "#);
}

#[test]
fn commands_have_to_be_something() {
    assert_snapshot!(error("[action.a]\nrun = \"  \"\n"), @r#"
    walk.toml:2:7: `run` of `a` is empty
      |
    2 | run = "  "
      |       ^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = []\n"), @r"
    walk.toml:2:7: `run` of `a` is empty
      |
    2 | run = []
      |       ^^
    ");
    assert_snapshot!(error("[action.a]\nrun = [\"\", \"x\"]\n"), @r#"
    walk.toml:2:7: `run` of `a` is empty
      |
    2 | run = ["", "x"]
      |       ^^^^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nout = [\"x\"]\n"), @r#"
    walk.toml:2:1: `a` has `out` and no `run`
      |
    2 | out = ["x"]
      | ^^^
      = help: without `run` an action is a name for its `in` and `deps`
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nlate = []\n"), @r"
    walk.toml:3:8: `late` of `a` is empty
      |
    3 | late = []
      |        ^^
    ");
    assert_snapshot!(error("[tool.cc]\n"), @r#"
    walk.toml:1:7: the tool `cc` has no `version`
      |
    1 | [tool.cc]
      |       ^^
      = help: `version` is the command that prints it: ["cc", "--version"]
    "#);
    assert_snapshot!(error("[settings]\nshell = []\n"), @r"
    walk.toml:2:9: an empty command
      |
    2 | shell = []
      |         ^^
    ");
}

#[test]
fn paths_and_names_have_to_be_something() {
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nin = [\"\"]\n"), @r#"
    walk.toml:3:7: an empty path
      |
    3 | in = [""]
      |       ^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nout = [\".\"]\n"), @r#"
    walk.toml:3:8: an output cannot be the root itself
      |
    3 | out = ["."]
      |        ^^^
    "#);
    assert_snapshot!(error("[action.\"\"]\nrun = \"x\"\n"), @r#"
    walk.toml:1:9: an empty name
      |
    1 | [action.""]
      |         ^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\ndepfile = \"{out}.d\"\nout = [\"a\", \"b\"]\n"), @r#"
    walk.toml:3:12: `{out}` is 2 files here, and a depfile is one
      |
    3 | depfile = "{out}.d"
      |            ^^^^^
    "#);
    assert_snapshot!(error("[action.a]\naction = \"b\"\nrun = \"x\"\n"), @r#"
    walk.toml:2:1: the name of this action is the key of its table
      |
    2 | action = "b"
      | ^^^^^^
    "#);
    assert_snapshot!(error("[env]\nset = { \"A=B\" = \"1\" }\n"), @r#"
    walk.toml:2:9: no environment variable can be called "A=B"
      |
    2 | set = { "A=B" = "1" }
      |         ^^^^^
    "#);
}

#[test]
fn nul_is_refused_wherever_it_could_reach_a_process() {
    assert_snapshot!(error("[action.a]\nrun = \"x\\u0000y\"\n"), @r#"
    walk.toml:2:7: a NUL character, which no command or path can hold
      |
    2 | run = "x\u0000y"
      |       ^^^^^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = [\"x\", \"\\u0000\"]\n"), @r#"
    walk.toml:2:13: a NUL character, which no command or path can hold
      |
    2 | run = ["x", "\u0000"]
      |             ^^^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nin = [\"a\\u0000\"]\n"), @r#"
    walk.toml:3:7: a NUL character, which no command or path can hold
      |
    3 | in = ["a\u0000"]
      |       ^^^^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nout = [\"a\\u0000\"]\n"), @r#"
    walk.toml:3:8: a NUL character, which no command or path can hold
      |
    3 | out = ["a\u0000"]
      |        ^^^^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\ncwd = \"a\\u0000\"\n"), @r#"
    walk.toml:3:7: a NUL character, which no command or path can hold
      |
    3 | cwd = "a\u0000"
      |       ^^^^^^^^^
    "#);
    assert_snapshot!(error("[action.a]\nrun = \"x\"\nenv = { A = \"\\u0000\" }\n"), @r#"
    walk.toml:3:13: a NUL character, which no command or path can hold
      |
    3 | env = { A = "\u0000" }
      |             ^^^^^^^^
    "#);
    assert_snapshot!(error("[action.\"a\\u0000\"]\nrun = \"x\"\n"), @r#"
    walk.toml:1:9: a control character in the name "a\0"
      |
    1 | [action."a\u0000"]
      |         ^^^^^^^^^
    "#);
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let long = format!(
        "[action.a]\nrun = [\"{}\", \"{{x}}\", \"{}\"]\n",
        "y".repeat(300),
        "z".repeat(300)
    );
    assert_snapshot!(error(&long), @r#"
    walk.toml:2:313: unknown placeholder `{x}`
      |
    2 | ...yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", "{x}", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz...
      |                                            ^^^
      = help: valid here: `{in}`, `{out}`; for these braces themselves write `{{x}}`
    "#);
}

#[test]
fn columns_count_characters() {
    assert_snapshot!(error("[action.\"grüße\"]\nrun = \"é → {x}\"\n"), @r#"
    walk.toml:2:12: unknown placeholder `{x}`
      |
    2 | run = "é → {x}"
      |            ^^^
      = help: valid here: `{in}`, `{out}`; for these braces themselves write `{{x}}`
    "#);
}

#[test]
fn set_variables_have_to_be_declared() {
    let project = Project::new(&[]);
    project.write("walk.toml", "[vars]\nmode = \"debug\"\n");
    let vars = vec![("mod".to_owned(), "release".to_owned())];
    let read = project.read_with("walk.toml", &walk_plan::Overrides { vars, ..Default::default() });
    assert_snapshot!(project.error_of(read), @r"
    walk.toml:1:2: no variable `mod` to set
      |
    1 | [vars]
      |  ^^^^ did you mean `mode`?
      = help: valid here: `mode`
    ");
}
