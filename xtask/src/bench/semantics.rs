//! `cargo xtask bench --semantics`: what each peer makes of changes that are easy to miss.
//!
//! A cell is one thing that happens to a tree that is up to date, and how many of the two actions
//! have to run then. `ok`: the outputs are right and no more ran; `rerun`: right, but more ran;
//! `STALE`: an output is wrong, and the peer is content; `-`: the peer's format cannot say what is read.

use std::fs;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::kit::Kit;
use super::lab::{Lab, Tool, Verdict, graph, keep};
use super::outside::Meter;
use super::peers::Peer;
use crate::table::Table;

/// One thing that happens.
struct Cell {
    name: &'static str,
    tool: Tool,
    happen: fn(&mut Lab<'_>) -> Result<()>,
    /// How many actions have to run in the build after it.
    needed: usize,
}

const fn cell(
    name: &'static str,
    tool: Tool,
    needed: usize,
    happen: fn(&mut Lab<'_>) -> Result<()>,
) -> Cell {
    Cell { name, tool, happen, needed }
}

const HOUR: Duration = Duration::from_secs(3600);

const CELLS: &[Cell] = &[
    cell("touched", Tool::Filter, 0, |lab| lab.touch("src/a")),
    cell("edited", Tool::Filter, 2, |lab| lab.edit("src/a")),
    cell("edited right after a build", Tool::Filter, 2, |lab| {
        lab.edit("src/a")?;
        lab.build_quickly()?;
        lab.edit("src/a")
    }),
    cell("edited without effect", Tool::Filter, 1, |lab| {
        let text = fs::read_to_string(lab.path("src/a"))?;
        Ok(fs::write(lab.path("src/a"), format!("~ a comment\n{text}"))?)
    }),
    cell("edited and put back", Tool::Filter, 0, |lab| {
        let (bytes, _) = keep(&lab.path("src/a"))?;
        lab.edit("src/a")?;
        Ok(fs::write(lab.path("src/a"), bytes)?)
    }),
    cell("edited, built, put back with its time", Tool::Filter, 2, |lab| {
        let (bytes, time) = keep(&lab.path("src/a"))?;
        lab.edit("src/a")?;
        lab.build()?;
        fs::write(lab.path("src/a"), bytes)?;
        lab.set_time("src/a", time)
    }),
    cell("edited, the same time", Tool::Filter, 2, |lab| {
        let (_, time) = keep(&lab.path("src/a"))?;
        lab.edit("src/a")?;
        lab.set_time("src/a", time)
    }),
    cell("edited, the clock set back", Tool::Filter, 2, |lab| {
        lab.edit("src/a")?;
        lab.set_time("src/a", SystemTime::now() - HOUR)
    }),
    cell("replaced by an older file", Tool::Filter, 2, |lab| {
        fs::copy(lab.path("src/a"), lab.path("older"))?;
        lab.edit("older")?;
        lab.set_time("older", SystemTime::now() - HOUR * 24 * 60)?;
        Ok(fs::rename(lab.path("older"), lab.path("src/a"))?)
    }),
    cell("edited while it is read", Tool::Slow, 2, |lab| {
        lab.edit("src/a")?;
        lab.ask_to("pause")?;
        let build = lab.start()?;
        lab.edit("src/a")?;
        lab.let_go(build)
    }),
    cell("a header of the depfile edited", Tool::Depfile, 2, |lab| lab.edit("hdr/h")),
    cell("the command changed", Tool::Filter, 2, |lab| lab.change_command("sed 1d")),
    cell("a variable changed", Tool::Variable, 2, |lab| {
        lab.change_mode("two");
        Ok(())
    }),
    cell("an output removed", Tool::Filter, 1, |lab| Ok(fs::remove_file(lab.path("out/one"))?)),
    cell("an output edited", Tool::Filter, 1, |lab| lab.edit("out/one")),
    cell("failed, then tried again", Tool::Slow, 2, |lab| {
        lab.edit("src/a")?;
        lab.ask_to("fail")?;
        lab.build()?;
        lab.no_longer("fail")
    }),
    cell("interrupted", Tool::Slow, 2, |lab| end_halfway(lab, "INT")),
    cell("killed", Tool::Slow, 2, |lab| end_halfway(lab, "KILL")),
];

fn end_halfway(lab: &mut Lab<'_>, by: &str) -> Result<()> {
    lab.edit("src/a")?;
    lab.ask_to("pause")?;
    let build = lab.start()?;
    lab.end(build, by)?;
    lab.no_longer("pause")
}

/// Prints what each peer makes of each cell; true if walk has no stale one.
///
/// # Errors
///
/// A tree cannot be written, or a peer not be started.
pub(crate) fn run(kit: &Kit, meter: &Meter, peers: &[Peer]) -> Result<bool> {
    let names = peers.iter().map(|peer| &*peer.name);
    let mut table = Table::new(&["semantics"].into_iter().chain(names).collect::<Vec<_>>());
    let mut is_good = true;
    for cell in CELLS {
        let mut row = vec![cell.name.to_owned()];
        for peer in peers {
            let text = result(kit, meter, peer, cell)?;
            is_good &= !peer.name.starts_with("walk") || ["ok", "rerun"].contains(&text);
            row.push(text.to_owned());
        }
        table.row(row);
    }
    println!("{table}");
    Ok(is_good)
}

fn result(kit: &Kit, meter: &Meter, peer: &Peer, cell: &Cell) -> Result<&'static str> {
    let cannot_say = match cell.tool {
        Tool::Depfile => !peer.kind.depfile,
        Tool::Variable => !peer.kind.variable,
        Tool::Filter | Tool::Slow => false,
    };
    if cannot_say {
        return Ok("-");
    }
    let graph = graph(cell.tool, cell.tool.words());
    let mut lab = Lab::new(kit, meter, peer, &graph)?;
    if (cell.happen)(&mut lab).is_err() {
        return Ok("fails");
    }
    Ok(match lab.verdict(cell.needed)? {
        Verdict::Ok => "ok",
        Verdict::Rerun => "rerun",
        Verdict::Stale => "STALE",
        Verdict::Fails => "fails",
    })
}
