"""The projects that are built: a C program, a data pipeline, and plans of many small actions.

Each is a dictionary from path to text. None knows where its actions will run.
"""

import json
import textwrap


def clean(text):
    return textwrap.dedent(text).lstrip("\n")


C_PROGRAM = {path: clean(text) for path, text in {
    "walk.toml": """
        [walk]
        version = 1
        default = ["check"]

        [vars]
        cc = "cc"
        flags = "-O2 -Wall -Wextra -Werror -Iinclude -Ibuild"

        [tool.cc]
        version = ["${cc}", "--version"]

        [action.limits]
        run = ["sh", "tools/limits.sh", "limits.txt", "{out}"]
        in = ["tools/limits.sh", "limits.txt"]
        out = ["build/limits.h"]

        [action.compile]
        foreach = "src/*.c"
        run = "${cc} ${flags} -MD -MF {out}.d -c {in} -o {out}"
        in = ["{file}"]
        out = ["build/{stem}.o"]
        after = ["limits"]
        depfile = "{out}.d"
        tools = ["cc"]

        [action.archive]
        run = "rm -f {out} && ar rcsD {out} {in}"
        in = ["build/text.o", "build/hash.o", "build/table.o", "build/list.o"]
        out = ["build/libwords.a"]

        [action.words]
        run = "${cc} -o $WALK_OUT/{out} {in}"
        in = ["build/main.o", "build/libwords.a"]
        out = ["bin/words"]
        tools = ["cc"]

        [action.unit]
        run = "${cc} -o {out} {in}"
        in = ["build/unit.o", "build/libwords.a"]
        out = ["bin/unit"]
        tools = ["cc"]

        [action.test]
        matrix = { case = ["small", "empty", "many"] }
        run = "sh tests/run.sh bin/words tests/{case}.txt > {out}"
        in = ["bin/words", "tests/run.sh", "tests/{case}.txt"]
        out = ["build/test/{case}.log"]
        timeout = "30s"

        [action.check]
        run = "bin/unit && cat {in} > {out}"
        in = ["build/test/*.log"]
        deps = ["unit"]
        out = ["build/check.log"]
        """,
    "limits.txt": """
        BUCKETS 61
        LONGEST 63
        """,
    "tools/limits.sh": """
        # Makes a header of lines of a name and a number.
        set -eu
        while read -r name number; do
            echo "#define $name $number"
        done < "$1" > "$2"
        """,
    "include/text.h": """
        #ifndef TEXT_H
        #define TEXT_H
        #include <stdio.h>
        /* Reads a word in lower case; false at the end. */
        int text_word(FILE *file, char *word, int size);
        #endif
        """,
    "include/hash.h": """
        #ifndef HASH_H
        #define HASH_H
        unsigned hash(const char *word);
        #endif
        """,
    "include/list.h": """
        #ifndef LIST_H
        #define LIST_H
        struct item { struct item *next; int count; char word[1]; };
        struct item *list_add(struct item **list, const char *word);
        #endif
        """,
    "include/table.h": """
        #ifndef TABLE_H
        #define TABLE_H
        #include "limits.h"
        #include "list.h"
        struct table { struct item *buckets[BUCKETS]; int words; };
        void table_count(struct table *table, const char *word);
        int table_of(const struct table *table, const char *word);
        #endif
        """,
    "src/text.c": """
        #include "text.h"
        #include <ctype.h>
        int text_word(FILE *file, char *word, int size)
        {
            int length = 0, letter;
            while ((letter = getc(file)) != EOF) {
                if (isalpha(letter)) {
                    if (length < size - 1)
                        word[length++] = (char)tolower(letter);
                } else if (length > 0) {
                    break;
                }
            }
            word[length] = 0;
            return length > 0;
        }
        """,
    "src/hash.c": """
        #include "hash.h"
        unsigned hash(const char *word)
        {
            unsigned sum = 5381;
            while (*word)
                sum = sum * 33 + (unsigned char)*word++;
            return sum;
        }
        """,
    "src/list.c": """
        #include "list.h"
        #include <stdlib.h>
        #include <string.h>
        struct item *list_add(struct item **list, const char *word)
        {
            for (; *list; list = &(*list)->next)
                if (strcmp((*list)->word, word) == 0)
                    return *list;
            *list = calloc(1, sizeof(struct item) + strlen(word));
            strcpy((*list)->word, word);
            return *list;
        }
        """,
    "src/table.c": """
        #include "table.h"
        #include "hash.h"
        #include <string.h>
        void table_count(struct table *table, const char *word)
        {
            struct item *item = list_add(&table->buckets[hash(word) % BUCKETS], word);
            table->words += item->count++ == 0;
        }
        int table_of(const struct table *table, const char *word)
        {
            const struct item *item = table->buckets[hash(word) % BUCKETS];
            while (item && strcmp(item->word, word) != 0)
                item = item->next;
            return item ? item->count : 0;
        }
        """,
    "src/main.c": """
        #include "table.h"
        #include "text.h"
        int main(void)
        {
            static struct table table;
            char word[LONGEST + 1];
            while (text_word(stdin, word, sizeof word))
                table_count(&table, word);
            printf("%d words, %d times the\\n", table.words, table_of(&table, "the"));
            return 0;
        }
        """,
    "src/unit.c": """
        #include "hash.h"
        #include "table.h"
        int main(void)
        {
            static struct table table;
            table_count(&table, "a");
            table_count(&table, "a");
            return !(hash("") == 5381 && table_of(&table, "a") == 2 && table_of(&table, "b") == 0);
        }
        """,
    "tests/run.sh": """
        # Runs the program on a text that begins with what is expected.
        set -eu
        expected=$(head -n 1 "$2")
        seen=$(tail -n +2 "$2" | "$1")
        test "$seen" = "$expected"
        echo "$2: $seen"
        """,
    "tests/small.txt": """
        5 words, 2 times the
        The cat saw the dog, saw dog?
        And?
        """,
    "tests/empty.txt": "0 words, 0 times the\n",
    "tests/many.txt": "201 words, 200 times the\n"
                      + "".join(f"the {chr(97 + n % 20)}{chr(97 + n // 20)}x\n" for n in range(200)),
}.items()}

PIPELINE = {path: clean(text) for path, text in {
    "walk.toml": """
        [walk]
        version = 1

        [queues]
        narrow = 2

        [env]
        set = { LC_ALL = "C", SCALE = "10" }

        [action.measure]
        matrix = { site = ["north", "south", "east"], year = ["2023", "2024"] }
        run = ["python3", "steps/measure.py", "{site}", "{year}", "{out}"]
        in = ["steps/measure.py"]
        out = ["data/raw/{site}-{year}.csv"]

        [action.tidy]
        matrix = { site = ["north", "south", "east"], year = ["2023", "2024"] }
        run = "grep -v nan {in} | sort -t, -k1,1n > $WALK_OUT/{out}"
        in = ["data/raw/{site}-{year}.csv"]
        out = ["data/tidy/{site}-{year}.csv"]

        [action.monthly]
        matrix = { site = ["north", "south", "east"], year = ["2023", "2024"] }
        run = "python3 steps/monthly.py data/tidy/{site}-{year}.csv data/monthly/{site}-{year}.json"
        in = ["steps/monthly.py", "steps/table.py", "data/tidy/{site}-{year}.csv"]
        out = ["data/monthly/{site}-{year}.json", "data/monthly/{site}-{year}.txt"]
        queue = "narrow"

        [action.note]
        foreach = "notes/*.md"
        run = "tr a-z A-Z < {in} > {out}"
        in = ["{file}"]
        out = ["out/notes/{stem}.txt"]

        [action.site]
        matrix = { site = ["north", "south", "east"] }
        run = "python3 ../steps/merge.py ../data/monthly {site} > {site}.json"
        cwd = "out"
        in = ["steps/merge.py", "steps/table.py", "data/monthly/{site}-*.json", "sites.json"]
        out = ["out/{site}.json"]

        [action.pages]
        run = "rm -rf {out} && mkdir -p {out} && for f in out/*.json; do tr , '\\\\n' < $f > {out}/$(basename $f .json).txt; done"
        in = ["out/*.json"]
        out = ["pages"]

        [action.report]
        run = ["python3", "steps/report.py", "report.txt"]
        in = ["steps/report.py", "out/*.json", "out/notes/*.txt"]
        deps = ["pages"]
        out = ["report.txt"]
        """,
    "sites.json": '{"north": 64.1, "south": -33.9, "east": 35.7}\n',
    "notes/north.md": "Cold.\n",
    "notes/south.md": "The sensor was moved in May.\n",
    "out/README": "What the steps make.\n",
    "steps/measure.py": """
        import random
        import sys

        site, year, path = sys.argv[1:]
        source = random.Random(site + year)
        with open(path, "w") as file:
            for day in source.sample(range(365), 365):
                value = "nan" if source.random() < 0.05 else f"{source.gauss(10, 4):.2f}"
                file.write(f"{day},{value}\\n")
        """,
    "steps/table.py": """
        import json


        def write(path, table):
            with open(path, "w") as file:
                json.dump(table, file, sort_keys=True)


        def read(path):
            with open(path) as file:
                return json.load(file)
        """,
    "steps/monthly.py": """
        import os
        import sys

        sys.dont_write_bytecode = True
        import table

        source, path = sys.argv[1:]
        months = {}
        with open(source) as file:
            for line in file:
                day, value = line.split(",")
                months.setdefault(int(day) // 31, []).append(float(value) * int(os.environ["SCALE"]))
        means = {f"{month:02}": round(sum(values) / len(values), 3) for month, values in months.items()}
        table.write(path, means)
        with open(path.replace(".json", ".txt"), "w") as file:
            file.writelines(f"{month} {'#' * int(mean / 5)}\\n" for month, mean in sorted(means.items()))
        """,
    "steps/merge.py": """
        import glob
        import json
        import sys

        sys.dont_write_bytecode = True
        import table

        folder, site = sys.argv[1:]
        merged = {"site": site, "latitude": table.read("../sites.json")[site]}
        for path in sorted(glob.glob(f"{folder}/{site}-*.json")):
            merged[path[-9:-5]] = table.read(path)
        json.dump(merged, sys.stdout, indent=1, sort_keys=True)
        """,
    "steps/report.py": """
        import glob
        import json
        import sys

        with open(sys.argv[1], "w") as report:
            for path in sorted(glob.glob("out/*.json")):
                with open(path) as file:
                    site = json.load(file)
                report.write(f"{site['site']}: {max(site['2024'].values())} at most in 2024\\n")
            for path in sorted(glob.glob("out/notes/*.txt")):
                with open(path) as file:
                    report.write(file.read())
        """,
}.items()}


def layers(count, width):
    """Each action makes a file of its own name and of three files of the layer before."""
    actions = []
    for layer in range(count):
        for number in range(width):
            before = [(number * 7 + step * 31) % width for step in range(3)] if layer else []
            names = sorted({f"out/{layer - 1:02}-{it:02}" for it in before})
            name = f"out/{layer:02}-{number:02}"
            run = f"(echo {name}; cat /dev/null {' '.join(names)} | cksum) > {name}"
            actions.append({"action": name[4:], "run": run, "in": names, "out": [name]})
    return {"walk.json": plan(actions)}


# A command that writes who is at work, and when; `ticks` is no output and no input.
TICK = 'tick() { echo "$WALK_ACTION $1 $$ $(date +%s.%N) $(hostname)" >> ticks; }'


def sleepers(count, seconds, more=None, settings=None, out="{out}"):
    """Actions that take their time, and tell in `ticks` when they began, went on and ended.

    Each has a source of its own, and its output is what a clean build makes of that, in two writes:
    at the beginning and at the end.
    """
    actions, files = [], {}
    for number in range(count):
        name = f"s{number:02}"
        place = out.replace("{out}", f"out/{name}")
        work = f"for i in $(seq {int(seconds * 4)}); do sleep 0.25; tick still; done"
        lines = [TICK, "tick begin", f"head -n 1 src/{name} > {place}", work,
                 f"tail -n 1 src/{name} >> {place}", "tick end"]
        files[f"src/{name}"] = f"first {number}\nlast {number}\n"
        action = {"action": name, "run": "\n".join(lines), "in": [f"src/{name}"], "out": [f"out/{name}"]}
        actions.append({**action, **(more or {})})
    join = {"action": "all", "run": "cat out/s* > all", "out": ["all"],
            "in": [f"out/s{number:02}" for number in range(count)]}
    return {"walk.json": plan([*actions, join], settings), **files}


def plan(actions, more=None):
    return json.dumps({"walk": {"version": 1}, **(more or {}), "actions": actions}, indent=1)
