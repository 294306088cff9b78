//! What manifests mean. Each was given to ninja 1.13.2 as well, which agreed.

use walk_ninja::{Graph, ReadOptions, Severity};

use crate::support::{commands, parse, parse_files, parse_with, show};

const RULE: &str = "rule r\n  command = c $in -o $out $x\n";

#[track_caller]
fn read(text: &str) -> Graph {
    parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// Checks the edges of a manifest that begins with a rule `r`.
#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(show(&read(&format!("{RULE}{text}"))), expected, "{text}");
}

/// Checks the commands of a manifest.
#[track_caller]
fn check_commands(text: &str, expected: &[&str]) {
    assert_eq!(commands(&read(text)), expected, "{text}");
}

#[test]
fn kinds_of_outputs_and_inputs() {
    check("build a: r\n", "r: a <-\n");
    check("build a b | c: r d e | f || g |@ h\n", "r: a b | c <- d e | f || g |@ h\n");
    check("build | a: r\n", "r: | a <-\n");
    check("build a |: r |\n", "r: a <-\n");
    check("build a: r |@ b\n", "r: a <- |@ b\n");
    check("build a|b:r c|d||e|@f\n", "r: a | b <- c | d || e |@ f\n");
    check("build a: phony b\n", "phony: a <- b\n");
    check("build a: r b b b\n", "r: a <- b b b\n");
}

#[test]
fn blanks_comments_and_continued_lines() {
    check("\n  \n# c\n   # c\nbuild a  :  r   b  \n", "r: a <- b\n");
    check("build a: r b#c # d\n", "r: a <- b#c # d\n");
    check("build $\n  a$\n: $\n r $\n b $\n | $\n c\n", "r: a <- b | c\n");
    check("build a: r b$\n   c\n", "r: a <- bc\n");
    check("build a: r\tb\n", "r: a <- \tb\n");
    check("build a: r b\n# c\n  x = 1\nbuild d: r\n", "r: a <- b\nr: d <-\n");
    check("build build: r rule default\n", "r: build <- rule default\n");
}

#[test]
fn escapes() {
    check("build a$ b: r c$:d e$$f\n", "r: a b <- c:d e$f\n");
    check("x = y\nbuild ${x}z: r $x.z\n", "r: yz <- y.z\n");
}

#[test]
fn carriage_returns_before_newlines_are_none() {
    let text = "rule r\n  command = c $x\nx = a $\n  b\n# d\n\nbuild a: r $\n b\n  x = $x c\n";
    let graph = read(&text.replace('\n', "\r\n"));
    assert_eq!((show(&graph).as_str(), commands(&graph)), ("r: a <- b\n", vec!["c a b c".into()]));
    read("# a comment may hold a \r\n");
}

#[test]
fn paths_are_canonical() {
    check("build a//b/../c/.: r ./d/../../e\n", "r: a/c <- ../e\n");
    check("build /a/../b: r //x /..\n", "r: /b <- /x /..\n");
    check("build a: r b/ b/.. .\n", "r: a <- b . .\n");
    let graph = read("build a/b: phony ./c\n");
    assert_eq!(graph.node(b"x/../a//b"), graph.node(b"a/b"));
    assert_eq!(graph.node(b"c").map(|it| graph.path(it)), Some(&b"c"[..]));
    assert_eq!(graph.node(b"d"), None);
}

#[test]
fn variables_of_an_edge_go_before_those_of_rule_file_and_outer_file() {
    let rule = "rule r\n  command = $x $description\n  description = rule $x\n";
    check_commands(&format!("{rule}x = 1\nbuild a: r\n"), &["1 rule 1"]);
    check_commands(&format!("{rule}x = 1\nbuild a: r\n  x = 2\n"), &["2 rule 2"]);
    check_commands(&format!("{rule}build a: r\n  description = $x y\n"), &["  y"]);
    check_commands(&format!("{rule}description = file\nbuild a: r\n"), &[" rule "]);
    check_commands("rule r\n  command = $deps\ndeps = file\nbuild a: r\n", &["file"]);
    check_commands(&format!("{rule}build a: r\n  command = own\n"), &["own"]);
}

#[test]
fn variables_are_evaluated_where_they_are_bound() {
    let rule = "rule r\n  command = $x\n";
    check_commands(&format!("{rule}y = 1\nx = $y\ny = 2\nbuild a: r\n"), &["1"]);
    check_commands(&format!("{rule}x = $x$x\nbuild a: r\n"), &[""]);
    check_commands(&format!("{rule}x = 1\nx = $x$x\nbuild a: r\n"), &["11"]);
    // Rules are evaluated late, and see what the file says at its end.
    check_commands(&format!("{rule}x = 1\nbuild a: r\nx = 2\n"), &["2"]);
    // The bindings of an edge do not see each other.
    check_commands(&format!("{rule}y = f\nbuild a: r\n  y = e\n  x = $y\n"), &["f"]);
    check_commands(&format!("{rule}x = f\nbuild a: r\n  x = $x$x\n  x = $x$x$x\n"), &["fff"]);
}

#[test]
fn paths_see_the_bindings_below_them() {
    check("x = f\nbuild $x: r $x.i $y\n  x = e\n  y = z\n", "r: e <- e.i z\n");
    let bindings: Vec<String> = (0..40).map(|it| format!("  v{} = {it}\n", it % 20)).collect();
    check(&format!("build $v0: r $v7 $v19\n{}", bindings.concat()), "r: 20 <- 27 39\n");
}

#[test]
fn in_and_out_are_the_explicit_ones_quoted_for_a_shell() {
    let rule = "rule r\n  command = $in : $in_newline : $out\n";
    check_commands(&format!("{rule}build a b | c: r d e | f || g\n"), &["d e : d\ne : a b"]);
    check_commands(
        &format!("{rule}build a$ b: r it's \"c\" d$$e f,g h@i\n"),
        &[
            "'it'\\''s' '\"c\"' 'd$e' 'f,g' 'h@i' : 'it'\\''s'\n'\"c\"'\n'd$e'\n'f,g'\n'h@i' : 'a b'",
        ],
    );
    check_commands(&format!("{rule}build a-b_c+d/e.1: r\n  in = 5\n"), &[" :  : a-b_c+d/e.1"]);
    check_commands("rule r\n  command = $x\nx = $in\nbuild a: r b\n", &[""]);
    let graph = read("rule r\n  command = c\n  depfile = $out.d\nbuild a$ b: r\n");
    let edge = graph.edges().next().expect("there is one");
    assert_eq!(&*graph.binding(edge, "depfile").expect("no cycle"), b"'a b'.d");
    assert_eq!(&*graph.unescaped_binding(edge, "depfile").expect("no cycle"), b"a b.d");
}

#[test]
fn names_may_have_dots_in_braces_only() {
    check_commands("x.y = 1\nrule r\n  command = $x.y ${x.y}\nbuild a: r\n", &[".y 1"]);
    check_commands("x-y = 1\nrule r\n  command = $x-y ${x-y}z\nbuild a: r\n", &["1 1z"]);
}

#[test]
fn include_shares_a_scope_and_subninja_opens_one() {
    let rule = "rule r\n  command = $x\n";
    let check = |manifest: &str, child: &str, expected: &[&str]| {
        let manifest = format!("{rule}{manifest}");
        let graph = parse_files(&[("build.ninja", &manifest), ("d/s", child)]).expect(child);
        assert_eq!(commands(&graph), expected, "{manifest}");
    };
    check("include d/s\nbuild a: r\n", "x = 1\n", &["1"]);
    check("subninja d/s\nbuild a: r\n", "x = 1\n", &[""]);
    check("x = 1\nsubninja d/s\nbuild a: r\n", "x = ${x}2\nbuild b: r\n", &["12", "1"]);
    check("subninja d/s\nx = 1\n", "build b: r\n", &["1"]);
    check(
        "p = d\nsubninja $p/s\nbuild a: r\n",
        "rule r\n  command = own\nbuild b: r\n",
        &["own", ""],
    );
    check("include d/s\ninclude d/s\nbuild a: r\n", "x = ${x}1\n", &["11"]);
    let pools = "pool p\n  depth = 1\n";
    check("subninja d/s\nbuild a: r\n  pool = p\n  x = 1\n", pools, &["1"]);
}

#[test]
fn included_paths_are_relative_to_the_root() {
    let files = [("build.ninja", "include d/s\n"), ("d/s", "include t\n"), ("t", "x = 1\n")];
    let graph = parse_files(&files).expect("all are there");
    assert_eq!(graph.files().collect::<Vec<_>>(), [&b"build.ninja"[..], b"d/s", b"t"]);
    assert_eq!(graph.variable("x"), Some(&b"1"[..]));
}

#[test]
fn rules_of_the_manifest_are_listed_by_name() {
    let text = "rule b\n  command = c\n  description = $out x\nrule a\n  command = c\n";
    let graph = read(text);
    let expected: [(&[u8], Option<&[u8]>); 3] =
        [(b"a", None), (b"b", Some(b"$out x")), (b"phony", None)];
    assert_eq!(graph.rules().collect::<Vec<_>>(), expected);
}

#[test]
fn pools() {
    let text = "pool p\n  depth = 4\npool q\n  depth = $d\npool s\n  depth = 3x\nn = p\n\
                rule r\n  command = c\n  pool = $n\nbuild a: r\nbuild b: r\n  n = console\n\
                build c: r\n  pool =\nn = none\n";
    let graph = read(text);
    let expected: [(&[u8], u32); 3] = [(b"p", 4), (b"q", 0), (b"s", 3)];
    assert_eq!(graph.pools().collect::<Vec<_>>(), expected);
    // The pool is that of when the edge was read, though rules are evaluated late.
    let pools = graph.edges().map(|it| graph.pool(it).expect("no cycle"));
    assert_eq!(pools.collect::<Vec<_>>(), [Some(&b"p"[..]), Some(b"console"), None]);
}

#[test]
fn flags_are_set_unless_empty() {
    let rule = "rule r\n  command = c\n  restat = $x\n  generator = 0\n";
    let graph =
        read(&format!("{rule}build a: r\nbuild b: r\n  x = 1\nbuild c: r\n  generator =\n"));
    let flags = graph.edges().map(|it| {
        let has = |name| graph.has_flag(it, name).expect("no cycle");
        (has("restat"), has("generator"), has("nothing"))
    });
    let expected = [(false, true, false), (true, true, false), (false, false, false)];
    assert_eq!(flags.collect::<Vec<_>>(), expected);
}

#[test]
fn defaults_and_roots() {
    let graph =
        read("build a: phony b\nbuild b: phony\nbuild c d: phony || a\nx = b\ndefault ./a $x\n");
    let paths = |nodes: &[walk_ninja::Node]| -> Vec<String> {
        nodes.iter().map(|it| String::from_utf8_lossy(graph.path(*it)).into()).collect()
    };
    assert_eq!(paths(graph.defaults()), ["a", "b"]);
    assert_eq!(paths(&graph.roots()), ["c", "d"]);
}

#[test]
fn nodes_know_their_producers_and_consumers() {
    let graph = read("build a: phony i | j || k |@ l\nbuild b: phony i i\n");
    let [a, b] = [0, 1].map(|it| graph.edges().nth(it).expect("there are two"));
    let consumers = graph.consumers();
    let check = |path: &str, expected: &[walk_ninja::Edge]| {
        let node = graph.node(path.as_bytes()).expect(path);
        assert_eq!(consumers.of(node), expected, "{path}");
    };
    check("i", &[a, b, b]);
    check("j", &[a]);
    check("k", &[a]);
    check("l", &[]);
    let producer = |path: &str| graph.producer(graph.node(path.as_bytes()).expect(path));
    assert_eq!((producer("a"), producer("b"), producer("i")), (Some(a), Some(b), None));
    assert_eq!(graph.place(b).to_string(), "build.ninja:2");
    let paths: Vec<&[u8]> = graph.nodes().map(|it| graph.path(it)).collect();
    assert_eq!(paths, [b"a", b"i", b"j", b"k", b"l", b"b"], "in the order of first mention");
}

#[test]
fn a_phony_that_names_itself_is_mended() {
    let check = |text: &str, expected: &str, warnings: usize| {
        let graph = read(text);
        assert_eq!(show(&graph), expected);
        let warning =
            "phony target 'a' names itself as an input; ignoring [-w phonycycle=warn]".to_owned();
        assert_eq!(graph.warnings(), vec![warning; warnings]);
    };
    check("build a: phony a\n", "phony: a <-\n", 1);
    check("build a: phony b a ./a\n", "phony: a <- b\n", 1);
    check("build a: phony b a || c a\n", "phony: a <- b || c\n", 1);
    check("build a: phony b |@ a\n", "phony: a <- b |@ a\n", 0);
    check("build a: phony a | b\n", "phony: a <- a | b\n", 0);
    check("build a b: phony a\n", "phony: a b <- a\n", 0);
    let mut options = ReadOptions::default();
    options.phony_cycles = Severity::Error;
    let graph = parse_with("build a: phony a\n", &options).expect("it is a cycle only if needed");
    assert_eq!((show(&graph).as_str(), graph.warnings().len()), ("phony: a <- a\n", 0));
}

#[test]
fn an_older_version_may_be_asked_for() {
    let check = |version: &str, warnings: usize| {
        let graph = read(&format!("ninja_required_version = {version}\n"));
        assert_eq!(graph.warnings().len(), warnings, "{version}: {:?}", graph.warnings());
    };
    check("1.13", 0);
    check("1.13.9", 0);
    check("1", 0);
    check("1.9.0.git", 0);
    check("0.9", 1);
    check("x", 1);
    check("", 1);
}

#[test]
fn dyndep_files_are_inputs() {
    let graph = read("rule r\n  command = c\n  dyndep = $in\nbuild a: r ./d\nbuild b: phony\n");
    let dyndeps: Vec<_> = graph.edges().map(|it| graph.dyndep(it)).collect();
    assert_eq!(dyndeps, [graph.node(b"d"), None]);
}

#[test]
fn bytes_need_not_be_utf_8() {
    let text = b"rule r\n  command = \xff $in\nbuild \xfe\x01: r \xfd\n".to_vec();
    let graph = parse_with(text, &ReadOptions::default()).expect("bytes are bytes");
    let edge = graph.edges().next().expect("there is one");
    assert_eq!(&*graph.binding(edge, "command").expect("no cycle"), b"\xff '\xfd'");
    assert!(graph.node(b"\xfe\x01").is_some());
}

#[test]
fn targets() {
    let graph = read(
        "build abc: phony x/y\nbuild b: phony abc y | z\nbuild c: phony b || z |@ v\n\
         build v: phony\n",
    );
    let check = |text: &str, expected: &str| {
        let found = match graph.target(text.as_bytes()) {
            Ok(node) => String::from_utf8_lossy(graph.path(node)).into_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{text}");
    };
    check("./abc", "abc");
    check("abc^", "b");
    check("z^", "b");
    check("x/y^", "abc");
    check("b^", "c");
    check("v^", "'v' has no out edge");
    check("c^", "'c' has no out edge");
    check("abd", "unknown target 'abd', did you mean 'abc'?");
    check("abc^^", "unknown target 'abc^', did you mean 'abc'?");
    check("x/ y", "unknown target 'x/ y', did you mean 'x/y'?");
    check("nosuchthing", "unknown target 'nosuchthing'");
    check("", "empty path");
    check("clean", "unknown target 'clean', did you mean 'ninja -t clean'?");
    check("help", "unknown target 'help', did you mean 'ninja -h'?");
}
