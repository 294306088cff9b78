//! Fetches a Debian source package without touching the machine's own apt.
//!
//! Lists, cache and the list of sources are private and below `target`; mirror, signing key,
//! proxy and everything else are the machine's. It needs no privileges.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::command;

/// Unpacks the upstream sources of `package` below `tree` and tells the directory they are in.
///
/// What is downloaded stays below `folder`: it is fetched only the first time.
///
/// # Errors
///
/// The machine is no Debian, or the package cannot be fetched or unpacked.
pub(crate) fn fetch(package: &str, folder: &Path, tree: &Path) -> Result<PathBuf> {
    let download = folder.join("download").join(package);
    fs::create_dir_all(&download)?;
    if find_archive(&download)?.is_none() {
        let configuration = configure(folder)?;
        command::succeed(apt_get(&configuration).arg("update"))?;
        let mut source = apt_get(&configuration);
        command::succeed(
            source.args(["source", "--download-only", package]).current_dir(&download),
        )?;
    }
    let archive = find_archive(&download)?;
    let archive = archive.with_context(|| format!("{package} has no upstream archive"))?;
    unpack(&archive, tree)
}

fn apt_get(configuration: &Path) -> Command {
    let mut command = Command::new("apt-get");
    command.arg("--quiet").arg("--config-file").arg(configuration);
    command
}

/// Writes apt's configuration: it is read after the machine's, which goes on to hold where this
/// one says nothing. The machine's hooks after an update are about its own lists.
fn configure(folder: &Path) -> Result<PathBuf> {
    let apt = folder.join("apt");
    for part in ["lists/partial", "cache/archives/partial", "parts"] {
        fs::create_dir_all(apt.join(part))?;
    }
    let sources = source_entries(&machine_sources(Path::new("/etc/apt"))?, &release()?);
    if sources.list.is_empty() && sources.stanzas.is_empty() {
        bail!("/etc/apt names no archive of this machine's release");
    }
    fs::write(apt.join("parts/machine.list"), sources.list)?;
    fs::write(apt.join("parts/machine.sources"), sources.stanzas)?;
    let path = apt.join("apt.conf");
    let apt = apt.display();
    let text = format!(
        "#clear APT::Update::Pre-Invoke;\n\
         #clear APT::Update::Post-Invoke;\n\
         #clear APT::Update::Post-Invoke-Success;\n\
         Acquire::GzipIndexes \"false\";\n\
         Dir::Etc::SourceList \"/dev/null\";\n\
         Dir::Etc::SourceParts \"{apt}/parts\";\n\
         Dir::State::Lists \"{apt}/lists\";\n\
         Dir::Cache \"{apt}/cache\";\n"
    );
    fs::write(&path, text)?;
    Ok(path)
}

/// The code name of the machine's release, such as `bookworm`.
fn release() -> Result<String> {
    let text = fs::read_to_string("/etc/os-release").context("cannot read /etc/os-release")?;
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    let name = name.context("/etc/os-release has no VERSION_CODENAME: not a Debian release")?;
    Ok(name.trim_matches('"').to_owned())
}

/// The texts of the machine's lists of sources.
#[derive(Default)]
struct Sources {
    /// In one-line style.
    list: String,
    /// In deb822 style: stanzas of fields.
    stanzas: String,
}

fn machine_sources(etc: &Path) -> Result<Sources> {
    let mut sources = Sources::default();
    let parts = etc.join("sources.list.d").read_dir().into_iter().flatten();
    let parts = parts.filter_map(|entry| Some(entry.ok()?.path()));
    for path in std::iter::once(etc.join("sources.list")).chain(parts) {
        let into = match path.extension().and_then(|extension| extension.to_str()) {
            Some("list") if path.is_file() => &mut sources.list,
            Some("sources") => &mut sources.stanzas,
            _ => continue,
        };
        *into += &fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        *into += "\n\n";
    }
    Ok(sources)
}

/// The same archives, but sources instead of packages, and of `release` only: what others have
/// added to the machine is left out.
fn source_entries(sources: &Sources, release: &str) -> Sources {
    let lines = sources.list.lines().filter_map(|line| source_line(line, release));
    let stanzas = sources.stanzas.split("\n\n").filter_map(|text| source_stanza(text, release));
    Sources { list: lines.collect(), stanzas: stanzas.collect() }
}

/// `deb [options] uri suite component...`, for sources.
fn source_line(line: &str, release: &str) -> Option<String> {
    let rest = line.trim().strip_prefix("deb ")?;
    let suite = rest.rsplit(']').next()?.split_whitespace().nth(1)?;
    (suite == release).then(|| format!("deb-src {rest}\n"))
}

/// A stanza with `Types: deb-src` and the one suite; all other fields stay.
fn source_stanza(stanza: &str, release: &str) -> Option<String> {
    let lines = || stanza.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let is_field = |line: &str, name: &str| {
        line.split_once(':').is_some_and(|(field, _)| field.eq_ignore_ascii_case(name))
    };
    let suites = lines().find(|line| is_field(line, "Suites"))?;
    suites.split_whitespace().skip(1).find(|suite| *suite == release)?;
    let kept = lines().filter(|line| !is_field(line, "Types") && !is_field(line, "Suites"));
    let kept = kept.collect::<Vec<_>>().join("\n");
    Some(format!("Types: deb-src\nSuites: {release}\n{kept}\n\n"))
}

/// The upstream archive among the downloaded files.
fn find_archive(download: &Path) -> Result<Option<PathBuf>> {
    for entry in download.read_dir()? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_archive = name.contains(".orig.tar.") && !name.ends_with(".asc");
        if is_archive {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Unpacks into an empty `tree` and tells its only directory.
fn unpack(archive: &Path, tree: &Path) -> Result<PathBuf> {
    if tree.exists() {
        fs::remove_dir_all(tree)?;
    }
    fs::create_dir_all(tree)?;
    command::succeed(Command::new("tar").arg("-xf").arg(archive).arg("-C").arg(tree))?;
    let first = tree.read_dir()?.next().context("the archive is empty")??;
    Ok(first.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_release_becomes_a_source_line() {
        let check = |line, expected: Option<&str>| {
            assert_eq!(source_line(line, "stable").as_deref(), expected, "{line}");
        };
        let signed = "deb [signed-by=/k arch=amd64] http://m.example/debian stable main";
        let source = "deb-src [signed-by=/k arch=amd64] http://m.example/debian stable main\n";
        check(signed, Some(source));
        check(
            "deb http://m.example/d stable main",
            Some("deb-src http://m.example/d stable main\n"),
        );
        check("deb http://other.example/apt tools-stable main", None);
        check("# deb http://m.example/d stable main", None);
        check("deb-src http://m.example/d stable main", None);
    }

    #[test]
    fn a_stanza_keeps_its_mirror_and_its_key() {
        let stanza = "Types: deb\n# note\nURIs: http://m.example/debian\n\
                      Suites: stable stable-updates\nComponents: main\nSigned-By: /k\n";
        let expected = "Types: deb-src\nSuites: stable\nURIs: http://m.example/debian\n\
                        Components: main\nSigned-By: /k\n\n";
        assert_eq!(source_stanza(stanza, "stable").as_deref(), Some(expected));
        assert_eq!(source_stanza(stanza, "testing"), None);
        assert_eq!(source_stanza("", "stable"), None);
    }
}
