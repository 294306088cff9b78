//! Called by ninja's name: manifests that make themselves, dyndep files, and dry runs.

use crate::ninja::Ninja;

const RULES: &str = "\
rule gen
  command = cp $in $out
  description = GEN
  generator = 1
rule cp
  command = cp $in $out
build build.ninja: gen template
";

/// A manifest that is a copy of `template`.
fn generated() -> Ninja {
    let manifest = format!("{RULES}build a: cp in\n");
    let ninja = Ninja::new(&manifest);
    ninja.project.write("template", &manifest);
    ninja.project.write("in", "1");
    ninja.run("").expect(0);
    ninja
}

#[test]
fn the_manifest_is_made_first_and_read_again() {
    let ninja = generated();
    ninja.check("", 0, "ninja: no work to do.\n");
    ninja.project.write("template", &format!("{RULES}build a: cp in\nbuild b: cp a\n"));
    ninja.check("", 0, "[1/1] GEN\n[1/1] cp a b\n");
    ninja.check("", 0, "ninja: no work to do.\n");
}

#[test]
fn a_dry_run_ends_with_the_manifest() {
    let ninja = generated();
    ninja.project.write("template", &format!("{RULES}build c: cp in\n"));
    ninja.check("-n", 0, "[1/1] GEN\n");
    assert!(!ninja.project.read("build.ninja").contains("build c"));
}

#[test]
fn a_manifest_that_cannot_be_made_is_an_error() {
    let ninja = Ninja::new(
        "rule gen\n  command = exit 4\n  description = GEN\nbuild build.ninja: gen template\n",
    );
    ninja.project.write("template", "");
    let done = ninja.run("");
    assert_eq!(done.out, "[1/1] GEN\nFAILED: [code=4] build.ninja \nexit 4\n");
    assert_eq!(done.complains(1), "ninja: error: rebuilding 'build.ninja': subcommand failed\n");
}

#[test]
fn a_manifest_that_is_never_up_to_date_is_an_error() {
    let ninja = Ninja::new(
        "rule gen\n  command = echo '#' >> build.ninja; true\nbuild build.ninja: gen always\n\
         build always: phony\n",
    );
    let err = ninja.run("--quiet").complains(1);
    let expected = "ninja: error: manifest 'build.ninja' still dirty after 100 tries: ";
    assert!(err.starts_with(expected) && !err.contains("system time"), "{err}");
}

#[test]
fn a_dry_run_names_all_that_is_below_and_leaves_no_trace() {
    let ninja = Ninja::new(
        "rule cp\n  command = cp $in $out\nbuild a: cp in\nbuild b: cp a\nbuild all: phony b\n\
         build late: cp b || a\n",
    );
    ninja.project.write("in", "1");
    ninja.check("-n", 0, "[1/3] cp in a\n[2/3] cp a b\n[3/3] cp b late\n");
    assert!(!ninja.project.exists(".walk") && !ninja.project.exists("a"));
    ninja.run("").expect(0);
    ninja.check("-n", 0, "ninja: no work to do.\n");
    ninja.project.write("in", "2");
    ninja.check("-n all", 0, "[1/2] cp in a\n[2/2] cp a b\n");
}

#[test]
fn a_dyndep_file_is_made_and_read_before_what_it_is_about() {
    let ninja = Ninja::new(
        "rule touch\n  command = touch $out\nrule cp\n  command = cp $in $out\n\
         build dd: cp template\nbuild tmp.imp: touch\nbuild out: touch || dd\n  dyndep = dd\n",
    );
    let text = "ninja_dyndep_version = 1\nbuild out | out.imp: dyndep | tmp.imp\n";
    ninja.project.write("template", text);
    let done = ninja.run("out").expect(0);
    assert_eq!(done, "[1/1] cp template dd\n[2/3] touch tmp.imp\n[3/3] touch out\n");
    ninja.run("out -n").expect(0);
}

/// As `CMake` has it for sources found by wildcards: a step that always runs, and touches a stamp
/// if there is something new. It was taken for the making of the manifest, over and over.
#[test]
fn a_step_that_looks_whether_the_manifest_is_old_does_not_make_it() {
    let rules = "\
rule verify
  command = ls *.c | cmp -s - sources || { ls *.c > sources; touch stamp; }
  restat = 1
  description = CHECK
rule gen
  command = { cat head; for i in *.c; do echo build $$i.o: cp $$i; done; } > build.ninja
  generator = 1
  description = GEN
rule cp
  command = cp $in $out
build force: phony
build stamp: verify force
build build.ninja: gen | stamp head
";
    let ninja = Ninja::new(&format!("{rules}build a.c.o: cp a.c\n"));
    for (path, text) in [("head", rules), ("a.c", "1"), ("sources", "a.c\n"), ("stamp", "")] {
        ninja.project.write(path, text);
    }
    ninja.run("a.c.o").expect(0);
    ninja.check("a.c.o", 0, "[1/2] CHECK\nninja: no work to do.\n");
    ninja.project.write("b.c", "1");
    let all = "[1/2] CHECK\n[2/2] GEN\n[1/2] CHECK\n[2/2] cp b.c b.c.o\n";
    ninja.check("a.c.o b.c.o", 0, all);
    ninja.check("a.c.o b.c.o", 0, "[1/2] CHECK\nninja: no work to do.\n");
}

/// Forcing the targets forced the manifest as well: a hundred times, and then it was an error.
#[test]
fn forcing_does_not_force_the_manifest() {
    let ninja = generated();
    let done = ninja.project.walk("-B").expect(0);
    assert_eq!(done.matches("build.ninja").count(), 1, "it is a target, too: {done}");
}

/// What makes the header is no part of what the target declares that it needs.
#[test]
fn a_header_that_only_a_depfile_names_was_not_made() {
    let ninja = Ninja::new(
        "rule cp\n  command = cp $in $out\nrule cc\n  command = cat $in gen.h > $out && \
         echo $out: gen.h > $out.d\n  depfile = $out.d\n  deps = gcc\n  description = CC\n\
         build gen.h: cp gen.in\nbuild foo.o: cc foo.c\ndefault foo.o\n",
    );
    ninja.project.write("foo.c", "c");
    ninja.project.write("gen.in", "1");
    ninja.run("gen.h").expect(0);
    ninja.check("", 0, "[1/1] CC\n");
    ninja.check("", 0, "ninja: no work to do.\n");
    ninja.project.write("gen.in", "2");
    ninja.check("-n", 0, "[1/2] cp gen.in gen.h\n[2/2] CC\n");
    ninja.check("", 0, "[1/2] cp gen.in gen.h\n[2/2] CC\n");
    assert_eq!(ninja.project.read("foo.o"), "c2");
    ninja.project.write("gen.in", "3");
    ninja.project.walk("-f build.ninja foo.o").expect(0);
    assert_eq!(ninja.project.read("foo.o"), "c3");
}

/// ninja refuses it from the second build on; what the edge read may also be what is no longer so.
#[test]
fn a_depfile_that_names_what_needs_the_edge_itself_went_unsaid() {
    let ninja = Ninja::new(
        "rule cc\n  command = cat $in > $out; echo $out: b > $out.d\n  depfile = $out.d\n  \
         deps = gcc\nrule cp\n  command = echo const > $out\nbuild a: cc s\nbuild b: cp a\n",
    );
    ninja.project.write("s", "1");
    ninja.project.write("b", "0");
    assert_eq!(ninja.run("").expect(0).lines().count(), 2);
    let said = "ninja: warning: `a` read what `b` makes, which needs `a` itself: it does not wait \
                for it, and runs again once that has changed\n";
    let done = ninja.run("");
    assert_eq!((done.code, &*done.err), (0, said));
    let done = ninja.run("");
    assert_eq!((&*done.out, &*done.err), ("ninja: no work to do.\n", said));
}

/// `up to date` was said, and 0 was the exit, of a tree whose manifest was out of date.
#[test]
fn plan_and_status_did_not_see_that_the_manifest_is_out_of_date() {
    let ninja = generated();
    let walk = |args: &str| ninja.project.walk(args);
    assert_eq!(walk("plan a").expect(0), "up to date 1\n");
    ninja.project.write("template", &format!("{RULES}build c: cp in\n"));
    let caveat = "(build.ninja would be made anew first: the rest is by what it is now)\n";
    let row = "build.ninja   template changed\n";
    let first = format!("would run {row}{caveat}");
    assert_eq!(walk("plan a").expect(0), format!("{first}would run 1, up to date 1\n"));
    assert_eq!(walk("-n a").expect(0), format!("{first}would run 1, up to date 1\n"));
    assert_eq!(walk("plan build.ninja").expect(0), format!("{first}would run 1\n"));
    assert_eq!(walk("status a").expect(1), format!("stale {row}{caveat}stale 1, up to date 1\n"));
    walk("status -q a").expect(1);
    assert!(walk("why a").expect(0).ends_with(caveat));
    ninja.project.write("in", "2");
    let forced = walk("plan -B a").expect(0);
    assert!(forced.starts_with(&first) && forced.contains("a             forced\n"), "{forced}");
    walk("").expect(0);
    walk("status -q").expect(0);
}

/// It was looked for in the manifest as it was.
#[test]
fn a_target_that_only_the_new_manifest_has_was_unknown() {
    let ninja = generated();
    ninja.project.write("template", &format!("{RULES}build c: cp in\n"));
    ninja.project.walk("c").expect(0);
    assert_eq!(ninja.project.read("c"), "1");
    let err = ninja.project.walk("d").complains(2);
    assert!(err.contains("no action or output is called `d`"), "{err}");
}

/// What makes the manifest is no target, and `-B` does not make it again.
#[test]
fn a_forced_plan_does_not_force_the_manifest() {
    let ninja = generated();
    assert_eq!(ninja.project.walk("plan -B a").expect(0), "would run a   forced\nwould run 1\n");
}

/// Without it, nothing could be made again.
#[test]
fn clean_removed_the_manifest() {
    let ninja = generated();
    ninja.project.write("template", &format!("{RULES}build a: cp in\n\n"));
    ninja.project.walk("").expect(0);
    assert_eq!(ninja.project.walk("clean --all").expect(0), "removed a\n");
    assert!(ninja.project.exists("build.ninja"));
    ninja.project.walk("status build.ninja").expect(0);
    assert_eq!(ninja.project.walk("clean build.ninja").expect(0), "removed build.ninja\n");
}

/// `CMake` names other files in what it makes the second time: it ran again because of that.
#[test]
fn a_new_manifest_that_reads_less_was_made_twice() {
    let rules = RULES.replace("gen template", "gen template | extra");
    let ninja = Ninja::new(&format!("{rules}build a: cp in\n"));
    ninja.project.write("template", &ninja.project.read("build.ninja"));
    ninja.project.write("in", "1");
    ninja.project.write("extra", "");
    ninja.run("").expect(0);
    ninja.project.write("template", &format!("{RULES}build b: cp in\n"));
    ninja.check("", 0, "[1/1] GEN\n[1/1] cp in b\n");
    ninja.project.write("extra", "1");
    ninja.check("", 0, "ninja: no work to do.\n");
}
