"""Compares what is made of generated archives here with what seven other readers make of them.

Every reader that reads an archive which is accepted here has to find the same names and the same contents.
"""

import collections
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import archives

here = pathlib.Path(__file__).parent

# They extract to a folder: exit codes that are no failure, and the command.
PROGRAMS = {
    "unzip": ({0, 1}, ["unzip", "-q", "-o", "{archive}", "-d", "{out}"]),
    "7-Zip": ({0, 1}, ["7z", "x", "-y", "-aoa", "-bso0", "-bsp0", "-o{out}", "{archive}"]),
    "bsdtar": ({0}, ["bsdtar", "-x", "-f", "{archive}", "-C", "{out}"]),
}


def extracted(reader, archive, out):
    """What lies in a folder when a program has extracted an archive to it; None if it says that it failed."""
    fine, command = PROGRAMS[reader]
    os.mkdir(out)
    try:
        ended = subprocess.run(
            [part.format(archive=archive, out=out) for part in command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60,
        )
        if ended.returncode not in fine:
            return None
        found = []
        for folder, folders, files in os.walk(os.fsencode(out)):
            below = os.path.relpath(folder, os.fsencode(out))
            for name in folders:
                found.append((os.path.normpath(os.path.join(below, name)) + b"/", ""))
            for name in files:
                data = pathlib.Path(os.fsdecode(os.path.join(folder, name))).read_bytes()
                found.append((os.path.normpath(os.path.join(below, name)), hashlib.sha256(data).hexdigest()))
        return found
    finally:
        subprocess.run(["chmod", "-R", "u+rwx", out], check=False)
        shutil.rmtree(out)


def by_program(reader, paths, work):
    return [extracted(reader, path, f"{work}/{reader}") for path in paths]


def by_batch(command, paths):
    """The same from a program that reads all of them and prints a line of JSON for each."""
    ended = subprocess.run(command, input="\n".join(paths) + "\n", capture_output=True, text=True, timeout=170)
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    if ended.returncode or len(lines) != len(paths):
        sys.exit(f"{command}: {ended.returncode}, {len(lines)} of {len(paths)} archives\n{ended.stderr[-2000:]}")
    return [None if "refused" in one else [(bytes.fromhex(name), digest) for name, digest in one["entries"]] for one in lines]


def composed(name):
    """A name in the form that some systems give all names. Two names that differ in form only are refused."""
    try:
        return unicodedata.normalize("NFC", name.decode()).encode()
    except UnicodeDecodeError:
        return name


def with_parents(entries):
    """Files as they are, and every folder, whether it has an entry or only something in it."""
    files, folders = collections.Counter(), set()
    for name, digest in entries:
        name = composed(name)
        if not name.endswith(b"/"):
            files[name, digest] += 1
        parts = name.rstrip(b"/").split(b"/")
        folders.update(b"/".join(parts[:at]) for at in range(1, len(parts) + name.endswith(b"/")))
    return files, folders


def difference(ours, theirs):
    """What a reader found that is not so here, and the other way round; None if there is nothing."""
    sure = [(e["name"].encode() + b"/" * (e["digest"] is None), e["digest"] or "") for e in ours]
    told = {composed(e["name"].encode()) for e in ours if e["told"]}
    our_files, our_folders = with_parents(sure)
    their_files, their_folders = with_parents(theirs)
    more, fewer = their_files - our_files, our_files - their_files
    if told and all(name in told for name, _ in fewer):
        # Another spelling is told in a finding; the contents have to be there all the same.
        digests = lambda counter: sorted(counter.elements(), key=lambda e: e[1])
        if [d for _, d in digests(more)] == [d for _, d in digests(fewer)]:
            return None
    if more or fewer or (our_folders != their_folders and not told):
        return f"only there {sorted(more)} {sorted(their_folders - our_folders)}, only here {sorted(fewer)} {sorted(our_folders - their_folders)}"
    return None


def ours(contents, paths):
    ended = subprocess.run([contents], input="\n".join(paths) + "\n", capture_output=True, text=True, timeout=170)
    if ended.returncode:
        sys.exit(f"{contents}: {ended.returncode}\n{ended.stderr[-2000:]}")
    return [json.loads(line) for line in ended.stdout.splitlines()]


def main(contents, recipack, work, seed, pairs, step, verbose=False):
    os.mkdir(f"{work}/archives")
    paths = []
    for name, archive in itertools.islice(archives.generate(seed, pairs), 0, None, step):
        paths.append(f"{work}/archives/{name}.zip")
        pathlib.Path(paths[-1]).write_bytes(archive)
    told = ours(contents, paths)
    accepted = [(path, one["entries"]) for path, one in zip(paths, told) if "entries" in one]
    chosen = [path for path, _ in accepted]
    print(f"{len(paths)} archives of seed {seed}, {len(accepted)} accepted")

    def verified(path):
        code = subprocess.run(
            [recipack, "verify", path, "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=60,
        ).returncode
        return code == 0

    batches = {
        "Python": [sys.executable, str(here / "python.py")], "Go": [f"{work}/go-reader"],
        "yauzl": ["node", str(here / "yauzl.js")], "rubyzip": ["ruby", str(here / "rubyzip.rb")],
    }
    with ThreadPoolExecutor(4) as pool:
        jobs = {reader: pool.submit(by_program, reader, chosen, work) for reader in PROGRAMS}
        jobs |= {reader: pool.submit(by_batch, command, chosen) for reader, command in batches.items()}
        shown = list(pool.map(verified, paths))
        found = {reader: job.result() for reader, job in jobs.items()}

    wrong = 0
    for path, one, by_command in zip(paths, told, shown):
        if by_command and "refused" in one:
            wrong += 1
            print(f"{path}: shown, though {one['why']}")
    for reader, read in found.items():
        count = 0
        for (path, entries), theirs in zip(accepted, read):
            if theirs is None:
                if verbose:
                    print(f"{reader} refuses {path}")
                continue
            count += 1
            other = difference(entries, theirs)
            if other:
                wrong += 1
                print(f"{reader} reads {path} otherwise: {other}")
        print(f"{reader}: read {count} of {len(accepted)}")
        # A reader that reads hardly anything compares nothing.
        if count < len(accepted) * 3 // 4:
            wrong += 1
            print(f"{reader} read too few of them")
    if len(accepted) < len(paths) // 10:
        sys.exit("too few archives are accepted to compare anything")
    if wrong:
        sys.exit(f"{wrong} differences")


if __name__ == "__main__":
    program, recipack, work, *numbers = sys.argv[1:7]
    main(program, recipack, work, *map(int, numbers), verbose=sys.argv[7:] == ["--verbose"])
