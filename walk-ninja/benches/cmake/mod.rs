//! A manifest like those that `CMake` writes, of any size.

use std::fmt::Write as _;

/// How many objects are linked into one library.
const OBJECTS: usize = 50;

/// Returns a manifest of about so many edges, about 700 bytes each.
pub(crate) fn manifest(edges: usize) -> Vec<u8> {
    let mut text = String::from(HEAD);
    let libraries = edges / (OBJECTS + 2);
    for library in 0..libraries {
        add_library(&mut text, library).expect("a string takes all that is written");
    }
    text.push_str("build all: phony");
    for library in 0..libraries {
        let _ = write!(text, " lib/liblib{library}.a");
    }
    text.push_str("\ndefault all\n");
    text.into_bytes()
}

const HEAD: &str = "# CMAKE generated file: DO NOT EDIT!
ninja_required_version = 1.5
CONFIGURATION = RelWithDebInfo
cmake_ninja_workdir = /home/user/project/build/
rule CXX_COMPILER
  depfile = $DEP_FILE
  deps = gcc
  command = ${LAUNCHER}/usr/bin/c++ $DEFINES $INCLUDES $FLAGS -MD -MT $out -MF $DEP_FILE -o $out -c $in
  description = Building CXX object $out
rule CXX_ARCHIVE
  command = $PRE_LINK && rm -f $TARGET_FILE && ar qc $TARGET_FILE $LINK_FLAGS $in && $POST_BUILD
  description = Linking CXX static library $TARGET_FILE
  restat = $RESTAT
";

fn add_library(text: &mut String, library: usize) -> Result<(), std::fmt::Error> {
    writeln!(text, "rule CXX_COMPILER__lib{library}_unscanned_RelWithDebInfo")?;
    text.push_str("  depfile = $DEP_FILE\n  deps = gcc\n");
    text.push_str(
        "  command = /usr/bin/c++ $DEFINES $INCLUDES $FLAGS -MF $DEP_FILE -o $out -c $in\n",
    );
    writeln!(text, "build cmake_order_depends_target_lib{library}: phony || .")?;
    for object in 0..OBJECTS {
        add_object(text, library, object)?;
    }
    write!(text, "build lib/liblib{library}.a: CXX_ARCHIVE")?;
    for object in 0..OBJECTS {
        write!(text, " src/CMakeFiles/lib{library}.dir/module{object}.cpp.o")?;
    }
    write!(
        text,
        " || cmake_order_depends_target_lib{library}\n  LANGUAGE_COMPILE_FLAGS = -O2 -g\n"
    )?;
    write!(text, "  POST_BUILD = :\n  PRE_LINK = :\n  TARGET_FILE = lib/liblib{library}.a\n\n")
}

fn add_object(text: &mut String, library: usize, object: usize) -> Result<(), std::fmt::Error> {
    let path = format!("src/CMakeFiles/lib{library}.dir/module{object}.cpp.o");
    let source = format!("/home/user/project/src/lib{library}/module{object}.cpp");
    text.push_str("#############################################\n# An object\n\n");
    write!(text, "build {path}")?;
    if object.is_multiple_of(10) {
        write!(text, " | ${{cmake_ninja_workdir}}{path}.stamp")?;
    }
    write!(text, ": CXX_COMPILER__lib{library}_unscanned_RelWithDebInfo {source}")?;
    writeln!(text, " || cmake_order_depends_target_lib{library}")?;
    writeln!(
        text,
        "  DEFINES = -DLIB{library}_EXPORTS -DNDEBUG -DQT_NO_DEBUG -DVERSION=\\\"1.2.3\\\""
    )?;
    writeln!(text, "  DEP_FILE = {path}.d")?;
    text.push_str(
        "  FLAGS = -O2 -g -DNDEBUG -std=gnu++20 -fPIC -fvisibility=hidden -Wall -Wextra\n",
    );
    writeln!(
        text,
        "  INCLUDES = -I/home/user/project/build/src -I/home/user/project/src/lib{library} \
         -I/home/user/project/include -isystem /usr/include/qt6 -isystem /usr/include/qt6/QtCore"
    )?;
    writeln!(text, "  OBJECT_DIR = src/CMakeFiles/lib{library}.dir")?;
    write!(text, "  OBJECT_FILE_DIR = src/CMakeFiles/lib{library}.dir\n\n")
}
