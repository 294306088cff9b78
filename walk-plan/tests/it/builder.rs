//! Plans made in Rust.

use std::time::Duration;

use proptest::prelude::*;
use walk_plan::{ActionSpec, PlanBuilder, Run, literal};

#[test]
fn every_method_is_a_key_of_the_manifest() {
    let mut builder = PlanBuilder::new("/tmp");
    builder.jobs(3).queue("net", 4).env("LANG", "C");
    builder.add(ActionSpec::new("first").shell("echo > {out}").output("a"));
    let all = ActionSpec::new("all")
        .run(["cp", "{in}", "{out}"])
        .input("a")
        .output("b")
        .depends_on("first")
        .after("first")
        .env("X", "1")
        .depfile("b.d")
        .queue("net")
        .tokens(2)
        .priority(-3)
        .timeout(Duration::from_millis(1500))
        .directory("sub")
        .always()
        .late(["cat", "b"]);
    builder.add(all);
    let plan = builder.build().unwrap_or_else(|it| panic!("{it}"));
    assert_eq!((plan.settings.jobs, plan.queues["net"]), (3, 4));
    assert_eq!(plan.env.set["LANG"], "C");
    let all = &plan.actions[1];
    assert_eq!(all.run, Run::Argv(["cp", "../a", "../b"].map(Into::into).into()));
    assert_eq!((all.inputs.len(), all.outputs.len()), (1, 1));
    assert_eq!((all.deps.len(), all.after.len()), (1, 1));
    assert_eq!(all.env["X"], "1");
    assert_eq!(plan.files.path(all.depfile.expect("it has one")).to_str(), Some("b.d"));
    assert_eq!((&*all.queue, all.tokens, all.priority), ("net", 2, -3));
    assert_eq!(all.timeout, Some(Duration::from_millis(1500)));
    assert_eq!(all.cwd.to_str(), Some("sub"));
    assert!(all.always && all.late.is_some());
}

#[test]
fn an_error_names_the_place_and_what_would_be_right() {
    let mut builder = PlanBuilder::new("/tmp");
    builder.queue("net", 1).add(ActionSpec::new("a").run(["true"]).queue("nte"));
    let error = builder.build().expect_err("there is no such queue").to_string();
    assert!(error.contains("nte") && error.contains("net") && error.contains(":2:"), "{error}");
}

proptest! {
    /// What is made literal comes out as it went in.
    #[test]
    fn literal_texts_are_not_expanded(text in r"[$\{\}ab'_ -]{1,24}") {
        let mut builder = PlanBuilder::new("/tmp");
        builder.add(ActionSpec::new("a").shell(format!("x{}", literal(&text))));
        let plan = builder.build().unwrap_or_else(|it| panic!("{it}"));
        prop_assert_eq!(&plan.actions[0].run, &Run::Shell(format!("x{text}")));
    }
}
