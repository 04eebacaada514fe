#!/usr/bin/env bash
# Times recipack beside zip, 7-Zip and Python's zipfile on generated projects, in one interleaved run per size,
# and tells which of the bars hold. See --help.
set -euo pipefail

usage() {
    cat <<'EOF'
Usage: benches/compare.sh [OPTIONS] [SIZE...]

Times `recipack` beside Info-ZIP, 7-Zip and Python's zipfile on generated projects of SIZE assets (default: 100 2000).
Ratios of one run are comparable between machines, absolute times are not. On a busy machine judge by CPU.

Options:
  --large       also 20000 assets; needs 2 GB in the temporary folder
  --runs N      rounds for every size (default: 15 up to 500 assets, 7 up to 5000, 3 above)
  --bin FILE    this recipack, instead of building one
  --json OUT    write all figures to OUT
  --check       exit with 1 when a first bar doesn't hold
  --keep        leave the temporary folder
  -h, --help    this text
EOF
}

die() { # MESSAGE [STATUS]
    printf 'compare.sh: %s\n' "$1" >&2
    exit "${2:-64}"
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
sizes=()
large=no runs='' bin='' json='' check=no keep=no
while (($#)); do
    case $1 in
        --large) large=yes ;;
        --check) check=yes ;;
        --keep) keep=yes ;;
        --runs | --bin | --json)
            (($# > 1)) || die "$1 needs a value"
            declare "${1#--}=$2"
            shift
            ;;
        -h | --help)
            usage
            exit 0
            ;;
        -* | '' | *[!0-9]*) die "unknown argument '$1'; see --help" ;;
        *) sizes+=("$1") ;;
    esac
    shift
done
((${#sizes[@]})) || sizes=(100 2000)
[[ $large == no ]] || sizes+=(20000)
mapfile -t sizes < <(printf '%s\n' "${sizes[@]}" | sort -nu)
[[ -z $runs || $runs =~ ^[1-9][0-9]*$ ]] || die "--runs needs a number of 1 or more"

# --- tools ---------------------------------------------------------------------------------------------------------

missing=()
for pair in zip:zip unzip:unzip 7z:p7zip-full python3:python3 hyperfine:hyperfine time:time; do
    type -P "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if ((${#missing[@]})); then
    printf 'compare.sh: some tools are missing; install them with\n\n    sudo apt install %s\n\n' "${missing[*]}" >&2
    exit 1
fi
python=$(python3 -c 'import sys; print(sys.executable)') # past wrappers, which take time of their own
gnu_time=$(type -P time)

if [[ -z $bin ]]; then
    (cd "$root" && cargo build --release --locked --quiet)
    bin=$(cd "$root" && cargo metadata --format-version 1 --no-deps --locked |
        "$python" -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/release/recipack
fi
[[ -x $bin ]] || die "$bin is no program"
bin=$(cd "$(dirname "$bin")" && pwd)/$(basename "$bin")

work=$(mktemp -d "${TMPDIR:-/tmp}/recipack-bench.XXXXXX")
if [[ $keep == yes ]]; then
    printf 'temporary folder: %s\n' "$work" >&2
else
    trap 'rm -rf "$work"' EXIT
fi
export XDG_CACHE_HOME=$work/cache # so that a cold export is cold

cat >"$work/pack.py" <<'EOF'
# As the official CLI packs a project.
import os, sys, zipfile
source, package = sys.argv[1:]
with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
    for folder, _, files in os.walk(source):
        for file in files:
            path = os.path.join(folder, file)
            archive.write(path, os.path.relpath(path, source))
EOF

cat >"$work/change.py" <<'EOF'
# Gives one recipe another description, whose length differs each time, too.
import os, re, sys
counter = sys.argv[2]
count = int(open(counter).read()) + 1 if os.path.exists(counter) else 1
open(counter, "w").write(str(count))
recipes = sorted(os.path.join(d, f) for d, _, fs in os.walk(sys.argv[1]) for f in fs if f.endswith(".recipe.json"))
# The first in the platform's dialect, where the description stands before the steps.
path, text = next((p, t) for p in recipes for t in [open(p, encoding="utf-8").read()] if t.startswith('{\n  "name"'))
text = re.sub(r'"description": "[^"]*"', '"description": "Change %d %s"' % (count, "x" * (count % 50)), text, count=1)
open(path, "w", encoding="utf-8").write(text)
EOF

# --- one size ------------------------------------------------------------------------------------------------------

q() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

rounds() {
    if [[ -n $runs ]]; then
        printf '%s' "$runs"
    elif (($1 <= 500)); then
        printf 15
    elif (($1 <= 5000)); then
        printf 7
    else
        printf 3
    fi
}

names=() commands=() prepares=()
add() { # NAME PREPARE COMMAND
    names+=("$1")
    prepares+=("$2")
    commands+=("$3")
}

# All commands in turn, again and again, in one run of hyperfine: what drifts on the machine meets all alike.
measure() { # ROUNDS OUT
    local args=(--shell=none --runs 1 --export-json "$2") i n
    for ((n = 0; n < $1; n++)); do
        for i in "${!commands[@]}"; do
            args+=(--command-name "${names[i]}" --prepare "${prepares[i]}" "${commands[i]}")
        done
    done
    if ! hyperfine "${args[@]}" >"$work/hyperfine.log" 2>&1; then
        tail -n 5 "$work/hyperfine.log" >&2
        for i in "${!commands[@]}"; do printf '  %s: %s\n' "${names[i]}" "${commands[i]}" >&2; done
        exit 1
    fi
    names=() commands=() prepares=()
}

peak() { # FILE NAME DIRECTORY COMMAND...: peak memory in KiB
    local out=$1 name=$2 dir=$3
    shift 3
    (cd "$dir" && "$gnu_time" -f %M -o "$work/peak" "$@" >/dev/null 2>"$work/peak.log") || {
        tail -n 5 "$work/peak.log" >&2
        die "failed: $*" 1
    }
    printf '%s\t%s\n' "$name" "$(tail -n 1 "$work/peak")" >>"$out"
}

for size in "${sizes[@]}"; do
    dir=$work/$size
    project=$dir/project
    catalog=$dir/catalog.json
    mkdir -p "$dir"
    printf 'size %s: generating\n' "$size" >&2
    "$python" "$here/generate.py" "$size" "$project" --catalog "$catalog"

    export_args=(export "$project" --for customer --catalog "$catalog" --quiet --limit-mb 200 -o)
    zip_args=(zip -r -6 -q)
    seven_args=(7z a -tzip -mx=1 -mmt=2 -bso0 -bsp0)

    # Once without a clock: memory, sizes, warm page cache, and the package that is read below.
    # Peak memory varies from run to run, so the highest of a few counts.
    for ((n = 0; n < 5; n++)); do
        rm -f "$dir/recipack.zip"
        peak "$dir/peaks" recipack "$dir" "$bin" "${export_args[@]}" "$dir/recipack.zip"
    done
    peak "$dir/peaks" zip "$project" "${zip_args[@]}" "$dir/zip.zip" .
    peak "$dir/peaks" 7z "$project" "${seven_args[@]}" "$dir/7z.zip" .
    peak "$dir/peaks" python "$dir" "$python" "$work/pack.py" "$project" "$dir/python.zip"
    for name in recipack zip 7z python; do
        [[ -s $dir/$name.zip ]] || die "$name wrote no package" 1
        printf '%s\t%s\n' "$name" "$(stat -c %s "$dir/$name.zip")" >>"$dir/sizes"
    done
    mkdir -p "$dir/read" "$dir/again"
    cp "$dir/recipack.zip" "$dir/read/package.zip"
    if [[ -e $dir/recipack.recipack.json ]]; then
        "$bin" "${export_args[@]}" "$dir/read/package.zip" >/dev/null 2>&1 # with its decision record
    fi
    package=$dir/read/package.zip
    cold="rm -rf $(q "$XDG_CACHE_HOME")"

    printf 'size %s: timing\n' "$size" >&2
    qbin=$(q "$bin") qproject=$(q "$project") qcatalog=$(q "$catalog") qpackage=$(q "$package")
    export_command="$qbin export $qproject --for customer --catalog $qcatalog --quiet --limit-mb 200 -o"
    add recipack "$cold $(q "$dir/recipack.zip") $(q "$dir/recipack.recipack.json")" \
        "$export_command $(q "$dir/recipack.zip")"
    add zip "rm -f $(q "$dir/zip.zip")" "env -C $qproject ${zip_args[*]} $(q "$dir/zip.zip") ."
    add 7z "rm -f $(q "$dir/7z.zip")" "env -C $qproject ${seven_args[*]} $(q "$dir/7z.zip") ."
    add python "rm -f $(q "$dir/python.zip")" \
        "$(q "$python") $(q "$work/pack.py") $qproject $(q "$dir/python.zip")"
    # The same limit, which check has from a manifest only.
    printf '[package]\nproject = "project"\nlimit-mb = 200\n' >"$dir/recipack.toml"
    add check "$cold" "$qbin check -m $(q "$dir/recipack.toml") --for customer --catalog $qcatalog --quiet"
    add verify true "$qbin verify $qpackage"
    add unzip-t true "unzip -tq $qpackage"
    add show true "$qbin show $qpackage"
    add unzip-l true "unzip -Z1 $qpackage"
    # An empty workspace each time, beside plain files; and a workspace that holds the package already.
    platform=$dir/platform.db full=$dir/full.db
    create="$qbin workspace create w --kind external --quiet --platform"
    eval "$create $(q "$full")" >/dev/null
    "$bin" import "$package" --into local:w --other-target --allow-missing-connectors --quiet --platform "$full" >/dev/null 2>&1
    printf '#!/bin/sh\nrm -rf "$1" "$1".* && exec "$2" workspace create w --kind external --quiet --platform "$1" >/dev/null\n' \
        >"$work/empty"
    chmod +x "$work/empty"
    add import "$(q "$work/empty") $(q "$platform") $qbin" \
        "$qbin import $qpackage --into local:w --other-target --allow-missing-connectors --quiet --platform $(q "$platform")"
    add unzip-o "rm -rf $(q "$dir/unzipped")" "unzip -qo $qpackage -d $(q "$dir/unzipped")"
    add plan true "$qbin plan $qpackage --into local:w --other-target --allow-missing-connectors --quiet --platform $(q "$full")"
    measure "$(rounds "$size")" "$dir/cold.json"

    printf 'size %s: timing again with nothing and with one file changed\n' "$size" >&2
    export_again="$export_command $(q "$dir/again/recipack.zip")"
    change="$(q "$python") $(q "$work/change.py") $qproject $(q "$dir/counter")"
    "$bin" "${export_args[@]}" "$dir/again/recipack.zip" >/dev/null 2>&1
    (cd "$project" && "${zip_args[@]}" "$dir/again/zip.zip" .)
    # zip answers 12 when there is nothing to do.
    printf '#!/bin/sh\ncd "$1" && zip -FS -r -6 -q "$2" . || test $? = 12\n' >"$work/zip-fs"
    chmod +x "$work/zip-fs"
    zip_again="$(q "$work/zip-fs") $qproject $(q "$dir/again/zip.zip")"
    add recipack-unchanged "$export_again" "$export_again"
    add zip-unchanged "$zip_again" "$zip_again"
    # By itself: what changed within the last two seconds is read again, as its time does not tell it apart.
    measure "$(rounds "$size")" "$dir/unchanged.json"
    add recipack-changed "$change" "$export_again"
    add zip-changed "$change" "$zip_again"
    measure "$(rounds "$size")" "$dir/again.json"
    rm -rf "$project" "$dir/unzipped" "$platform" "$full"
done

hyperfine --shell=none --warmup 5 --runs 50 --command-name version --export-json "$work/version.json" \
    "$(q "$bin") --version" >"$work/hyperfine.log" 2>&1 || die "$bin --version failed" 1

# --- report --------------------------------------------------------------------------------------------------------

cat >"$work/report.py" <<'EOF'
import json, os, platform, statistics, subprocess, sys

work, binary, out, check, sizes = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] == "yes", sys.argv[5:]
LETTER = {"100": "S", "2000": "M", "20000": "L"}
AGAINST = {"verify": "unzip-t", "unzip-t": "unzip-t", "show": "unzip-l", "unzip-l": "unzip-l",
           "import": "unzip-o", "unzip-o": "unzip-o", "plan": "recipack",
           "recipack-unchanged": "zip-unchanged", "zip-unchanged": "zip-unchanged",
           "recipack-changed": "zip-changed", "zip-changed": "zip-changed"}
LABEL = {"recipack": "recipack export", "zip": "zip -r -6", "7z": "7z a -mx=1 -mmt=2", "python": "Python zipfile",
         "check": "recipack check", "verify": "recipack verify", "unzip-t": "unzip -tq", "show": "recipack show",
         "unzip-l": "unzip -Z1", "import": "recipack import", "unzip-o": "unzip -qo",
         "plan": "recipack plan, unchanged", "recipack-unchanged": "export again, unchanged",
         "zip-unchanged": "zip -FS, unchanged", "recipack-changed": "export again, one file",
         "zip-changed": "zip -FS, one file"}

def figures(path):
    found = {}
    for result in json.load(open(path))["results"]:
        entry = found.setdefault(result["command"], {"wall": [], "cpu": []})
        entry["wall"] += result["times"]
        entry["cpu"].append(result["user"] + result["system"])
    return found

def table(path):
    """The highest value of each name."""
    found = {}
    for line in open(path):
        name, value = line.rstrip("\n").split("\t")
        found[name] = max(found.get(name, 0), int(value))
    return found

def median(entry, what):
    return statistics.median(entry[what])

all_sizes = {}
for size in sizes:
    folder = os.path.join(work, size)
    runs = figures(os.path.join(folder, "cold.json"))
    runs.update(figures(os.path.join(folder, "unchanged.json")))
    runs.update(figures(os.path.join(folder, "again.json")))
    for name, value in table(os.path.join(folder, "sizes")).items():
        runs[name]["bytes"] = value
    for name, value in table(os.path.join(folder, "peaks")).items():
        runs[name]["peak_kib"] = value
    all_sizes[size] = runs

def ratio(size, name, what):
    """Of `name` to what it is measured against."""
    runs = all_sizes.get(size)
    if runs is None:
        return None
    ours, theirs = runs[name], runs[AGAINST.get(name, "zip")]
    if what == "bytes":
        return ours["bytes"] / theirs["bytes"]
    below = median(theirs, what)
    return median(ours, what) / below if below else None

def per_asset(name, size, other):
    """What an asset costs in a project of one size, to what it costs in one of the other."""
    if size not in all_sizes or other not in all_sizes:
        return None
    cost = lambda size: median(all_sizes[size][name], "wall") / int(size)
    return cost(size) / cost(other)

def number(value, form="%.2f"):
    return "-" if value is None else form % value

for size, runs in all_sizes.items():
    count = len(runs["zip"]["wall"])
    print("\n%s assets%s, medians of %d interleaved rounds" % (
        size, " (%s)" % LETTER[size] if size in LETTER else "", count))
    print("  %-24s %9s %9s %7s %7s %12s %7s %10s" % (
        "", "wall, s", "CPU, s", "wall x", "CPU x", "bytes", "size x", "peak, MiB"))
    for name in LABEL:
        run = runs[name]
        held = "bytes" in run
        print("  %-24s %9.3f %9.3f %7s %7s %12s %7s %10s" % (
            LABEL[name], median(run, "wall"), median(run, "cpu"), number(ratio(size, name, "wall")),
            number(ratio(size, name, "cpu")), run["bytes"] if held else "",
            number(ratio(size, name, "bytes"), "%.3f") if held else "",
            "%.1f" % (run["peak_kib"] / 1024) if held else ""))
print("\nx: ratio to zip -r -6; for verify to unzip -tq, for show to unzip -Z1, for export again to zip -FS,"
      "\n   for import to unzip -qo, for plan to recipack export")

version = json.load(open(os.path.join(work, "version.json")))["results"][0]
start = version["median"] * 1000
large = all_sizes.get("20000")
peak = large["recipack"]["peak_kib"] / 1024 if large else None
BARS = [
    ("export of M, wall", ratio("2000", "recipack", "wall"), 0.45, 0.30, ""),
    ("export of M, CPU", ratio("2000", "recipack", "cpu"), 0.80, 0.58, ""),
    ("export of S, wall", ratio("100", "recipack", "wall"), 0.60, 0.40, ""),
    ("export of L, wall", ratio("20000", "recipack", "wall"), 0.45, 0.30, ""),
    ("package of M, size", ratio("2000", "recipack", "bytes"), 0.985, 0.98, ""),
    ("export of L, peak memory", peak, 96, 24, " MiB"),
    ("verify of M against unzip -tq", ratio("2000", "verify", "wall"), 0.50, 0.38, ""),
    ("show of L against unzip -Z1", ratio("20000", "show", "wall"), 3.0, 1.0, ""),
    ("check of M", ratio("2000", "check", "wall"), 0.25, 0.12, ""),
    ("plan of M against export", ratio("2000", "plan", "wall"), 0.5, 0.3, ""),
    ("import of M against unzip -qo", ratio("2000", "import", "wall"), 1.0, 0.6, ""),
    ("import of L against unzip -qo", ratio("20000", "import", "wall"), 1.0, 0.6, ""),
    ("export of M again, unchanged", ratio("2000", "recipack-unchanged", "wall"), 1.0, 0.20, ""),
    ("export of L again, unchanged", ratio("20000", "recipack-unchanged", "wall"), 1.0, 0.20, ""),
    ("export of L again, one file", ratio("20000", "recipack-changed", "wall"), 1.5, 0.40, ""),
    ("import, an asset of L against M", per_asset("import", "20000", "2000"), 1.2, 1.05, ""),
    ("start-up, --version", start, 20, 5, " ms"),
]
print("\n  %-32s %12s %10s %10s  %s" % ("bar", "measured", "first bar", "goal", "holds"))
failed = []
bars = []
for name, value, first, goal, unit in BARS:
    if value is None:
        verdict = "not measured"
    elif value <= goal:
        verdict = "yes, and the goal"
    elif value <= first:
        verdict = "yes"
    else:
        verdict = "NO"
        failed.append(name)
    print("  %-32s %12s %10s %10s  %s" % (
        name, number(value, "%.3f" + unit), "%g%s" % (first, unit), "%g%s" % (goal, unit), verdict))
    bars.append({"name": name, "value": value, "unit": unit.strip() or "ratio", "first": first, "goal": goal,
                 "holds": None if value is None else value <= first})

if out:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout.strip()
    document = {"recipack": said, "machine": platform.platform(), "cpus": os.cpu_count(),
                "sizes": all_sizes, "version_ms": [t * 1000 for t in version["times"]], "bars": bars}
    with open(out, "w") as f:
        json.dump(document, f, indent=2)
        f.write("\n")
if failed:
    print("\n%d of the first bars do not hold: %s" % (len(failed), ", ".join(failed)))
    if check:
        sys.exit(1)
EOF
"$python" "$work/report.py" "$work" "$bin" "$json" "$check" "${sizes[@]}"
