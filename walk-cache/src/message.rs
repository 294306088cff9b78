//! The messages of the Remote Execution API (build.bazel.remote.execution.v2) that are written and
//! read here, with the numbers of their fields. What is not used is left out, and left alone when it
//! is read.

use prost::Message;

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Digest {
    #[prost(string, tag = "1")]
    pub(crate) hash: String,
    #[prost(int64, tag = "2")]
    pub(crate) size_bytes: i64,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Action {
    #[prost(message, optional, tag = "1")]
    pub(crate) command_digest: Option<Digest>,
    #[prost(message, optional, tag = "2")]
    pub(crate) input_root_digest: Option<Digest>,
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) salt: Vec<u8>,
    #[prost(message, optional, tag = "10")]
    pub(crate) platform: Option<Platform>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Command {
    #[prost(string, repeated, tag = "1")]
    pub(crate) arguments: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) environment_variables: Vec<EnvironmentVariable>,
    #[prost(message, optional, tag = "5")]
    pub(crate) platform: Option<Platform>,
    #[prost(string, tag = "6")]
    pub(crate) working_directory: String,
    #[prost(string, repeated, tag = "7")]
    pub(crate) output_paths: Vec<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct EnvironmentVariable {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Platform {
    #[prost(message, repeated, tag = "1")]
    pub(crate) properties: Vec<Property>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Property {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Directory {
    #[prost(message, repeated, tag = "1")]
    pub(crate) files: Vec<FileNode>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) directories: Vec<DirectoryNode>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) symlinks: Vec<SymlinkNode>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct FileNode {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) digest: Option<Digest>,
    #[prost(bool, tag = "4")]
    pub(crate) is_executable: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct DirectoryNode {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) digest: Option<Digest>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct SymlinkNode {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) target: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Tree {
    #[prost(message, optional, tag = "1")]
    pub(crate) root: Option<Directory>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) children: Vec<Directory>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct ActionResult {
    #[prost(message, repeated, tag = "2")]
    pub(crate) output_files: Vec<OutputFile>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) output_directories: Vec<OutputDirectory>,
    #[prost(int32, tag = "4")]
    pub(crate) exit_code: i32,
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) stdout_raw: Vec<u8>,
    #[prost(message, optional, tag = "6")]
    pub(crate) stdout_digest: Option<Digest>,
    #[prost(message, repeated, tag = "12")]
    pub(crate) output_symlinks: Vec<OutputSymlink>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct OutputFile {
    #[prost(string, tag = "1")]
    pub(crate) path: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) digest: Option<Digest>,
    #[prost(bool, tag = "4")]
    pub(crate) is_executable: bool,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct OutputDirectory {
    #[prost(string, tag = "1")]
    pub(crate) path: String,
    #[prost(message, optional, tag = "3")]
    pub(crate) tree_digest: Option<Digest>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct OutputSymlink {
    #[prost(string, tag = "1")]
    pub(crate) path: String,
    #[prost(string, tag = "2")]
    pub(crate) target: String,
}

#[cfg(all(test, feature = "grpc"))]
mod tests {
    use std::fmt::Debug;

    use bazel_remote_apis::build::bazel::remote::execution::v2 as api;

    use super::*;

    /// The bytes of `ours` are those of `T`, which knows all fields and writes them again.
    fn same<T: Message + Default>(ours: &impl Message) -> T {
        let bytes = ours.encode_to_vec();
        let theirs = T::decode(&*bytes).expect("it can be read");
        assert_eq!(theirs.encode_to_vec(), bytes, "in another order, or of another type");
        theirs
    }

    fn digest() -> Digest {
        Digest { hash: "ab".repeat(32), size_bytes: 7 }
    }

    fn text(it: &impl Debug) -> String {
        format!("{it:?}")
    }

    fn directory() -> Directory {
        let (digest, is_executable) = (Some(digest()), true);
        let node = DirectoryNode { name: "below".into(), digest: digest.clone() };
        Directory {
            files: vec![FileNode { name: "run".into(), digest, is_executable }],
            directories: vec![node],
            symlinks: vec![SymlinkNode { name: "link".into(), target: "run".into() }],
        }
    }

    #[test]
    fn questions_are_those_of_the_api() {
        let property = Property { name: "ISA".into(), value: "x86-64".into() };
        let platform = Some(Platform { properties: vec![property] });
        let action: api::Action = same(&Action {
            command_digest: Some(digest()),
            input_root_digest: Some(digest()),
            salt: b"salt".to_vec(),
            platform: platform.clone(),
        });
        assert_eq!(action.salt, b"salt");
        assert!(action.command_digest.is_some() && action.input_root_digest.is_some());
        assert_eq!(action.platform.expect("it has one").properties[0].value, "x86-64");
        let command: api::Command = same(&Command {
            arguments: vec!["cc".into()],
            environment_variables: vec![EnvironmentVariable {
                name: "A".into(),
                value: "1".into(),
            }],
            platform,
            working_directory: "sub".into(),
            output_paths: vec!["out".into()],
        });
        assert_eq!((&*command.arguments[0], &*command.output_paths[0]), ("cc", "out"));
        assert_eq!(command.environment_variables[0].value, "1");
        assert_eq!(command.working_directory, "sub");
    }

    #[test]
    fn results_are_those_of_the_api() {
        let (path, digest) = ("out".to_owned(), Some(digest()));
        let file = OutputFile { path: path.clone(), digest: digest.clone(), is_executable: true };
        let result: api::ActionResult = same(&ActionResult {
            output_files: vec![file],
            output_directories: vec![OutputDirectory {
                path: path.clone(),
                tree_digest: digest.clone(),
            }],
            exit_code: 3,
            stdout_raw: b"said".to_vec(),
            stdout_digest: digest.clone(),
            output_symlinks: vec![OutputSymlink { path, target: "to".into() }],
        });
        assert!(result.output_files[0].is_executable && result.output_files[0].digest.is_some());
        assert!(result.output_directories[0].tree_digest.is_some());
        assert_eq!((result.exit_code, &*result.stdout_raw), (3, &b"said"[..]));
        assert_eq!(result.output_symlinks[0].target, "to");
        assert_eq!(result.stdout_digest.expect("it has one").size_bytes, 7);
        let tree: api::Tree = same(&Tree { root: Some(directory()), children: vec![directory()] });
        let root = tree.root.expect("it has one");
        assert_eq!(text(&root), text(&tree.children[0]));
        assert!(root.files[0].is_executable && root.files[0].digest.is_some());
        assert_eq!((&*root.symlinks[0].target, &*root.directories[0].name), ("run", "below"));
    }
}
