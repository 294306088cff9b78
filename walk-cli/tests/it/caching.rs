//! Results that are taken from a cache: what a walk asks of it, and what it lets it keep.

use std::fs;
use std::path::{Path, PathBuf};

use crate::project::{Done, Project, Running};

/// A directory for caches, and checkouts that use it.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn place(&self) -> PathBuf {
        self.0.path().join("walk")
    }

    /// Makes a checkout of a small C-like project.
    fn checkout(&self, more: &str) -> Checkout<'_> {
        let project = Project::new(&format!(
            "[cache]\n{more}\n\
             [action.compile]\nforeach = \"src/*.c\"\nin = [\"{{file}}\"]\nout = [\"build/{{stem}}.o\"]\n\
             depfile = \"build/{{stem}}.d\"\n\
             run = \"echo ran >> ran; cat {{in}} h > {{out}}; echo '{{out}}: {{in}} h' > build/{{stem}}.d; echo says {{stem}}\"\n\
             [action.link]\nin = [\"build/*.o\"]\nout = [\"app\"]\nrun = \"echo ran >> ran; cat {{in}} > {{out}}\"\n\
             [action.test]\nin = [\"app\"]\nrun = \"echo ran >> ran; echo tested\"\n",
        ));
        project.write("src/a.c", "a");
        project.write("src/b.c", "b");
        project.write("h", "header");
        project.write("ran", "");
        Checkout { site: self, project }
    }
}

struct Checkout<'a> {
    site: &'a Site,
    project: Project,
}

impl Checkout<'_> {
    fn command(&self, args: &str) -> std::process::Command {
        let mut command = self.project.command(args);
        command.env("XDG_CACHE_HOME", self.site.0.path());
        command
    }

    fn walk(&self, args: &str) -> Done {
        Done::of(self.command(args).output().expect("it runs"))
    }

    /// Returns how many commands ran so far.
    fn ran(&self) -> usize {
        self.project.read("ran").lines().count()
    }
}

#[test]
fn a_second_checkout_restores_everything_and_runs_nothing() {
    let site = Site::new();
    let (one, other) = (site.checkout(""), site.checkout(""));
    one.walk("").expect(0);
    assert_eq!(one.ran(), 4);
    let out = other.walk("--events events").expect(0);
    assert_eq!(other.ran(), 0, "{out}");
    assert!(out.contains("from the cache") && out.contains("ok 4 (4 from the cache)"), "{out}");
    assert!(out.contains("| says a") && out.contains("| tested"), "what they wrote: {out}");
    assert_eq!(one.project.read("app"), other.project.read("app"));
    assert!(other.project.read("events").contains("\"cached\":true"));
    assert!(other.walk("").expect(0).starts_with("up to date"));
    assert!(other.walk("log compile:src/a.c").expect(0).contains("says a"));
}

#[test]
fn what_only_the_depfile_names_decides_too() {
    let site = Site::new();
    let (one, other) = (site.checkout(""), site.checkout(""));
    one.walk("").expect(0);
    other.project.write("h", "another");
    other.walk("").expect(0);
    assert_eq!(other.ran(), 4);
    assert_eq!(other.project.read("app"), "aanotherbanother");
    one.project.write("h", "another");
    one.walk("").expect(0);
    assert_eq!((one.ran(), &*one.project.read("app")), (4, "aanotherbanother"));
}

#[test]
fn an_output_that_was_removed_is_restored_and_force_runs() {
    let site = Site::new();
    let one = site.checkout("");
    one.walk("").expect(0);
    fs::remove_file(one.project.path("app")).expect("it is there");
    one.walk("").expect(0);
    assert_eq!(one.ran(), 4);
    one.walk("-B").expect(0);
    assert_eq!(one.ran(), 8);
}

#[test]
fn a_cache_is_off_unless_asked_for() {
    let site = Site::new();
    let one = site.checkout("");
    one.walk("--cache off").expect(0);
    assert!(!site.place().exists());
    let plain = Project::new("[action.a]\nrun = \"echo x > {out}\"\nout = [\"a\"]\n");
    let walk = |args: &str| {
        let mut command = plain.command(args);
        command.env("XDG_CACHE_HOME", site.0.path());
        Done::of(command.output().expect("it runs")).expect(0)
    };
    walk("");
    assert!(!site.place().exists());
    walk("-B --cache read-write");
    assert!(site.place().join("ac").exists());
}

/// What failed, what is never the same, and what says so is not kept.
#[test]
fn what_may_not_be_kept_is_not() {
    let results = |action: &str| {
        let site = Site::new();
        let project = Project::new(&format!("[cache]\n{action}"));
        let mut command = project.command("-k");
        command.env("XDG_CACHE_HOME", site.0.path()).env("TOKEN", "open sesame");
        Done::of(command.output().expect("it runs"));
        let listing = fs::read_dir(site.place().join("ac")).into_iter().flatten();
        listing.count()
    };
    let action = "[action.a]\nrun = \"echo x > {out}\"\nout = [\"a\"]\n";
    assert_eq!(results(action), 1);
    assert_eq!(results(&format!("{action}cache = false\n")), 0);
    assert_eq!(results(&format!("{action}always = true\n")), 0);
    assert_eq!(results(&format!("{action}late = [\"echo\", \"1\"]\n")), 0);
    assert_eq!(results(&format!("[env]\nsecret = [\"TOKEN\"]\n{action}")), 0);
    assert_eq!(results("[action.a]\nrun = \"echo x > {out}; exit 1\"\nout = [\"a\"]\n"), 0);
}

/// An input that changes while the command runs: nobody knows what it read.
#[test]
fn a_result_of_an_input_that_changed_meanwhile_is_not_kept() {
    let site = Site::new();
    let project = Project::new(
        "[cache]\n[action.a]\nin = [\"in\"]\nout = [\"a\"]\n\
         run = \"cat in > {out}; echo up > up; cat gate\"\n",
    );
    project.write("in", "old");
    project.fifo("up");
    project.fifo("gate");
    let mut command = project.command("");
    command.env("XDG_CACHE_HOME", site.0.path());
    let walk = Running::start(command);
    project.await_fifo("up");
    project.write("in", "new");
    project.release("gate");
    assert!(walk.wait().err.contains("changed while it ran"));
    assert!(!site.place().join("ac").exists());
}

#[test]
fn a_directory_is_shared_and_what_is_damaged_there_is_made_again() {
    let site = Site::new();
    let shared = site.0.path().join("shared");
    let remote = format!("local = false\nremote = \"file://{}\"", shared.display());
    let (one, other) = (site.checkout(&remote), site.checkout(&remote));
    one.walk("").expect(0);
    let blobs = fs::read_dir(shared.join("cas")).expect("it was made");
    for blob in blobs.flat_map(|it| fs::read_dir(it.expect("ours").path()).expect("ours")) {
        let path = blob.expect("ours").path();
        fs::write(&path, b"poison").expect("ours");
    }
    other.walk("").expect(0);
    assert_eq!(other.ran(), 4);
    assert_eq!(one.project.read("app"), other.project.read("app"));
    assert!(!Path::new(&site.place()).exists(), "there is no local part");
}

#[test]
fn modes_decide_what_is_done_with_the_remote_part() {
    let site = Site::new();
    let shared = site.0.path().join("shared");
    let remote = |mode: &str| {
        format!("local = false\nmode = \"{mode}\"\nremote = \"file://{}\"", shared.display())
    };
    site.checkout(&remote("read")).walk("").expect(0);
    assert!(!shared.exists(), "it only reads");
    let writer = site.checkout(&remote("write"));
    writer.walk("").expect(0);
    let again = site.checkout(&remote("write"));
    again.walk("").expect(0);
    assert_eq!(again.ran(), 4, "it only writes");
    let reader = site.checkout(&remote("write"));
    reader.walk("--cache read").expect(0);
    assert_eq!(reader.ran(), 0);
}

/// The token of a cache is for walk alone.
#[test]
fn no_action_is_given_the_token() {
    let project = Project::new("[action.a]\nrun = \"echo ${WALK_CACHE_TOKEN:-none}\"\n");
    let mut command = project.command("");
    command.env("WALK_CACHE_TOKEN", "open-sesame");
    let done = Done::of(command.output().expect("it runs"));
    assert!(done.out.contains("| none") && !done.out.contains("sesame"), "{done:?}");
}

#[test]
fn wrong_settings_are_refused_with_what_would_be_right() {
    let check = |cache: &str, expected: &str| {
        let project =
            Project::new(&format!("[cache]\n{cache}\n[action.a]\nrun = \"true\"\nout = []\n"));
        let mut command = project.command("");
        command.env("HOME", project.path(""));
        let err = Done::of(command.output().expect("it runs")).complains(2);
        assert!(err.contains(expected), "{cache}: {err}");
    };
    check("remote = \"http://x\"", "`http://x` is no cache");
    check("remote = \"grpc://x\"", "walk.toml:4:10: `grpc://x` is no cache");
    check("remote = \"grpc://:1\"", "`grpc://:1` is no cache");
    check("mode = \"readonly\"", "expected \"read\", \"write\" or \"read-write\"");
    check("max-size = \"10GB\"", "expected a size such as");
    check("remotes = \"file:///x\"", "unknown key `remotes`");
    check("max-size = \"1k\"", "in K, M, G or T");
    check("credentials = \"none\"", "none`: No such file or directory (os error 2)\n");
    #[cfg(not(feature = "grpc"))]
    check("remote = \"grpc://x:1\"", "needs a walk that was built with `--features grpc`");
    let secret = Project::new("[cache]\n[env]\nsecret = [\"KEY\"]\n[action.a]\nrun = \"true\"\n");
    let doctor = |args: &str| {
        let mut command = secret.command(args);
        command.env("HOME", secret.path(""));
        Done::of(command.output().expect("it runs")).out
    };
    assert!(doctor("doctor").contains("nothing is kept: `[env] secret` has KEY"));
    assert!(doctor("--cache off doctor").contains("off, as --cache or WALK_CACHE says"));
    let homeless = Project::new("[cache]\n[action.a]\nrun = \"true\"\nout = []\n");
    assert!(homeless.walk("").complains(2).contains("no place for the local cache"));
}

/// What a depfile names above the project is another file for each checkout.
#[test]
fn what_a_depfile_names_above_the_project_is_not_taken_for_that_of_another() {
    let site = Site::new();
    let checkout = |header: &str| {
        let project = Project::new("");
        project.write(
            "sub/walk.toml",
            "[walk]\nversion = 1\n[cache]\n[action.a]\nin = [\"in\"]\nout = [\"a\"]\n\
             depfile = \"d\"\nrun = \"cat in ../h > {out}; echo 'a: in ../h' > d\"\n",
        );
        project.write("sub/in", "in ");
        project.write("h", header);
        let mut command = project.command("-C sub");
        command.env("XDG_CACHE_HOME", site.0.path());
        Done::of(command.output().expect("it runs")).expect(0);
        project
    };
    let (one, other) = (checkout("one"), checkout("other"));
    assert_eq!((&*one.read("sub/a"), &*other.read("sub/a")), ("in one", "in other"));
}

/// A project that is reached by a link: what its tools name is below the project all the same.
#[test]
fn what_a_depfile_names_behind_a_link_is_of_this_checkout() {
    let site = Site::new();
    let checkout = |header: &str| {
        let project = Project::new("");
        project.write(
            "real/walk.toml",
            "[walk]\nversion = 1\n[cache]\n[action.a]\nin = [\"in\"]\nout = [\"a\"]\n\
             depfile = \"d\"\nrun = \"cat in h > {out}; echo \\\"a: in $(pwd -P)/h\\\" > d\"\n",
        );
        std::os::unix::fs::symlink("real", project.path("link")).expect("ours");
        project.write("real/in", "in ");
        project.write("real/h", header);
        let mut command = project.command("-C link");
        command.env("XDG_CACHE_HOME", site.0.path());
        let out = Done::of(command.output().expect("it runs")).expect(0);
        (project, out.contains("from the cache"))
    };
    let (one, other, same) = (checkout("one"), checkout("other"), checkout("one"));
    assert_eq!(one.0.read("real/a"), "in one");
    assert_eq!((&*other.0.read("real/a"), other.1), ("in other", false));
    assert_eq!((&*same.0.read("real/a"), same.1), ("in one", true));
}

/// What links has no depfile, and was never kept.
#[test]
fn all_of_a_build_of_ninja_is_restored() {
    let site = Site::new();
    let walk = || {
        let project = Project::empty();
        project.write(
            "build.ninja",
            "rule cc\n  command = cat $in > $out && echo \"$out: $in\" > $out.d\n  depfile = $out.d\n\
             \x20 deps = gcc\nrule link\n  command = : && cat $in > $out && :\n\
             build a.o: cc a.c\nbuild app: link a.o\n",
        );
        project.write("a.c", "source");
        let mut command = project.command("--cache read-write");
        command.env("XDG_CACHE_HOME", site.0.path());
        Done::of(command.output().expect("it runs")).expect(0)
    };
    assert!(walk().contains("ok 2 in"));
    let again = walk();
    assert!(again.contains("ok 2 (2 from the cache)"), "{again}");
}

/// A variable that nobody tracks governs nothing here but what is shared.
#[test]
fn what_a_variable_outside_made_is_not_for_who_has_another() {
    let site = Site::new();
    let walk = |flags: Option<&str>, zone: &str| {
        let project = Project::new(
            "[cache]\n[action.a]\nout = [\"a\"]\nrun = \"echo with ${MYFLAGS:-none} > {out}\"\n",
        );
        let mut command = project.command("");
        command.env("XDG_CACHE_HOME", site.0.path()).env("TZ", zone);
        if let Some(flags) = flags {
            command.env("MYFLAGS", flags);
        }
        let out = Done::of(command.output().expect("it runs")).expect(0);
        (project.read("a"), out.contains("from the cache"))
    };
    let of = |content: &str, is_cached| (format!("with {content}\n"), is_cached);
    assert_eq!(walk(Some("-O2"), "UTC"), of("-O2", false));
    assert_eq!(walk(Some("-O0"), "UTC"), of("-O0", false));
    assert_eq!(walk(None, "UTC"), of("none", false));
    assert_eq!(walk(Some("-O0"), "UTC"), of("-O0", true));
    assert_eq!(walk(Some("-O0"), "Asia/Tokyo"), of("-O0", false), "programs read it");
}

/// Two machines with compilers of one name: only who declares it says that they are the same.
#[test]
fn a_compiler_that_nobody_declared_is_that_of_its_machine() {
    let site = Site::new();
    let machine = |compiler: &str, more: &str| {
        let project = Project::new(&format!(
            "[cache]\n[tool.mycc]\nversion = [\"echo\", \"1\"]\n\
             [action.a]\nin = [\"in\"]\nout = [\"a\"]\nrun = \": && mycc in > {{out}}\"\n{more}"
        ));
        project.write("in", "input");
        let bin = site.0.path().join("bin");
        fs::create_dir_all(&bin).expect("ours");
        fs::write(bin.join("mycc"), format!("#!/bin/sh\necho {compiler}\n")).expect("ours");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(bin.join("mycc"), mode).expect("ours");
        let mut command = project.command("");
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", bin.display()));
        command.env("XDG_CACHE_HOME", site.0.path());
        let out = Done::of(command.output().expect("it runs")).expect(0);
        (project.read("a"), out.contains("from the cache"))
    };
    let of = |content: &str, is_cached| (content.to_owned(), is_cached);
    assert_eq!(machine("one", ""), of("one\n", false));
    assert_eq!(machine("other", ""), of("other\n", false));
    assert_eq!(machine("one", ""), of("one\n", true));
    let declared = "tools = [\"mycc\"]\n";
    assert_eq!(machine("one", declared), of("one\n", false));
    assert_eq!(machine("other", declared), of("one\n", true));
}

/// It was never mentioned, and `walk doctor` said that all was well.
#[test]
fn a_local_part_that_fails_is_said_once() {
    let site = Site::new();
    fs::write(site.place(), "no directory").expect("ours");
    let checkout = site.checkout("");
    let err = checkout.walk("").complains(0);
    let place = site.place().display().to_string();
    assert_eq!(err.matches("the cache in `").count(), 1, "{err}");
    assert!(err.contains(&place) && err.contains("what it does not give is made here"), "{err}");
    assert_eq!(checkout.ran(), 4);
    let doctor = checkout.walk("doctor").out;
    assert!(doctor.contains("the local part fails: cannot write"), "{doctor}");
}

#[test]
fn a_local_part_that_was_damaged_is_said_once() {
    let site = Site::new();
    let (first, second) = (site.checkout(""), site.checkout(""));
    first.walk("").expect(0);
    for list in fs::read_dir(site.place().join("cas")).expect("it is there").flatten() {
        for blob in fs::read_dir(list.path()).expect("it is there").flatten() {
            fs::remove_file(blob.path()).expect("ours");
            fs::write(blob.path(), "").expect("ours");
        }
    }
    let err = second.walk("").complains(0);
    assert_eq!(err.matches("the cache in `").count(), 1, "{err}");
    assert_eq!(second.ran(), 4);
}

/// It was told as a run without a success before it.
#[test]
fn what_came_from_the_cache_is_told_as_that_later() {
    let site = Site::new();
    let (first, second) = (site.checkout(""), site.checkout(""));
    first.walk("").expect(0);
    second.walk("").expect(0);
    let why = second.walk("why link").expect(0);
    assert!(why.contains("  last taken from the cache just now: ok\n"), "{why}");
    let last = second.walk("why --last link").expect(0);
    assert!(last.starts_with("link was taken from the cache in run 1, just now: ok\n"), "{last}");
    assert!(first.walk("why link").expect(0).contains("last ran just now"));
}

/// A place in which nothing can be made, as a share that is not mounted.
#[test]
fn a_directory_that_can_not_be_written_is_said_and_found() {
    let site = Site::new();
    let checkout = site.checkout("local = false\nremote = \"file:///proc/none\"");
    let err = checkout.walk("").complains(0);
    assert!(err.contains("the cache at file:///proc/none fails: cannot write"), "{err}");
    let doctor = checkout.walk("doctor").out;
    assert!(doctor.contains("the remote part fails: cannot write"), "{doctor}");
    let reads = checkout.walk("--cache read doctor").out;
    assert!(reads.contains("the remote part fails: No such file"), "{reads}");
}
