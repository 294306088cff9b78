//! Whatever the bytes, reading ends with a graph or with one error; a graph that is printed is
//! read back.

use std::fmt::Write as _;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use walk_ninja::{Graph, Node, ReadOptions, canonical};

use crate::support::{parse, parse_with};

/// Pieces of manifests, right and wrong.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&'static [u8]> = vec![
        b"build ",
        b"rule ",
        b"pool ",
        b"default ",
        b"include ",
        b"subninja ",
        b"phony ",
        b"a",
        b"b",
        b"r",
        b"x",
        b": ",
        b"| ",
        b"|| ",
        b"|@ ",
        b" = ",
        b"\n",
        b"\n",
        b"\n  ",
        b"$",
        b"$$",
        b"${x}",
        b"$x",
        b"$\n",
        b"$ ",
        b"$:",
        b"\r\n",
        b"\r",
        b"\t",
        b"#",
        b"\xff",
        b"./",
        b"../",
        b"/",
        b"\0",
        b"command = ",
        b"depth = 1\n",
        b"rule r\n  command = c\n",
        b"build a: r b\n",
        b"dyndep = b\n",
        b"restat = 1\n",
        b"rspfile = ",
        b"ninja_required_version = ",
        b"ninja_dyndep_version = 1\n",
    ];
    prop_oneof![
        20 => prop::sample::select(words).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..4),
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 0..60).prop_map(|it| it.concat())
}

/// Asks a graph for everything.
fn ask(graph: &Graph) {
    for edge in graph.edges() {
        for name in ["command", "depfile", "x", "pool", "in_newline", "nothing"] {
            let _ = (graph.binding(edge, name), graph.unescaped_binding(edge, name));
        }
        let _ = (graph.pool(edge), graph.has_flag(edge, "restat"), graph.rule(edge));
        for node in graph.inputs(edge).iter().chain(graph.validations(edge)) {
            assert_eq!(graph.node(graph.path(*node)), Some(*node));
        }
        for output in graph.outputs(edge) {
            assert_eq!(graph.producer(*output), Some(edge));
        }
        assert!(graph.place(edge).line > 0);
    }
    let _ = (graph.roots(), graph.consumers(), graph.rules().count(), graph.pools().count());
}

/// A path without `.` and `..` and what cannot be written.
fn path() -> impl Strategy<Value = String> {
    "[a-c $:'é]{0,3}(/[a-c][ .a-c$:]{0,3}){0,2}".prop_filter_map("a path", |it| {
        let path = format!("p{it}");
        (canonical(path.as_bytes()).as_ref() == path.as_bytes()).then_some(path)
    })
}

/// The kinds of paths of an edge, and what stands before each.
const WORDS: [&str; 6] = ["", " |", " r", " |", " ||", " |@"];

#[derive(Clone, Debug)]
struct Model {
    paths: [Vec<String>; 6],
    bindings: Vec<(String, String)>,
}

fn model() -> impl Strategy<Value = Vec<Model>> {
    let paths = || vec(path(), 0..4);
    let bindings = vec(("[a-d]", "[a-c $:#|=é]{0,6}"), 0..20);
    let edge = ([paths(), paths(), paths(), paths(), paths(), paths()], bindings);
    let model = edge.prop_map(|(mut paths, bindings)| {
        paths[0].insert(0, String::new());
        Model { paths, bindings: bindings.into_iter().collect() }
    });
    vec(model, 0..6).prop_map(|mut edges| {
        for (number, edge) in edges.iter_mut().enumerate() {
            // No two edges, and no edge twice, make one file.
            for (index, path) in edge.paths[..2].iter_mut().flatten().enumerate() {
                *path = format!("{number}.{index}{path}");
            }
        }
        edges
    })
}

fn escaped(text: &str, also: &[char]) -> String {
    let escape = |it: char| match it {
        '$' => "$$".into(),
        it if also.contains(&it) => format!("${it}"),
        it => it.into(),
    };
    text.chars().map(escape).collect::<String>()
}

fn print(edges: &[Model]) -> String {
    let mut text = "rule r\n  command = $a,$b,$c,$d\n".to_owned();
    for edge in edges {
        text.push_str("build");
        for (kind, paths) in edge.paths.iter().enumerate() {
            if kind == 2 {
                text.push_str(": r");
            } else if !paths.is_empty() {
                text.push_str(WORDS[kind]);
            }
            for path in paths {
                let _ = write!(text, " {}", escaped(path, &[' ', ':']));
            }
        }
        for (name, value) in &edge.bindings {
            let _ = write!(text, "\n  {name} = {}", escaped(value.trim_start(), &[]));
        }
        text.push('\n');
    }
    text
}

fn paths(graph: &Graph, nodes: &[Node]) -> Vec<String> {
    nodes.iter().map(|it| String::from_utf8_lossy(graph.path(*it)).into_owned()).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_a_graph_or_one_error(text in text()) {
        let line_count = text.split(|it| *it == b'\n').count();
        match parse_with(text, &ReadOptions::default()) {
            Ok(graph) => ask(&graph),
            Err(error) => {
                let place = error.place().expect("every error has a place");
                prop_assert_eq!(place.file.as_path(), Path::new("build.ninja"));
                prop_assert!((1..=line_count).contains(&(place.line as usize)), "{}", error);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_dyndep_file_or_one_error(text in text()) {
        let text = [b"ninja_dyndep_version = 1\n", &*text].concat();
        let mut graph = parse("rule r\n  command = c\nbuild a: r b\n  dyndep = b\n")?;
        let node = graph.node(b"b").expect("it is named");
        if let Err(error) = graph.load_dyndep(node, &text) {
            prop_assert!(error.place().is_some());
        }
        ask(&graph);
    }

    #[test]
    fn a_graph_that_is_printed_is_read_back(edges in model()) {
        let text = print(&edges);
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let graph = parse(&text)?;
            prop_assert_eq!(graph.edges().len(), edges.len());
            for (edge, model) in graph.edges().zip(&edges) {
                let implicit = &graph.outputs(edge)[graph.explicit_outputs(edge).len()..];
                let found = [
                    graph.explicit_outputs(edge),
                    implicit,
                    graph.explicit_inputs(edge),
                    graph.implicit_inputs(edge),
                    graph.order_only_inputs(edge),
                    graph.validations(edge),
                ];
                prop_assert_eq!(found.map(|it| paths(&graph, it)), model.paths.clone());
            }
        }
        let graph = parse(&text)?;
        for (edge, model) in graph.edges().zip(&edges) {
            let last = |name: &str| {
                let found = model.bindings.iter().rev().find(|it| it.0 == name);
                found.map_or("", |it| it.1.trim_start()).to_owned()
            };
            let expected = ["a", "b", "c", "d"].map(last).join(",");
            let command = graph.binding(edge, "command")?;
            prop_assert_eq!(String::from_utf8_lossy(&command), expected);
        }
    }

    #[test]
    fn canonical_paths_stay_so(path in "[a./]{0,12}") {
        let once = canonical(path.as_bytes()).into_owned();
        prop_assert_eq!(canonical(&once).into_owned(), once);
    }
}
