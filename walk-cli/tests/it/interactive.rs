//! An action that has the terminal for itself.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};

use crate::project::Project;

#[test]
fn an_interactive_action_has_stdin_and_stdout_and_what_others_say_waits() {
    let project = Project::new(
        "[action.shell]\nrun = \"echo ask; read x; echo got $x\"\ninteractive = true\n\
         [action.other]\nrun = \"echo from the other\"\n",
    );
    project.fifo("events");
    let mut running = project.start("-j2 --events events");
    let events = BufReader::new(File::open(project.path("events")).expect("a fifo"));
    let mut stdin = running.0.stdin.take();
    for event in events.lines().map(|it| it.expect("text")) {
        if event.contains("\"event\":\"finished\",\"action\":\"other\"") {
            writeln!(stdin.take().expect("it is piped"), "answer").expect("it is read");
        }
    }
    let out = running.wait().expect(0);
    let place = |text: &str| out.find(text).unwrap_or_else(|| panic!("`{text}` in {out}"));
    assert!(place("ask\n") < place("got answer\n"), "{out}");
    assert!(place("got answer\n") < place("   ok  other"), "{out}");
    assert!(place("       | from the other\n") < place("ok 2 in"), "{out}");
}
