//! The other executors, each called in the way that its documentation shows.
//!
//! Each function makes the executor's own graph, and returns how long running it took.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;

use crate::THREADS;
use crate::shape::{Marks, Shape, check, number, visit};

/// One `spawn` for each vertex, from whoever ended its last predecessor: what one writes without
/// an executor of graphs.
pub(crate) fn rayon(shape: &Shape) -> Duration {
    struct Graph {
        successors: Vec<Vec<u32>>,
        blockers: Vec<AtomicU32>,
        marks: Marks,
    }
    fn go<'a>(scope: &rayon::Scope<'a>, graph: &'a Graph, at: usize) {
        visit(&graph.marks, at);
        for &successor in &graph.successors[at] {
            if graph.blockers[successor as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
                scope.spawn(move |scope| go(scope, graph, successor as usize));
            }
        }
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(THREADS).build().expect("threads");
    let blockers = shape.predecessors.iter().map(|it| AtomicU32::new(number(it.len())));
    let (successors, marks) = (shape.successors(), shape.marks());
    let graph = Graph { successors, blockers: blockers.collect(), marks };
    let started = Instant::now();
    pool.scope(|scope| {
        for at in (0..shape.len()).filter(|it| shape.predecessors[*it].is_empty()) {
            let graph = &graph;
            scope.spawn(move |scope| go(scope, graph, at));
        }
    });
    let elapsed = started.elapsed();
    check(&graph.marks);
    elapsed
}

/// Its futures run on one thread, whatever the runtime has.
pub(crate) fn async_dag(shape: &Shape) -> Duration {
    let marks = Arc::new(shape.marks());
    let mut graph = async_dag::Graph::new();
    let mut tasks = Vec::with_capacity(shape.len());
    for (at, predecessors) in shape.predecessors.iter().enumerate() {
        let marks = Arc::clone(&marks);
        let mark = async move || visit(&marks, at);
        let task = match predecessors[..] {
            [] => graph.add_task(move || async move { mark().await }),
            [one] => graph
                .add_child_task(tasks[one as usize], move |()| async move { mark().await }, 0)
                .expect("the types match"),
            [one, two, three] => {
                let child = move |(): (), (): (), (): ()| async move { mark().await };
                let task = graph.add_child_task(tasks[one as usize], child, 0);
                let task = task.expect("the types match");
                graph.update_dependency(tasks[two as usize], task, 1).expect("it fits");
                graph.update_dependency(tasks[three as usize], task, 2).expect("it fits");
                task
            }
            _ => unreachable!("no shape has other numbers of predecessors"),
        };
        tasks.push(task);
    }
    let runtime = runtime();
    let started = Instant::now();
    runtime.block_on(graph.run());
    let elapsed = started.elapsed();
    check(&marks);
    elapsed
}

/// Asked for every vertex that nothing depends on.
pub(crate) fn dag_exec(shape: &Shape) -> Duration {
    let marks = Arc::new(shape.marks());
    let mut builder = dag_exec::DagBuilder::<u32, (), ()>::new();
    for (at, predecessors) in shape.predecessors.iter().enumerate() {
        let marks = Arc::clone(&marks);
        let mark = move |_: &[_]| {
            visit(&marks, at);
            Ok(())
        };
        builder.add_task(number(at), predecessors.clone(), mark).expect("each is added once");
    }
    let dag = builder.build().expect("no cycle");
    let successors = shape.successors();
    let last = (0..shape.len()).filter(|it| successors[*it].is_empty()).map(number);
    let last: Vec<u32> = last.collect();
    let executor = dag_exec::Executor::new(dag_exec::ExecutorConfig {
        max_workers: THREADS,
        max_in_flight: THREADS * 64,
        worker_queue_cap: 64,
    });
    let started = Instant::now();
    executor.run_parallel(&dag, last).expect("no task fails");
    let elapsed = started.elapsed();
    check(&marks);
    elapsed
}

/// A node is a task of tokio, an edge a channel.
pub(crate) fn dagrs(shape: &Shape) -> Duration {
    struct Mark(Arc<Marks>, usize);

    #[async_trait]
    impl dagrs::Action for Mark {
        async fn run(
            &self,
            inputs: &mut dagrs::InChannels,
            outputs: &mut dagrs::OutChannels,
            _: Arc<dagrs::EnvVar>,
        ) -> dagrs::Output {
            inputs.map(|_| ()).await;
            visit(&self.0, self.1);
            outputs.broadcast(dagrs::Content::new(())).await;
            dagrs::Output::empty()
        }
    }

    use dagrs::Node as _;
    let marks = Arc::new(shape.marks());
    let mut table = dagrs::NodeTable::default();
    let mut graph = dagrs::Graph::new();
    let mut ids = Vec::with_capacity(shape.len());
    for at in 0..shape.len() {
        let mark = Mark(Arc::clone(&marks), at);
        let node = dagrs::DefaultNode::with_action(at.to_string(), mark, &mut table);
        ids.push(node.id());
        graph.add_node(node).expect("each is added once");
    }
    for (at, successors) in shape.successors().iter().enumerate() {
        let to: Vec<_> = successors.iter().map(|&it| ids[it as usize]).collect();
        if !to.is_empty() {
            graph.add_edge(ids[at], to).expect("no cycle");
        }
    }
    let runtime = runtime();
    let started = Instant::now();
    runtime.block_on(async { graph.async_start().await.expect("no node fails") });
    let elapsed = started.elapsed();
    check(&marks);
    elapsed
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(THREADS).enable_all().build().expect("threads")
}
