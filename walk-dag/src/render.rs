//! A graph as a picture: for Graphviz and for Mermaid.
//!
//! As in e3 an arrow goes from a vertex to what it depends on. The text is the same each
//! time: vertices in the order of insertion, edges by the vertex they start from.

use std::fmt::Write as _;

use crate::Dag;

impl<D> Dag<D> {
    /// Returns the graph as a Graphviz file; arrows point at predecessors.
    ///
    /// ```
    /// # use walk_dag::{Dag, DagError};
    /// let mut builder = Dag::builder();
    /// builder.add_vertex("a", (), [""; 0]);
    /// builder.add_vertex("b", (), ["a"]);
    /// let dot = builder.build()?.to_dot();
    /// assert_eq!(dot, "digraph G {\nrankdir=\"LR\";\n\"a\"\n\"b\"\n\"b\" -> \"a\"\n}\n");
    /// # Ok::<(), DagError>(())
    /// ```
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph G {\nrankdir=\"LR\";\n");
        for vertex in self.vertices() {
            push_dot_id(&mut text, self.uid(vertex));
            text.push('\n');
        }
        for vertex in self.vertices() {
            for &predecessor in self.predecessors(vertex) {
                push_dot_id(&mut text, self.uid(vertex));
                text.push_str(" -> ");
                push_dot_id(&mut text, self.uid(predecessor));
                text.push('\n');
            }
        }
        text.push_str("}\n");
        text
    }

    /// Returns the graph as a Mermaid flowchart, which many sites show inside Markdown;
    /// arrows point at predecessors.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        for vertex in self.vertices() {
            let _ = write!(text, "    v{}[\"", vertex.index());
            push_mermaid_label(&mut text, self.uid(vertex));
            text.push_str("\"]\n");
        }
        for vertex in self.vertices() {
            for predecessor in self.predecessors(vertex) {
                let _ = writeln!(text, "    v{} --> v{}", vertex.index(), predecessor.index());
            }
        }
        text
    }
}

fn push_dot_id(text: &mut String, uid: &str) {
    text.push('"');
    for character in uid.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            _ => text.push(character),
        }
    }
    text.push('"');
}

/// Writes what means something to Mermaid or in HTML as an entity.
fn push_mermaid_label(text: &mut String, uid: &str) {
    for character in uid.chars() {
        match character {
            '"' | '#' | '&' | '<' | '>' | '`' | '\n' | '\r' => {
                let _ = write!(text, "#{};", u32::from(character));
            }
            _ => text.push(character),
        }
    }
}
