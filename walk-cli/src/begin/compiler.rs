//! What compilers, linkers and `ar` read and write, by their arguments.
//!
//! Only what all of gcc and clang mean by a flag counts; any other command is not known here.

use std::path::Path;

/// What a command reads and writes, as its arguments name it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) inputs: Vec<String>,
    pub(super) output: String,
    pub(super) depfile: Option<String>,
    /// Flags that make it write a depfile, if it does not.
    pub(super) more: Vec<String>,
    /// Directories and names of `-L` and `-l`.
    pub(super) libraries: (Vec<String>, Vec<String>),
}

/// Flags of which the next word is a value that is no input.
const WITH_VALUE: &[&str] = &[
    "-I",
    "-D",
    "-U",
    "-L",
    "-l",
    "-include",
    "-imacros",
    "-isystem",
    "-iquote",
    "-idirafter",
    "-x",
    "-MT",
    "-MQ",
    "-Xlinker",
    "-Xassembler",
    "-Xpreprocessor",
    "-Xclang",
    "-T",
    "-u",
    "-z",
    "-arch",
    "-target",
    "--param",
    "-isysroot",
    "--sysroot",
    "-iprefix",
    "-iwithprefix",
    "-framework",
];

/// Returns what a command reads and writes, if it is one of those that are known.
pub(super) fn effect(words: &[String]) -> Option<Effect> {
    let words = match words.split_first()? {
        (wrapper, rest) if ["ccache", "sccache", "distcc"].contains(&name(wrapper)) => rest,
        _ => words,
    };
    let (program, args) = words.split_first()?;
    match name(program) {
        it if is_compiler(it) => compile(args),
        it if it == "ar" || it.ends_with("-ar") || it.ends_with("-gcc-ar") => archive(args),
        _ => None,
    }
}

/// Returns whether a file is something that compilers compile.
pub(super) fn is_source(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(|it| it.to_str());
    let known =
        ["c", "cc", "cpp", "cxx", "c++", "C", "s", "S", "m", "mm", "f", "F", "f90", "F90", "cu"];
    extension.is_some_and(|it| known.contains(&it))
}

fn name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// Returns whether a program is one, whatever stands before its name and whichever version it is:
/// `arm-none-eabi-gcc`, `clang++-18`.
fn is_compiler(name: &str) -> bool {
    let name = name.trim_end_matches(|it: char| it.is_ascii_digit() || it == '.');
    let name = name.strip_suffix('-').unwrap_or(name);
    let known = ["cc", "c++", "gcc", "g++", "clang", "clang++", "gfortran"];
    known
        .iter()
        .any(|it| name.strip_suffix(it).is_some_and(|it| it.is_empty() || it.ends_with('-')))
}

fn compile(args: &[String]) -> Option<Effect> {
    let mut effect = Effect::default();
    let (mut compiles, mut writes_depfile) = (false, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "-c" | "-S" => compiles = true,
            // It writes to standard output, or says something of itself.
            "-E" | "-M" | "-MM" | "-fsyntax-only" | "--version" | "-v" => return None,
            "-o" => effect.output.clone_from(args.next()?),
            "-MF" => effect.depfile = Some(args.next()?.clone()),
            "-MD" | "-MMD" => writes_depfile = true,
            "-L" => effect.libraries.0.push(args.next()?.clone()),
            "-l" => effect.libraries.1.push(args.next()?.clone()),
            it if WITH_VALUE.contains(&it) => drop(args.next()?),
            it if it.starts_with("-L") => effect.libraries.0.push(it[2..].into()),
            it if it.starts_with("-l") => effect.libraries.1.push(it[2..].into()),
            it if it.starts_with("-o") => effect.output = it[2..].into(),
            it if it.starts_with("-MF") => effect.depfile = Some(it[3..].into()),
            it if it.starts_with("-Wp,-MD,") || it.starts_with("-Wp,-MMD,") => {
                effect.depfile = it.rsplit(',').next().map(Into::into);
                writes_depfile = true;
            }
            it if it.starts_with('-') || it.starts_with('@') => {}
            it => effect.inputs.push(it.into()),
        }
    }
    if effect.output.is_empty() {
        effect.output = default_output(&effect.inputs, compiles)?;
    }
    let is_of_source = effect.inputs.iter().any(|it| is_source(it));
    if !is_of_source || effect.inputs.iter().filter(|it| is_source(it)).count() > 1 {
        effect.depfile = effect.depfile.filter(|_| writes_depfile && compiles);
    } else if !writes_depfile {
        let depfile = format!("{}.d", effect.output);
        effect.more = ["-MD".into(), "-MF".into(), depfile.clone()].into();
        effect.depfile = Some(depfile);
    } else if effect.depfile.is_none() {
        let path = Path::new(&effect.output).with_extension("d");
        effect.depfile = Some(path.to_string_lossy().into_owned());
    }
    Some(effect)
}

fn default_output(inputs: &[String], compiles: bool) -> Option<String> {
    if !compiles {
        return Some("a.out".into());
    }
    match inputs {
        [one] => Path::new(one).file_stem().map(|it| format!("{}.o", it.to_string_lossy())),
        _ => None,
    }
}

/// `ar rcs libx.a a.o b.o`: anything but adding is not known.
fn archive(args: &[String]) -> Option<Effect> {
    let (flags, rest) = args.split_first()?;
    let adds = flags.trim_start_matches('-').contains(['r', 'q']);
    let (output, inputs) = rest.split_first().filter(|_| adds && !flags.contains('m'))?;
    Some(Effect { output: output.clone(), inputs: inputs.to_vec(), ..Effect::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<Effect> {
        let words: Vec<String> = text.split_whitespace().map(Into::into).collect();
        effect(&words)
    }

    #[test]
    fn compilers_are_known_by_name() {
        for name in ["cc", "gcc", "g++-13", "clang++-18", "/usr/bin/cc", "arm-none-eabi-gcc", "c++"]
        {
            assert!(of(&format!("{name} -c a.c")).is_some(), "{name}");
        }
        for name in ["icc2", "mycc", "echo", "success"] {
            assert!(of(&format!("{name} -c a.c")).is_none(), "{name}");
        }
    }

    #[test]
    fn what_is_read_and_written_is_what_the_flags_say() {
        let check = |text: &str, inputs: &str, output, depfile: Option<&str>, more: &str| {
            let effect = of(text).expect("it is known");
            assert_eq!(effect.inputs.join(" "), inputs, "{text}");
            assert_eq!(effect.output, output, "{text}");
            assert_eq!(effect.depfile.as_deref(), depfile, "{text}");
            assert_eq!(effect.more.join(" "), more, "{text}");
        };
        check("cc -I inc -DX -c a.c -o o/a.o", "a.c", "o/a.o", Some("o/a.o.d"), "-MD -MF o/a.o.d");
        check("cc -MMD -c s/a.c -oo/a.o", "s/a.c", "o/a.o", Some("o/a.d"), "");
        check("ccache gcc -MD -MF x.d -c a.c", "a.c", "a.o", Some("x.d"), "");
        check("cc -o app a.o b.o -lm -L lib", "a.o b.o", "app", None, "");
        check("cc -o app a.c", "a.c", "app", Some("app.d"), "-MD -MF app.d");
        check("cc -o app a.c b.c", "a.c b.c", "app", None, "");
        check("ar rcs libx.a a.o b.o", "a.o b.o", "libx.a", None, "");
        assert_eq!(of("cc -E a.c"), None);
        assert_eq!(of("ar t libx.a"), None);
        assert_eq!(of("cc --version"), None);
    }
}
