//! A graph as an indented tree, in the manner of the `tree` command.
//!
//! A graph is not a tree: what can be reached in two ways appears twice, and with
//! everything below it twice that is exponential. So a vertex is expanded once, as in
//! `cargo tree`, unless all of it is asked for, as in e3. Nothing here recurses.

use std::borrow::Cow;

use crate::{Dag, Vertex};

/// What [`Dag::to_tree_with`] does where a vertex appears again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Repeats {
    /// Mark it with `(*)` if anything is below it, and do not show that again.
    #[default]
    Mark,
    /// Show all that is below it again, as e3 does. On a graph of some depth this can
    /// be longer than any memory.
    Expand,
}

impl<D> Dag<D> {
    /// Returns the graph as a tree: under each vertex its successors, sorted by id,
    /// starting from the vertices that depend on nothing.
    ///
    /// Deeper lines are longer lines: the text grows with the square of the depth.
    ///
    /// ```
    /// # use walk_dag::{Dag, DagError};
    /// let mut builder = Dag::builder();
    /// builder.add_vertex("lib", (), [""; 0]);
    /// builder.add_vertex("app", (), ["lib"]);
    /// builder.add_vertex("test", (), ["app", "lib"]);
    /// assert_eq!(builder.build()?.to_tree(), "\
    /// lib
    /// ├── app
    /// │   └── test
    /// └── test");
    /// # Ok::<(), DagError>(())
    /// ```
    #[must_use]
    pub fn to_tree(&self) -> String {
        self.to_tree_with(Repeats::Mark, |vertex| self.uid(vertex).into())
    }

    /// Returns the graph as a tree, each vertex shown by its `label`.
    pub fn to_tree_with<'a>(
        &'a self,
        repeats: Repeats,
        label: impl FnMut(Vertex) -> Cow<'a, str>,
    ) -> String {
        let mut tree = Tree {
            dag: self,
            label,
            repeats,
            shown: vec![false; self.len()],
            stack: Vec::new(),
            prefix: String::new(),
            text: String::new(),
        };
        for root in self.vertices().filter(|it| self.predecessors(*it).is_empty()) {
            tree.grow(root);
        }
        tree.text
    }
}

/// A tree that is being written.
struct Tree<'a, D, F> {
    dag: &'a Dag<D>,
    label: F,
    repeats: Repeats,
    shown: Vec<bool>,
    /// The vertices on the way to the current one, with the children to come, last first.
    stack: Vec<Vec<Vertex>>,
    /// The lines that are drawn to the left of the current vertex.
    prefix: String,
    text: String,
}

const PASSING: &str = "│   ";
const NOTHING: &str = "    ";

impl<'a, D, F: FnMut(Vertex) -> Cow<'a, str>> Tree<'a, D, F> {
    /// Writes `root` and all that is below it.
    fn grow(&mut self, root: Vertex) {
        self.start_line();
        self.write(root);
        while let Some(children) = self.stack.last_mut() {
            let Some(child) = children.pop() else {
                self.stack.pop();
                self.outdent();
                continue;
            };
            let is_last = children.is_empty();
            self.start_line();
            self.text.push_str(if is_last { "└── " } else { "├── " });
            self.prefix.push_str(if is_last { NOTHING } else { PASSING });
            self.write(child);
        }
    }

    fn start_line(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&self.prefix);
    }

    /// Writes one vertex and goes down to its children.
    fn write(&mut self, vertex: Vertex) {
        self.text.push_str(&(self.label)(vertex));
        let mut children = self.dag.successors(vertex).to_vec();
        let is_repeat = std::mem::replace(&mut self.shown[vertex.index()], true);
        if is_repeat && self.repeats == Repeats::Mark && !children.is_empty() {
            self.text.push_str(" (*)");
            children.clear();
        }
        children.sort_unstable_by(|a, b| self.dag.uid(*b).cmp(self.dag.uid(*a)));
        self.stack.push(children);
    }

    /// Takes back the lines that were drawn for a vertex below the root.
    fn outdent(&mut self) {
        let added = if self.prefix.ends_with(PASSING) { PASSING } else { NOTHING };
        self.prefix.truncate(self.prefix.len().saturating_sub(added.len()));
    }
}
