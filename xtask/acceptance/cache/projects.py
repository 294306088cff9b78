"""The projects that the cases build; written here, so that nothing has to be fetched."""


class Project:
    """Files and a manifest, without its table `[cache]`."""

    def __init__(self, manifest, files, executables=()):
        self.manifest = manifest
        self.files = files
        self.executables = executables


# Each compiles alone; what they include is known from depfiles only.
MODULES = {
    "area": ("shape.h", "double area(struct shape it) { return it.width * it.height; }"),
    "edge": ("shape.h", "double edge(struct shape it) { return 2 * (it.width + it.height); }"),
    "text": ("text.h", "int longer(const char *one, const char *other) { return strlen(one) > strlen(other); }"),
    "name": ("text.h", 'const char *name(void) { return "marker-of-' + "the-cache" + '"; }'),
    "wide": ("deep.h", "int wide(void) { return DEEP; }"),
}

MAIN = """#include <stdio.h>
#include "shape.h"
#include "text.h"
#include "deep.h"
#include "../made/version.h"
int main(void) {
    struct shape it = {3, 4};
    printf("%s %s %g %g %d %d\\n", name(), VERSION, area(it), edge(it), longer("long", "short"), wide());
    return 0;
}
"""

SHAPE = """#pragma once
#include "units.h"
struct shape { double width, height; };
double area(struct shape it);
double edge(struct shape it);
"""

TEXT = """#pragma once
#include <string.h>
int longer(const char *one, const char *other);
const char *name(void);
"""

# All kinds of outputs: files, an executable one, a link, a directory with all of these, an empty
# file, none at all.
MANIFEST = r"""
[walk]
version = 1

[tool.cc]
version = ["cc", "--version"]

[action.version]
run = ["tools/stamp.sh", "VERSION", "made/version.h"]
in = ["tools/stamp.sh", "VERSION"]
out = ["made/version.h"]

[action.compile]
foreach = "src/*.c"
run = "cc -O1 -Iinclude -MD -MF build/{stem}.d -c {file} -o {out}; echo compiled {stem}"
in = ["{file}"]
out = ["build/{stem}.o"]
depfile = "build/{stem}.d"
deps = ["version"]
tools = ["cc"]

[action.library]
run = "rm -f {out}; ar rcsD {out} {in}"
in = ["build/area.o", "build/edge.o", "build/text.o", "build/name.o", "build/wide.o"]
out = ["lib/libthings.a"]

[action.program]
run = "cc build/main.o -Llib -lthings -o {out}"
in = ["build/main.o", "lib/libthings.a"]
out = ["bin/program"]
tools = ["cc"]

[action.script]
run = "printf '#!/bin/sh\nexec \"$(dirname \"$0\")/program\" \"$@\"\n' > {out}; chmod 755 {out}"
out = ["bin/run"]

[action.link]
run = "ln -sfn run {out}"
in = ["bin/run"]
out = ["bin/latest"]

[action.pages]
run = "rm -rf pages; mkdir -p pages/deep/er pages/none; cp include/*.h pages/deep; cp tools/stamp.sh pages/deep/er; : > pages/deep/empty; ln -s deep/shape.h pages/first; date +%Y > /dev/null"
in = ["include/*.h", "tools/stamp.sh"]
out = ["pages"]

[action.pair]
run = "cp VERSION pair.a; echo marker-of-the-cache > pair.b; : > pair.c"
in = ["VERSION"]
out = ["pair.a", "pair.b", "pair.c"]

[action.check]
run = "bin/latest > said; test -s said; cat said"
in = ["bin/latest", "bin/run", "bin/program"]
out = ["said"]

[action.judge]
run = "grep -q marker-of-the-cache said && echo it holds"
in = ["said"]
"""


def things():
    """A small C project: 16 actions."""
    files = {f"src/{name}.c": f'#include "{header}"\n{code}\n' for name, (header, code) in MODULES.items()}
    files["src/main.c"] = MAIN
    files["include/shape.h"] = SHAPE
    files["include/text.h"] = TEXT
    files["include/deep.h"] = '#pragma once\n#include "units.h"\n#define DEEP 5\nint wide(void);\n'
    files["include/units.h"] = "#pragma once\n#define UNIT 1\n"
    files["tools/stamp.sh"] = "#!/bin/sh\necho \"#define VERSION \\\"$(cat \"$1\")\\\"\" > \"$2\"\n"
    files["VERSION"] = "1.0\n"
    return Project(MANIFEST, files, ("tools/stamp.sh",))


# The actions of `things`, and those that see `units.h`, which no action declares but `pages`.
ALL = 15
UNITS = ["check", "compile:src/area.c", "compile:src/edge.c", "compile:src/main.c", "compile:src/wide.c",
         "judge", "library", "pages", "program"]


def blobs(count, bytes_each):
    """Files that are as good as random, each made from a seed, and one from all of them."""
    each = f'''
[action.blob]
foreach = "seeds/*"
run = "python3 -S tools/fill.py {{in}} {bytes_each} > {{out}}"
in = ["{{file}}"]
out = ["blobs/{{stem}}"]

[action.sum]
run = "cat blobs/* | cksum > sum"
in = [{", ".join(f'"blobs/{number:03}"' for number in range(count))}]
out = ["sum"]
'''
    files = {f"seeds/{number:03}": f"{number}\n" for number in range(count)}
    files["tools/fill.py"] = FILL
    return Project(each, files)


FILL = """import random, sys
source = random.Random(open(sys.argv[1]).read())
sys.stdout.buffer.write(source.getrandbits(int(sys.argv[2]) * 8).to_bytes(int(sys.argv[2]), "little"))
"""
