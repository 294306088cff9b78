//! tmp
use std::time::Instant;
use walk_dag::*;
fn rss() -> usize {
    let s = std::fs::read_to_string("/proc/self/status").unwrap();
    s.lines()
        .find(|l| l.starts_with("VmRSS"))
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<usize>()
        .unwrap()
        / 1024
}
fn main() {
    for (n, m, kind) in [
        (10_000usize, 30_000usize, "fwd"),
        (10_000, 30_000, "fwd"),
        (10_000, 30_000, "rnd"),
        (1_000_000, 3_000_000, "fwd"),
        (1_000_000, 3_000_000, "rnd"),
        (1_000_000, 999_999, "chain"),
        (1_000_000, 999_999, "rchain"),
    ] {
        for _ in 0..if n < 100_000 { 5 } else { 1 } {
            let mut x = 0x1234_5678_9abc_def1u64;
            let mut rnd = |k: usize| {
                x ^= x << 13;
                x ^= x >> 7;
                x ^= x << 17;
                (x % k as u64) as usize
            };
            let uids: Vec<String> =
                (0..n).map(|i| format!("compile:src/dir{}/file{i}.c", i % 100)).collect();
            let mut edges = vec![];
            let mut rank: Vec<usize> = (0..n).collect();
            if kind == "rnd" {
                for i in (1..n).rev() {
                    rank.swap(i, rnd(i + 1));
                }
            }
            match kind {
                "chain" => {
                    for i in 1..n {
                        edges.push((i - 1, i))
                    }
                }
                "rchain" => {
                    for i in 1..n {
                        edges.push((i, i - 1))
                    }
                }
                _ => {
                    while edges.len() < m {
                        let i = 1 + edges.len() * (n - 1) / m;
                        let j = rnd(i);
                        edges.push((j, i));
                    }
                }
            }
            if kind == "rnd" {
                for e in &mut edges {
                    *e = (rank[e.0], rank[e.1]);
                }
                for i in (1..edges.len()).rev() {
                    edges.swap(i, rnd(i + 1));
                }
            }
            let r0 = rss();
            let t = Instant::now();
            let mut b = DagBuilder::with_capacity(n, m);
            let vs: Vec<Vertex> = uids
                .iter()
                .enumerate()
                .map(|(i, u)| b.add_vertex(u, i as u32, None::<&str>))
                .collect();
            for &(p, s) in &edges {
                b.add_edge(vs[p], vs[s]);
            }
            let t1 = t.elapsed();
            let d = b.build().unwrap();
            let t2 = t.elapsed();
            let r1 = rss();
            let mut f = Frontier::new(&d);
            let mut k = 0usize;
            while let Some(v) = f.next_ready() {
                k += v.index() & 1;
                f.complete(v);
            }
            let t3 = t.elapsed();
            println!(
                "{kind} {n}/{m}: describe {t1:?} build {:?} frontier {:?} ({} ns/vertex all) rss +{} MB {k}",
                t2 - t1,
                t3 - t2,
                t3.as_nanos() / n as u128,
                r1.saturating_sub(r0)
            );
        }
    }
}
