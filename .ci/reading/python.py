"""Reads the archives named on stdin and prints a line of JSON for each."""

import hashlib
import json
import sys
import zipfile


def read(path):
    with zipfile.ZipFile(path) as archive:
        return [
            [one.filename.encode("utf-8", "surrogatepass").hex(), "" if one.is_dir() else hashlib.sha256(archive.read(one)).hexdigest()]
            for one in archive.infolist()
        ]


for line in sys.stdin:
    try:
        print(json.dumps({"entries": read(line.rstrip("\n"))}))
    except Exception as error:  # whatever it raises, it did not read the archive
        print(json.dumps({"refused": repr(error)}))
