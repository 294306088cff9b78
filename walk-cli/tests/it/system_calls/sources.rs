//! A small project whose results are a function of its sources, of all kinds that there are: a
//! header that often stays the same, a depfile, partial outputs, an answer to `late`, and one
//! action of whose results nothing is declared.

use std::path::Path;

use crate::project::Project;

const MANIFEST: &str = r#"
[action.header]
run = "head -c 3 one > header"
in = ["one"]
out = ["header"]

[action.object]
run = "cat two $(cat listed) > object; echo 'object: listed' > deps; cat listed >> deps"
in = ["two", "header"]
out = ["object"]
depfile = "deps"

[action.whole]
run = "echo partial > whole; cat header object > whole"
in = ["header", "object"]
out = ["whole"]

[action.effect]
run = "cat one two > undeclared"
in = ["one", "two"]

[action.asked]
run = "cat two > kept"
in = ["two"]
late = ["cat", "kept"]

[action.last]
run = "cat whole kept undeclared > last"
in = ["whole"]
out = ["last"]
deps = ["asked", "effect"]
"#;

/// What the sources say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    First,
    Second,
}

pub(super) type Contents = Vec<(&'static str, String)>;

pub(super) fn project() -> Project {
    Project::new(MANIFEST)
}

impl Version {
    fn sources(self) -> [(&'static str, &'static str); 4] {
        match self {
            Self::First => [("one", "one"), ("two", "two"), ("inc", "inc"), ("listed", "inc")],
            Self::Second => [
                ("one", "one, and more"),
                ("two", "two, another"),
                ("inc", "of the same length"),
                ("listed", "inc"),
            ],
        }
    }

    /// Writes the sources that differ.
    pub(super) fn edit(self, project: &Project) {
        for (path, content) in self.sources() {
            if !project.exists(path) || project.read(path) != content {
                project.write(path, content);
            }
        }
    }

    /// What a clean build makes of them.
    pub(super) fn results(self) -> Contents {
        let [(_, one), (_, two), (_, inc), _] = self.sources();
        let (header, object) = (one[..3].to_owned(), format!("{two}{inc}"));
        let (whole, undeclared) = (format!("{header}{object}"), format!("{one}{two}"));
        let last = format!("{whole}{two}{undeclared}");
        vec![
            ("header", header),
            ("object", object),
            ("whole", whole),
            ("kept", two.to_owned()),
            ("undeclared", undeclared),
            ("last", last),
        ]
    }

    /// Walks, and checks that what is there is what a clean build makes, and stays so. Returns
    /// what was said.
    #[track_caller]
    pub(super) fn assert_built(self, project: &Project, why: &str) -> String {
        let walked = project.walk("");
        assert_eq!(walked.code, 0, "{why}: {walked:#?}");
        for (path, content) in self.results() {
            let found = if project.exists(path) { project.read(path) } else { "nothing".into() };
            assert_eq!(found, content, "{path}, {why}: {walked:#?}");
        }
        let again = project.walk("");
        assert!(again.out.starts_with("up to date"), "{why}: {walked:#?}\n{again:#?}");
        walked.err
    }
}

/// The files of the state whose system calls are looked at.
pub(super) fn state(project: &Project) -> Vec<String> {
    let names = ["", "tmp", "logs", ".gitignore", "CACHEDIR.TAG", "lock"];
    let store = ["state.db", "state.db-wal", "state.db-shm", "state.db-journal"];
    let path = |name: &&str| Path::new(".walk").join(name);
    let paths = names.iter().chain(&store).map(path);
    // A path is compared with what a call was given, which is one or the other.
    let both = paths.flat_map(|it| [project.path("").join(&it), it]);
    both.map(|it| it.display().to_string().trim_end_matches('/').to_owned()).collect()
}
