//! The projects, as data: where they come from, how they are configured, what is edited.

/// A project that is built as its users would.
pub(crate) struct Project {
    pub(crate) name: &'static str,
    pub(crate) origin: Origin,
    pub(crate) system: System,
    /// Of `cmake` or Meson, besides what makes a release build.
    pub(crate) arguments: &'static [&'static str],
    /// Programs that not every machine has.
    pub(crate) needs: &'static [&'static str],
    pub(crate) tests: Tests,
    /// Changes what every object that includes the file says.
    pub(crate) header: Edit,
    /// Changes the text of a file that many include, and no object.
    pub(crate) comment: Edit,
    /// The difference to another branch of the project.
    pub(crate) branch: &'static [Edit],
    /// Built in less than a minute, and by default.
    pub(crate) quick: bool,
}

pub(crate) enum Origin {
    /// A source package, and what is put into its tree: other origins, each with its folder.
    Debian(&'static str, &'static [(Origin, &'static str)]),
    /// A folder of `acceptance/ninja`.
    Own(&'static str),
}

pub(crate) enum System {
    /// With the folder of the first `CMakeLists.txt`.
    CMake(&'static str),
    Meson,
}

pub(crate) enum Tests {
    /// All that `ctest` knows, without those that match.
    Ctest {
        without: &'static str,
    },
    Meson,
    /// A program of the build, once for each list of arguments.
    Program {
        name: &'static str,
        environment: &'static [(&'static str, &'static str)],
        runs: &'static [&'static [&'static str]],
    },
}

/// A change of one file of the sources.
pub(crate) struct Edit {
    pub(crate) file: &'static str,
    pub(crate) change: Change,
}

pub(crate) enum Change {
    Append(&'static str),
    /// The first occurrence of one text by another.
    Replace(&'static str, &'static str),
}

/// Appended to a header or a source, it is found in every object made from it; no line moves.
const CONSTANT: Change = Change::Append(
    "#ifndef ACCEPTANCE_EDITED\n#define ACCEPTANCE_EDITED\n\
     __attribute__((used)) static const int acceptance_edited = 1;\n#endif\n",
);
const REMARK: Change = Change::Append("/* edited */\n");

const fn edit(file: &'static str, change: Change) -> Edit {
    Edit { file, change }
}

/// The archive leaves out the copy that the tests are built with.
const GTEST: &[(Origin, &str)] = &[
    (Origin::Own("gtest"), "test/gtest"),
    (Origin::Debian("googletest", &[]), "test/gtest/googletest"),
];

const ALL: Tests = Tests::Ctest { without: "" };

pub(crate) const PROJECTS: &[Project] = &[
    Project {
        name: "fortran",
        origin: Origin::Own("fortran"),
        system: System::CMake(""),
        arguments: &[],
        needs: &["gfortran"],
        tests: ALL,
        header: edit("limits.inc", Change::Append("integer :: edited = 4\n")),
        comment: edit("limits.inc", Change::Append("! edited\n")),
        branch: &[
            edit("main.f90", Change::Replace("! use extra", "use extra")),
            edit("area.f90", Change::Replace("x * x", "x ** 2 + 0.0")),
        ],
        quick: true,
    },
    Project {
        name: "cjson",
        origin: Origin::Debian("cjson", &[]),
        system: System::CMake(""),
        arguments: &["-DENABLE_CJSON_UTILS=ON"],
        needs: &[],
        tests: ALL,
        header: edit("cJSON_Utils.h", CONSTANT),
        comment: edit("cJSON.h", REMARK),
        branch: &[edit("cJSON_Utils.c", CONSTANT), edit("tests/unity/src/unity.h", REMARK)],
        quick: true,
    },
    Project {
        name: "json-c",
        origin: Origin::Debian("json-c", &[]),
        system: System::CMake(""),
        arguments: &[],
        needs: &[],
        tests: ALL,
        header: edit("linkhash.h", CONSTANT),
        comment: edit("json_object.h", REMARK),
        branch: &[
            edit("printbuf.c", CONSTANT),
            edit("arraylist.c", CONSTANT),
            edit("debug.h", REMARK),
        ],
        quick: true,
    },
    Project {
        name: "brotli",
        origin: Origin::Debian("brotli", &[]),
        system: System::CMake(""),
        arguments: &[],
        needs: &[],
        tests: ALL,
        header: edit("c/dec/huffman.h", CONSTANT),
        comment: edit("c/common/platform.h", REMARK),
        branch: &[
            edit("c/dec/huffman.c", CONSTANT),
            edit("c/tools/brotli.c", REMARK),
            edit("c/dec/state.h", REMARK),
        ],
        quick: true,
    },
    Project {
        name: "libuv",
        origin: Origin::Debian("libuv1", &[]),
        system: System::CMake(""),
        arguments: &[],
        needs: &[],
        // The whole of its tests needs a network and an ordinary user.
        tests: Tests::Program {
            name: "uv_run_tests_a",
            environment: &[("UV_RUN_AS_ROOT", "1")],
            runs: &[
                &["timer"],
                &["loop_handles"],
                &["fs_file_async"],
                &["threadpool_queue_work_simple"],
                &["spawn_stdout"],
                &["pipe_ping_pong"],
            ],
        },
        header: edit("src/queue.h", CONSTANT),
        comment: edit("include/uv/version.h", REMARK),
        branch: &[
            edit("src/timer.c", CONSTANT),
            edit("test/test-timer.c", REMARK),
            edit("src/strscpy.h", REMARK),
        ],
        quick: false,
    },
    Project {
        name: "ninja",
        origin: Origin::Debian("ninja-build", &[]),
        system: System::CMake(""),
        // Its release build optimises while linking: such objects never come out the same.
        arguments: &["-DCMAKE_BUILD_TYPE=MinSizeRel"],
        needs: &[],
        tests: ALL,
        header: edit("src/dyndep.h", CONSTANT),
        comment: edit("src/string_piece.h", REMARK),
        branch: &[
            edit("src/version.cc", CONSTANT),
            edit("src/lexer.h", REMARK),
            edit("src/metrics.cc", REMARK),
        ],
        quick: false,
    },
    Project {
        name: "zstd",
        origin: Origin::Debian("libzstd", &[]),
        system: System::CMake("build/cmake"),
        arguments: &[
            "-DZSTD_BUILD_TESTS=ON",
            "-DZSTD_FUZZER_FLAGS=-T2s",
            "-DZSTD_ZSTREAM_FLAGS=-T2s",
            "-DZSTD_FULLBENCH_FLAGS=-i0",
        ],
        needs: &[],
        // It compresses for many minutes.
        tests: Tests::Ctest { without: "playTests" },
        header: edit("lib/common/pool.h", CONSTANT),
        comment: edit("lib/zdict.h", REMARK),
        branch: &[
            edit("lib/common/xxhash.c", CONSTANT),
            edit("programs/util.h", REMARK),
            edit("lib/dictBuilder/cover.c", REMARK),
        ],
        quick: false,
    },
    Project {
        name: "dav1d",
        origin: Origin::Debian("dav1d", &[]),
        system: System::Meson,
        arguments: &[],
        needs: &["nasm"],
        tests: Tests::Meson,
        header: edit("src/cdef.h", CONSTANT),
        comment: edit("src/levels.h", REMARK),
        branch: &[
            edit("src/dequant_tables.c", CONSTANT),
            edit("tools/input/ivf.c", REMARK),
            edit("src/picture.h", REMARK),
        ],
        quick: false,
    },
    Project {
        name: "fmt",
        origin: Origin::Debian("fmtlib", GTEST),
        system: System::CMake(""),
        arguments: &["-DFMT_TEST=ON"],
        needs: &[],
        tests: ALL,
        header: edit("include/fmt/printf.h", CONSTANT),
        comment: edit("include/fmt/os.h", REMARK),
        branch: &[edit("src/os.cc", CONSTANT), edit("test/scan.h", REMARK)],
        quick: false,
    },
];
