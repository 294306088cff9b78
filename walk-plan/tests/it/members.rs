//! `foreach`, `matrix` and both together.

use insta::assert_snapshot;

use crate::support::Project;

#[test]
fn foreach_sees_outputs_of_other_actions_in_any_order() {
    let project = Project::new(&["idl/a.idl", "idl/b.idl", "gen/old.c", ".hidden.c"]);
    let text = r#"
[action.link]
foreach = "obj/*.o"
run = "link {file}"

[action.cc]
foreach = "gen/*.c"
run = "cc {in}"
in = ["{file}"]
out = ["obj/{stem}.o"]

[action.gen]
foreach = "idl/*.idl"
run = "idl {in}"
in = ["{file}"]
out = ["gen/{stem}.c"]
"#;
    assert_snapshot!(project.show(text), @r"
    link:obj/a.o (link): link obj/a.o
    link:obj/b.o (link): link obj/b.o
    link:obj/old.o (link): link obj/old.o
    cc:gen/a.c (cc): cc gen/a.c
      gen/a.c -> obj/a.o
      after gen:idl/a.idl
    cc:gen/b.c (cc): cc gen/b.c
      gen/b.c -> obj/b.o
      after gen:idl/b.idl
    cc:gen/old.c (cc): cc gen/old.c
      gen/old.c -> obj/old.o
    gen:idl/a.idl (gen): idl idl/a.idl
      idl/a.idl -> gen/a.c
    gen:idl/b.idl (gen): idl idl/b.idl
      idl/b.idl -> gen/b.c
    ");
}

#[test]
fn foreach_does_not_see_its_own_outputs() {
    let project = Project::new(&["x/a"]);
    let text = "[action.p]\nforeach = 'x/*'\nrun = 't'\nout = ['x/{name}1']\n";
    assert_snapshot!(project.show(text), @r"
    p:x/a (p): t
       -> x/a1
    ");
}

#[test]
fn a_matrix_has_every_combination_in_the_order_written() {
    let project = Project::new(&[]);
    let text = "[action.t]\nmatrix = { z = ['b', 'a'], n = [2, 10] }\nrun = 't {z} {n}'\n";
    assert_snapshot!(project.show(text), @r"
    t:z=b,n=2 (t): t b 2
    t:z=b,n=10 (t): t b 10
    t:z=a,n=2 (t): t a 2
    t:z=a,n=10 (t): t a 10
    ");
}

#[test]
fn foreach_and_matrix_multiply() {
    let project = Project::new(&["a.c", "b.c"]);
    let text = "[vars]\nslow = '-O0 -g'\n[action.cc]\nforeach = '*.c'\nmatrix = { opt = ['-O2', '${slow}'] }\n\
                run = 'cc {opt} {in}'\nin = ['{file}']\nout = ['{stem}{opt}.o']\n";
    assert_snapshot!(project.show(text), @r"
    cc:a.c,opt=-O2 (cc): cc -O2 a.c
      a.c -> a-O2.o
    cc:a.c,opt=-O0 -g (cc): cc -O0 -g a.c
      a.c -> a-O0 -g.o
    cc:b.c,opt=-O2 (cc): cc -O2 b.c
      b.c -> b-O2.o
    cc:b.c,opt=-O0 -g (cc): cc -O0 -g b.c
      b.c -> b-O0 -g.o
    ");
}

#[test]
fn the_parts_of_a_match_are_placeholders() {
    let project = Project::new(&["src/sub/x.tab.c", "src/top.c"]);
    let text = "[action.a]\nforeach = 'src/**/*.c'\nrun = '{file} {dir} {name} {stem} {ext}'\n";
    assert_snapshot!(project.show(text), @r"
    a:src/sub/x.tab.c (a): src/sub/x.tab.c src/sub x.tab.c x.tab c
    a:src/top.c (a): src/top.c src top.c top c
    ");
    let text = "[action.a]\nforeach = '*.toml'\nrun = '{dir}'\nout = ['{dir}/{stem}']\n";
    assert_snapshot!(project.show(text), @r"
    a:walk.toml (a): .
       -> walk
    ");
}

#[test]
fn a_matrix_too_large_to_be_meant_is_refused() {
    let cells: Vec<String> = (0..1001).map(|it| it.to_string()).collect();
    let cells = cells.join(",");
    let text = format!("[action.a]\nrun = 'x'\nmatrix = {{ a = [{cells}], b = [{cells}] }}\n");
    let found = Project::new(&[]).error("walk.toml", text);
    assert!(found.contains("the matrix makes more than 1000000 actions"), "{found}");
}
