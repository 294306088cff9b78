//! Called by ninja's name: the tools of `-t`, and what they need of the state.

use crate::ninja::Ninja;

const MANIFEST: &str = "\
rule cc
  command = touch $out && echo '$out: h' > $out.d
  depfile = $out.d
  deps = gcc
build a: cc in
build b: cc a
";

fn built() -> Ninja {
    let ninja = Ninja::new(MANIFEST);
    ninja.project.write("in", "1");
    ninja.project.write("h", "1");
    ninja.run("").expect(0);
    ninja
}

#[test]
fn questions_about_the_graph_need_no_state() {
    let ninja = Ninja::new(MANIFEST);
    ninja.check("-t targets all", 0, "a: cc\nb: cc\n");
    ninja.check("-t commands a", 0, "touch a && echo 'a: h' > a.d\n");
    let compdb = ninja.run("-t compdb cc").expect(0);
    assert!(compdb.contains("\"output\": \"a\""), "{compdb}");
    ninja.check("-t rules", 0, "cc\nphony\n");
    ninja.check("-t restat build.ninja", 0, "");
    ninja.check("-t recompact", 0, "");
    ninja.check("-t clean", 0, "Cleaning... 0 files.\n");
    assert!(!ninja.project.exists(".walk"));
}

#[test]
fn the_list_of_tools_is_known_and_others_are_not() {
    let ninja = Ninja::new("");
    let list = ninja.run("-t list").expect(0);
    assert!(list.starts_with("ninja subtools:\n"), "{list}");
    ninja.refuses("-t targes", "ninja: fatal: unknown tool 'targes', did you mean 'targets'?\n");
    ninja.refuses("-t query nope", "ninja: error: unknown target 'nope'\n");
}

#[test]
fn what_depfiles_named_is_remembered() {
    let ninja = built();
    let deps = ninja.run("-t deps a").expect(0);
    assert!(deps.starts_with("a: #deps ") && deps.contains(" (VALID)\n"), "{deps}");
    assert!(deps.contains("\n    h\n"), "{deps}");
}

#[test]
fn what_was_removed_is_built_again() {
    let ninja = built();
    ninja.check("-n -t clean", 0, "Cleaning...\nRemove a\nRemove b\n2 files.\n");
    assert!(ninja.project.exists("a"));
    ninja.check("-t clean", 0, "Cleaning... 2 files.\n");
    assert!(!ninja.project.exists("a") && !ninja.project.exists("b"));
    let again = ninja.run("").expect(0);
    assert!(again.starts_with("[1/2] touch a"), "{again}");
}

#[test]
fn what_is_no_longer_declared_is_removed_unless_somebody_changed_it() {
    let ninja = built();
    ninja.project.write("build.ninja", &MANIFEST.replace("build b: cc a\n", ""));
    ninja.project.write("b", "mine now");
    ninja.check("-t cleandead", 0, "Cleaning... 0 files.\n");
    ninja.project.write("b", "");
    ninja.check("-t cleandead", 0, "Cleaning... 1 files.\n");
    assert!(ninja.project.exists("a") && !ninja.project.exists("b"));
    ninja.check("-t recompact", 0, "");
    ninja.check("", 0, "ninja: no work to do.\n");
}

/// What only a dyndep file declares, as `CMake` has it for modules of Fortran, was taken for dead.
#[test]
fn cleandead_removed_what_a_dyndep_file_declares() {
    let ninja = Ninja::new(
        "rule cp\n  command = cp $in $out\nrule both\n  command = echo 1 > $out; echo 2 > out.mod\n\
         build dd: cp template\nbuild out: both || dd\n  dyndep = dd\n",
    );
    ninja.project.write("template", "ninja_dyndep_version = 1\nbuild out | out.mod: dyndep\n");
    ninja.run("").expect(0);
    ninja.check("-t cleandead", 0, "Cleaning... 0 files.\n");
    assert_eq!(ninja.project.walk("clean -n").expect(0), "nothing to remove\n");
    assert_eq!(ninja.project.walk("clean").expect(0), "nothing to remove\n");
    assert!(ninja.project.exists("out.mod"));
}

#[test]
fn a_build_may_clean_in_its_own_directory() {
    let ninja = Ninja::new(
        "rule clean\n  command = ninja -t clean\n  description = CLEAN\nrule touch\n  \
         command = touch $out\nbuild clean: clean\nbuild a: touch\ndefault a\n",
    );
    ninja.run("").expect(0);
    let out = ninja.run_in_path("clean").expect(0);
    assert_eq!(out, "[1/1] CLEAN\nCleaning... 1 files.\n");
}
