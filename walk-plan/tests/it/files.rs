//! Inputs: files, globs, directories, and who has to come first for them.

use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::support::Project;

#[test]
fn globs_see_files_and_outputs_and_not_the_actions_own() {
    let project = Project::new(&["build/old.o", "build/app", ".walk/db"]);
    let text = "[action.cc]\nrun = 'x'\nout = ['build/new.o']\n\
                [action.link]\nrun = 'x'\nin = ['build/*', 'build/*.o']\nout = ['build/app']\n";
    assert_snapshot!(project.show(text), @r"
    cc: x
       -> build/new.o
    link: x
      build/new.o build/old.o -> build/app
      build/* = build/new.o build/old.o
      build/*.o = build/new.o build/old.o
      after cc
    ");
}

#[test]
fn globs_match_any_depth_and_alternatives_and_no_hidden_file() {
    let project = Project::new(&["a.c", "s/b.h", "s/t/c.c", "s/.git/x.c", ".e.c", "s/d/"]);
    let text = "[action.a]\nrun = 'x'\nin = ['**/*.{c,h}', 's/*', 'none/*']\n";
    assert_snapshot!(project.show(text), @r"
    a: x
      a.c s/b.h s/t/c.c -> 
      **/*.{c,h} = a.c s/b.h s/t/c.c
      s/* = s/b.h
      none/* =
    ");
}

#[test]
fn links_to_files_count_and_links_to_directories_do_not_lead_in_circles() {
    let project = Project::new(&["s/a.c"]);
    symlink("a.c", project.path().join("s/b.c")).expect("a link");
    symlink("nowhere", project.path().join("s/c.c")).expect("a link");
    symlink(".", project.path().join("s/loop")).expect("a link");
    assert_snapshot!(project.show("[action.a]\nrun = 'x'\nin = ['s/**/*.c']\n"), @r"
    a: x
      s/a.c s/b.c -> 
      s/**/*.c = s/a.c s/b.c
    ");
}

#[test]
fn a_file_whose_name_looks_like_a_glob_is_that_file() {
    let project = Project::new(&["pages/[id].tsx", "pages/i.tsx", "a*b"]);
    let text = "[action.a]\nrun = 'x'\nin = ['pages/[id].tsx', 'out/[x].html', 'a\\*b']\n\
                [action.b]\nrun = 'x'\nout = ['out/[x].html']\n";
    assert_snapshot!(project.show(text), @r"
    a: x
      pages/[id].tsx out/[x].html a*b -> 
      after b
    b: x
       -> out/[x].html
    ");
}

#[test]
fn a_file_in_the_directory_that_an_action_writes_comes_from_that_action() {
    let project = Project::new(&[]);
    let text = "[action.pack]\nrun = 'x'\nin = ['dist/js/app.js', 'dist/app.css']\n\
                [action.bundle]\nrun = 'x'\nout = ['dist']\n";
    assert_snapshot!(project.show(text), @r"
    pack: x
      dist/js/app.js dist/app.css -> 
      after bundle
    bundle: x
       -> dist
    ");
}

#[test]
fn a_directory_as_input_waits_for_all_that_is_written_in_it() {
    let project = Project::new(&["assets/logo.svg"]);
    let text = "[action.pack]\nrun = 'x'\nin = ['assets', 'build']\n\
                [action.a]\nrun = 'x'\nout = ['assets/gen/a']\n\
                [action.b]\nrun = 'x'\nout = ['build/b']\n\
                [action.c]\nrun = 'x'\nout = ['build.c']\n";
    assert_snapshot!(project.show(text), @r"
    pack: x
      assets build -> 
      after a b
    a: x
       -> assets/gen/a
    b: x
       -> build/b
    c: x
       -> build.c
    ");
}

#[test]
fn an_output_inside_its_own_input_directory_is_a_cycle() {
    let project = Project::new(&["src/a.c"]);
    let text = "[action.a]\nrun = 'x'\nin = ['src']\nout = ['src/a.o']\n";
    assert_snapshot!(project.error("walk.toml", text), @r"
    walk.toml:1:9: cycle detected: a -> a
      |
    1 | [action.a]
      |         ^
    ");
}

#[test]
fn spellings_of_one_file_are_one_file() {
    let project = Project::new(&["a.c"]);
    let here = project.path().display();
    let text = format!(
        "[action.a]\nrun = 'x'\nin = ['a.c', './a.c', 'x/../a.c', '{here}/a.c', 'o//b']\n\
         [action.b]\nrun = 'x'\nout = ['./o/b']\n"
    );
    assert_snapshot!(project.show(&text), @r"
    a: x
      a.c o/b -> 
      after b
    b: x
       -> o/b
    ");
}

#[test]
fn files_outside_the_root_are_absolute() {
    let project = Project::new(&["sub/"]);
    let text = "[action.a]\nrun = 'x'\nin = ['/dev/null', '../walk.toml']\n";
    project.write("walk.toml", "");
    let plan = project.read("sub/walk.toml", text).unwrap_or_else(|it| panic!("{it}"));
    let paths: Vec<_> = plan.actions[0].inputs.iter().map(|it| plan.files.path(*it)).collect();
    assert_eq!(paths, [std::path::Path::new("/dev/null"), &project.path().join("walk.toml")]);
}

#[test]
fn many_files_of_one_directory_are_found_by_listing_it() {
    let project = Project::new(&[]);
    let names: Vec<String> = (0..40).map(|it| format!("s/{it}.c")).collect();
    for it in &names {
        project.write(it, "");
    }
    symlink("0.c", project.path().join("s/link")).expect("a link");
    let list = names.join("', '");
    let text = format!("[action.a]\nrun = 'x'\nin = ['{list}', 's/link']\n");
    let plan = project.read("walk.toml", &text).unwrap_or_else(|it| panic!("{it}"));
    assert_eq!(plan.actions[0].inputs.len(), 41);
    let text = format!("[action.a]\nrun = 'x'\nin = ['{list}', 's/40.c']\n");
    assert_snapshot!(project.error("walk.toml", text).lines().next().unwrap_or(""), @"walk.toml:3:397: `s/40.c`, an input of `a`, neither exists nor is produced");
}

#[test]
fn included_manifests_name_files_from_the_root() {
    let project = Project::new(&["a.c", "ci/b.c"]);
    project.write("ci/x.toml", "[action.b]\nrun = 'x'\nin = ['ci/b.c', 'a.c']\n");
    project.write("ci/y.json", "{\"actions\": [{\"action\": \"c\", \"deps\": [\"a\", \"b\"]}]}");
    let text = "[walk]\ninclude = ['ci/*.toml', 'ci/y.json', 'ci/x.toml']\n[action.a]\nrun = 'x'\n";
    assert_snapshot!(project.show(text), @r"
    a: x
    b: x
      ci/b.c a.c -> 
    c
      after a b
    ");
}

/// What an action will have made in a directory of its own is not known before it ran: a
/// wildcard would see what an earlier walk left there.
#[test]
fn a_glob_does_not_look_into_what_an_action_makes() {
    let project = Project::new(&["gen/old.c", "src/a.c"]);
    let generate = "[walk]\nversion = 1\n[action.gen]\nrun = 'true'\nout = ['gen']\n";
    let error = project
        .error("walk.toml", format!("{generate}[action.use]\nrun = 'true'\nin = ['gen/*.c']\n"));
    assert!(
        error.contains("the glob `gen/*.c` looks into `gen`, the output of an action"),
        "{error}"
    );
    let text = format!("{generate}[action.use]\nrun = 'true'\nin = ['**/*.c']\n");
    let shown = project.show(&text);
    assert!(shown.contains("src/a.c") && !shown.contains("gen/old.c"), "{shown}");
}

/// What a walk made for an action that is gone is no source.
#[test]
fn a_glob_does_not_match_leftovers() {
    let project = Project::new(&["build/a.o", "build/gone.o"]);
    let text = "[walk]\nversion = 1\n[action.link]\nrun = 'true'\nin = ['build/*.o']\n";
    project.write("walk.toml", text);
    let leftovers = vec!["build/gone.o".into()];
    let overrides = walk_plan::Overrides { leftovers, ..Default::default() };
    let plan = project.read_with("walk.toml", &overrides).unwrap_or_else(|it| panic!("{it}"));
    let inputs: Vec<_> = plan.actions[0].inputs.iter().map(|it| plan.files.path(*it)).collect();
    assert_eq!(inputs, [std::path::Path::new("build/a.o")]);
}
