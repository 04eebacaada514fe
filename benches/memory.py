#!/usr/bin/env python3
"""Measures how much memory commands take, beside the aim: 64 MiB, and 4 times the largest file.

Makes packages and projects that are as large as they may be, each of another kind, lets every command open them, and
prints the peak of each in MiB, as GNU time tells what is resident. Then the same of larger ones, which are refused and
may take 256 MiB. A command that takes more than five minutes is stopped and told. Ends with 1 if one is over; the page
on limits says what is known of those. Needs Python 3.9 or newer, GNU time, and 2 GB in the temporary folder.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile

# As in src/archive/limits.rs.
ENTRIES = 25_000
NAME_BYTES = 3 << 20
RULE = 64 << 20
REFUSED = 256 << 20
PATIENCE = 300

COMMANDS = [
    ("check", "check {project} --for external"),
    ("check of zip", "check {zip} --for external"),
    ("export", "export {project} --for external -o o.zip --limit-mb 1000"),
    ("export again", "export {project} --for external -o o.zip --limit-mb 1000"),
    ("verify", "verify o.zip"),
    ("rebuild", "verify o.zip --rebuild-from {project}"),
    ("show", "show {zip}"),
    ("plan", "plan {zip} --into local:w"),
    ("import", "import {zip} --into local:w --yes"),
    ("import again", "import {zip} --into local:w --yes"),
    ("diff", "diff {zip} one.zip"),
    ("diff same", "diff {zip} o.zip"),
]


def recipe(name, steps="", config=""):
    return ('{"name":"%s","version":1,"code":{"number":0,"keyword":"trigger","provider":"clock","name":"s","as":"a",'
            '"block":[%s]},"config":[%s]}' % (name, steps, config))


def account(path, name):
    return ('{"keyword":"application","provider":"gmail","skip_validation":false,"account_id":{"zip_name":"%s",'
            '"name":"%s","folder":""}}' % (path, name))


def step(number, provider, raw):
    return ('{"number":%d,"keyword":"action","provider":"%s","name":"do","as":"x","input":{"flow_id":"%d"}}'
            % (number, provider, raw))


def plain(count):
    for at in range(count):
        yield "folder %d/recipe %d.recipe.json" % (at // 100, at), recipe("Recipe %d" % at)


def paths(count):
    width = min(240, NAME_BYTES // count - 13)
    for at in range(count):
        yield str(at).rjust(width, "n") + ".recipe.json", recipe("Recipe %d" % at)


def folders(count):
    for at in range(count):
        yield "folder %d/a.recipe.json" % at, recipe("Recipe %d" % at)


def connections(count):
    for at in range(count):
        yield "c%d.connection.json" % at, '{"name":"C%d","provider":"gmail","root_folder":false}' % at


def tables(count):
    for at in range(count):
        yield "t%d.lookup_table.json" % at, '{"name":"T%d","columns":[{"name":"a"}]}' % at


def connectors(count):
    for at in range(count // 2):
        name = "c%d_connector_1_%d" % (at, 1_600_000_000 + at)
        yield "c%d.custom_adapter.json" % at, '{"title":"C%d","name":"%s","version":1}' % (at, name)
        yield ("c%d.custom_adapter.rb" % at,
               '{\n  title: "C%d",\n  connection: {},\n  actions: { go: { execute: lambda { |c, i| i } } }\n}\n' % at)


def dangling(count):
    """References to nothing, each to another nothing: as many as there may be."""
    each = 3
    for at in range(count):
        config = ",".join(account("g%d.connection.json" % (at * each + k), "G%d" % (at * each + k)) for k in range(each))
        yield "folder %d/r%d.recipe.json" % (at // 100, at), recipe("R%d" % at, config=config)


def elsewhere(count):
    """References to connections that lie where they don't say."""
    for at in range(count // 2):
        yield "a/c%d.connection.json" % at, '{"name":"C%d","provider":"gmail","root_folder":false}' % at
        config = ",".join(account("b/c%d.connection.json" % to, "C%d" % to) for to in (at, (at * 7) % (count // 2)))
        yield "r/r%d.recipe.json" % at, recipe("R%d" % at, config=config)


def ambiguous(count):
    """References that may mean any of very many."""
    for at in range(1_000):
        yield "f%d/c.connection.json" % at, '{"name":"C","provider":"gmail","root_folder":false}'
    for at in range(count - 1_000):
        yield "r/r%d.recipe.json" % at, recipe("R%d" % at, config=account("b%d/c.connection.json" % at, "C"))


def steps(count):
    each = 4
    for at in range(count):
        block = ",".join(step(k + 1, "p%d_%d" % (at, k), 100_000 + at * 9 + k) for k in range(each))
        yield "r%d.recipe.json" % at, recipe("R%d" % at, steps=block)


def names(count):
    for at in range(count):
        yield "r%d.recipe.json" % at, recipe(("R%d " % at).ljust(200, "x"))


def tokens(count):
    """Files of a million values, which take far more memory than they are long."""
    for at in range(8):
        yield "r%d.recipe.json" % at, recipe("R%d" % at)[:-1] + ',"x":[%s0]}' % ("0," * 990_000)


def incompressible(count):
    for at in range(6):
        yield "t%d.lookup_table.json" % at, json.dumps({"name": "T%d" % at, "rows": os.urandom(12 << 20).hex()})


def texts(count):
    for at in range(count):
        yield "%08d.txt" % at, "x"


def broken(count):
    for at in range(count):
        yield "%d.recipe.json" % at, "{"


def huge(count):
    """One file that is larger than the platform takes packages."""
    rows = ",".join('{"id":%d,"data":["%s"]}' % (at, "v" * 180) for at in range(500_000))
    yield "t.lookup_table.json", '{"name":"T","rows":[%s]}' % rows


def ruby(count):
    """Sources as long as they may be to be read, and longer ones, which are packed without."""
    for at, lines in enumerate((12_000, 12_000, 60_000)):
        name = "c%d_connector_1_%d" % (at, 1_600_000_000 + at)
        yield "c%d.custom_adapter.json" % at, '{"title":"C%d","name":"%s","version":1}' % (at, name)
        actions = ",\n".join("    a%d: { execute: lambda { |c, i| get(\"/%d\").params(i[:x]) } }" % (line, line)
                             for line in range(lines))
        yield "c%d.custom_adapter.rb" % at, '{\n  title: "C%d",\n  actions: {\n%s\n  }\n}\n' % (at, actions)


def beside(count):
    """Files that are no assets', in a folder; a package holds only so many."""
    yield "a.recipe.json", recipe("A")
    for at in range(2 * count - 2):
        yield "src %d/%08d.txt" % (at // 100, at), "x"


def ignored(count):
    """Rules of which few take anything."""
    yield ".workato-ignore", "\n".join("old %d/*" % at for at in range(9_990))
    yield from plain(count)


def too_many(count):
    yield from plain(ENTRIES + 10)


def long_paths(count):
    for at in range(count):
        yield "%s/%d.recipe.json" % ("f" * 200, at), recipe("R%d" % at)


def many_facts(count):
    for at in range(200):
        block = ",".join(step(k + 1, "p%d_%d" % (at, k), 100_000 + at * 4 + k) for k in range(8_000))
        yield "r%d.recipe.json" % at, recipe("R%d" % at, steps=block)


def many_values(count):
    for at in range(4):
        yield "r%d.recipe.json" % at, recipe("R%d" % at)[:-1] + ',"x":[%s0]}' % ("0," * 8_000_000)


def bomb(count):
    yield "t.lookup_table.json", '{"name":"%s"}' % ("n" * (500 << 20))


KINDS = [plain, paths, folders, connections, tables, connectors, dangling, elsewhere,
         ambiguous, steps, names, tokens, incompressible, texts,
         broken, huge, ruby, beside, ignored]
REFUSED_KINDS = [too_many, long_paths, many_facts, many_values, bomb]


def make(kind, place, count):
    largest = 0
    with zipfile.ZipFile(os.path.join(place, "p.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path, text in kind(count):
            largest = max(largest, len(text))
            archive.writestr(path, text)
            path = os.path.join(place, "p", path)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
    return largest


def run(binary, arguments, place):
    """The exit code, the peak in bytes, and the code of the first error."""
    environment = dict(os.environ, RECIPACK_PLATFORM=os.path.join(place, "w.db"),
                       XDG_CACHE_HOME=os.path.join(place, "cache"))
    # By a small program: what this one holds would count as its child's.
    peak = os.path.join(place, "peak")
    command = ["time", "--format=%M", "--output=" + peak, "timeout", str(PATIENCE), binary, *arguments.split(), "--quiet"]
    done = subprocess.run(command, cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, errors="replace")
    errors = [line for line in done.stderr.splitlines() if line.startswith("error")]
    if done.returncode == 124:
        errors = ["did not end within %d s" % PATIENCE]
    with open(peak) as told:
        kib = int(told.read().split()[-1])
    return done.returncode, kib * 1024, errors[0].strip()[:90] if errors else ""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("binary", help="the recipack to measure, built with --release")
    arguments.add_argument("kinds", nargs="*", help="only these: " + ", ".join(kind.__name__ for kind in KINDS + REFUSED_KINDS))
    arguments.add_argument("--entries", type=int, default=ENTRIES - 10, help="how many files (default: %(default)s)")
    given = arguments.parse_args()
    binary = os.path.abspath(given.binary)
    over = 0
    for kind in KINDS + REFUSED_KINDS:
        if given.kinds and kind.__name__ not in given.kinds:
            continue
        with tempfile.TemporaryDirectory(prefix="recipack-memory.") as place:
            largest = make(kind, place, given.entries)
            with zipfile.ZipFile(os.path.join(place, "one.zip"), "w") as archive:
                archive.writestr("a.recipe.json", recipe("A"))
            run(binary, "workspace create w --kind external", place)
            allowed = REFUSED if kind in REFUSED_KINDS else RULE + 4 * largest
            print("%s: %.1f MiB allowed" % (kind.__name__, allowed / (1 << 20)))
            for name, command in COMMANDS:
                words = command.format(project="p", zip="p.zip")
                code, peak, error = run(binary, words, place)
                mark = "OVER" if peak > allowed or code == 124 else ""
                over += bool(mark)
                print("  %-14s %7.1f  exit %d %s %s" % (name, peak / (1 << 20), code, mark, error), flush=True)
    print("every command is within it" if not over else "%d are over" % over)
    sys.exit(bool(over))


if __name__ == "__main__":
    main()
