//! Called by ninja's name: what commands need while they run, and what stops them.

use rustix::process::{Pid, Signal, test_kill_process};

use crate::ninja::Ninja;

#[test]
fn a_response_file_is_there_while_the_command_runs() {
    let ninja = Ninja::new(
        "rule r\n  command = cat $out.rsp > $out; exit $code\n  rspfile = $out.rsp\n  \
         rspfile_content = of $in\nbuild a: r in\n  code = 0\nbuild b: r in\n  code = 1\n",
    );
    ninja.project.write("in", "1");
    ninja.run("a").expect(0);
    assert_eq!(ninja.project.read("a"), "of in");
    assert!(!ninja.project.exists("a.rsp"));
    ninja.run("b").expect(1);
    assert!(ninja.project.exists("b.rsp"));
    ninja.project.write("in", "2");
    ninja.run("a -d keeprsp").expect(0);
    assert!(ninja.project.exists("a.rsp"));
}

#[test]
fn depfiles_are_read_and_removed_unless_they_are_to_stay() {
    let ninja = Ninja::new(
        "rule r\n  command = touch $out && echo '$out: h' > $out.d\n  depfile = $out.d\n  \
         deps = gcc\nbuild a: r\n",
    );
    ninja.project.write("h", "1");
    ninja.run("").expect(0);
    assert!(!ninja.project.exists("a.d"));
    ninja.check("", 0, "ninja: no work to do.\n");
    ninja.project.write("h", "2");
    ninja.run("-d keepdepfile").expect(0);
    assert!(ninja.project.exists("a.d"));
}

#[test]
fn explain_says_why_and_stats_how_long() {
    let ninja = Ninja::new("rule r\n  command = cp $in $out\nbuild a: r in\n");
    ninja.project.write("in", "1");
    ninja.run("").expect(0);
    ninja.project.write("in", "2");
    let done = ninja.run("-d explain -d stats");
    assert!(done.err.starts_with("ninja explain: a: in changed\nninja explain:   input in  "));
    assert!(done.out.contains("\nmetric "), "{done:#?}");
    ninja.project.write("in", "3");
    let dry = ninja.run("-n -d explain");
    assert!(dry.err.starts_with("ninja explain: a: in changed\n"), "{dry:#?}");
}

#[test]
fn the_line_of_a_console_edge_comes_before_what_it_prints() {
    let ninja = Ninja::new(
        "rule con\n  command = echo ask; read x; echo got $$x; touch $out\n  pool = console\n  \
         description = CON\nrule other\n  command = echo of other; touch $out; echo > told\n  \
         description = OTHER\nbuild a: con\nbuild b: other\n",
    );
    ninja.project.fifo("told");
    let mut running = ninja.start("-j2 a b");
    ninja.project.await_fifo("told");
    let mut stdin = running.0.stdin.take().expect("it is piped");
    std::io::Write::write_all(&mut stdin, b"answer\n").expect("it is read");
    let out = running.wait().expect(0);
    assert!(out.starts_with("[0/2] CON\nask\n"), "{out}");
    assert!(out.contains("got answer\n"), "{out}");
    assert!(out.contains(" OTHER\nof other\n"), "{out}");
}

#[test]
fn what_stays_the_same_stops_the_build_there() {
    let ninja = Ninja::new(
        "rule same\n  command = echo same > $out\n  restat = 1\nrule cp\n  command = cp $in $out\n\
         build a: same in\nbuild b: cp a\nbuild c: cp b\n",
    );
    ninja.project.write("in", "1");
    ninja.run("").expect(0);
    ninja.project.write("in", "2");
    ninja.check("", 0, "[1/3] echo same > a\n");
    ninja.check("", 0, "ninja: no work to do.\n");
}

#[test]
fn validations_run_and_nothing_waits_for_them() {
    let ninja = Ninja::new(
        "rule touch\n  command = touch $out\nrule bad\n  command = false\n\
         build out: touch |@ check\nbuild check: bad\n",
    );
    let out = ninja.run("-k0 out").expect(1);
    assert!(out.contains("FAILED: [code=1] check \n") && out.contains("touch out\n"), "{out}");
    assert!(ninja.project.exists("out"));
}

/// An edge that tells its process, and then waits.
fn waiting() -> Ninja {
    let ninja = Ninja::new(
        "rule wait\n  command = exec 3<>go; echo $$$$ > ready; touch $out; read x <&3\n\
         build a: wait\n",
    );
    ninja.project.fifo("ready");
    ninja.project.fifo("go");
    ninja
}

fn ready(ninja: &Ninja) -> Pid {
    let pid = ninja.project.await_fifo("ready").parse().expect("a number");
    Pid::from_raw(pid).expect("not zero")
}

#[test]
fn a_signal_stops_what_runs_and_the_exit_is_130() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let ninja = waiting();
        let running = ninja.start("");
        let command = ready(&ninja);
        running.signal(signal);
        let done = running.wait();
        assert_eq!(done.signal, None, "{done:#?}");
        assert_eq!(done.expect(130), "ninja: build stopped: interrupted by user.\n");
        assert!(test_kill_process(command).is_err());
        assert!(!ninja.project.exists("a"), "what is half made is removed");
        ninja.check("-n", 0, "[1/1] exec 3<>go; echo $$ > ready; touch a; read x <&3\n");
    }
}

#[test]
fn the_second_waits_for_the_first_and_then_has_nothing_to_do() {
    let ninja = waiting();
    let first = ninja.start("");
    ready(&ninja);
    let mut second = ninja.start("");
    let said = second.await_err("...\n");
    let who = format!("waiting for walk (pid {}: walk ninja, since ", first.0.id());
    assert!(said.starts_with(&who), "{said}");
    ninja.project.release("go");
    first.wait().expect(0);
    assert_eq!(second.wait().expect(0), "ninja: no work to do.\n");
}

#[test]
fn a_build_may_call_ninja_again_for_something_else() {
    let ninja = Ninja::new(
        "rule cp\n  command = cp $in $out\nrule inner\n  command = ninja b && touch $out\n  \
         pool = console\n  description = INNER\nbuild a: cp in\nbuild b: cp a\nbuild c: inner || a\n",
    );
    ninja.project.write("in", "1");
    let build = || ninja.run_in_path("c").expect(0);
    // What the outer one has made is known to the inner one.
    assert_eq!(build(), "[1/2] cp in a\n[1/2] INNER\n[1/1] cp a b\n");
    std::fs::remove_file(ninja.project.path("c")).expect("it is there");
    // And the inner one remembers what it has made.
    assert_eq!(build(), "[0/1] INNER\nninja: no work to do.\n");
}
