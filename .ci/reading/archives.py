"""Builds archives that are wrong, or odd, in chosen ways, each from a few constructions over a sound base.

What a construction does is told by its name, so that an archive's name is what to look at when readers disagree.
The seed decides all of it.
"""

import random
import struct
import zlib


class Item:
    """An entry; constructions change what should be odd. `None` means: what the other fields say."""

    def __init__(self, name, data, stored=False):
        self.name = name if isinstance(name, bytes) else name.encode()
        self.method = 0 if stored or self.name.endswith(b"/") else 8
        self.put(data)
        self.flags = 0
        self.version = 20
        self.made_by = 0x0314
        self.attributes = (0o40755 << 16 | 0x10) if self.name.endswith(b"/") else 0o100644 << 16
        self.internal = 0
        self.time, self.date = 0x6C20, 0x5A21
        self.extra = self.local_extra = b""
        self.comment = b""
        self.descriptor = None
        self.local = {}

    def put(self, data):
        self.data = data
        self.crc = zlib.crc32(data)
        self.size = len(data)
        self.kept = data if self.method == 0 else deflate(data)

    def stream(self, signed=True):
        self.method = 8
        self.put(self.data)
        self.flags |= 8
        self.local.update(crc=0, size=0, kept_size=0)
        signature = b"PK\7\x08" if signed else b""
        self.descriptor = signature + struct.pack("<III", self.crc, len(self.kept), self.size)


def deflate(data, level=6):
    coder = zlib.compressobj(level, zlib.DEFLATED, -15)
    return coder.compress(data) + coder.flush()


def build(items, comment=b"", between=b"", tail=b"", end=None, zip64=False):
    out, heads = bytearray(), []
    for item in items:
        heads.append(len(out))
        of = lambda field, usual: item.local.get(field, usual)
        name = of("name", item.name)
        out += struct.pack(
            "<4sHHHHHIIIHH", b"PK\3\4", of("version", item.version), of("flags", item.flags),
            of("method", item.method), of("time", item.time), of("date", item.date), of("crc", item.crc),
            of("kept_size", len(item.kept)), of("size", item.size), len(name), len(item.local_extra),
        ) + name + item.local_extra + item.kept + (item.descriptor or b"")
    out += between
    start = len(out)
    for item, head in zip(items, heads):
        out += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", item.made_by, item.version, item.flags, item.method, item.time,
            item.date, item.crc, len(item.kept), item.size, len(item.name), len(item.extra), len(item.comment), 0,
            item.internal, item.attributes, head,
        ) + item.name + item.extra + item.comment
    size = len(out) - start
    fields = dict(disk=0, start_disk=0, here=len(items), all=len(items), size=size, start=start, comment=len(comment))
    fields.update(end or {})
    if zip64:
        at = len(out)
        out += struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, len(items), len(items), size, start)
        out += struct.pack("<4sIQI", b"PK\6\7", 0, at, 1)
    out += struct.pack("<4sHHHHIIH", b"PK\5\6", *(fields[f] for f in ("disk", "start_disk", "here", "all", "size", "start", "comment")))
    return bytes(out + comment + tail)


# --- deflate, written by hand ---------------------------------------------------------------------------------------


class Bits:
    def __init__(self):
        self.value = self.count = 0

    def put(self, value, count):
        self.value |= value << self.count
        self.count += count

    def code(self, value, count):
        """A Huffman code, whose first bit is its highest."""
        for at in reversed(range(count)):
            self.put(value >> at & 1, 1)

    def align(self):
        self.count = (self.count + 7) // 8 * 8

    def bytes(self):
        return self.value.to_bytes((self.count + 7) // 8, "little")


def codes(lengths):
    """Symbol → code and its length, as the format numbers them."""
    found, code = {}, 0
    for length in range(1, 16):
        code <<= 1
        for symbol, own in enumerate(lengths):
            if own == length:
                found[symbol] = (code, length)
                code += 1
    return found


ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]


def dynamic(bits, literals, distances, symbols, final=True):
    """A block with these code lengths; `symbols` are literals, 256, or (length symbol, distance symbol)."""
    literal_count = max(257, max(literals) + 1)
    distance_count = max(1, max(distances, default=0) + 1)
    lengths = [literals.get(i, 0) for i in range(literal_count)] + [distances.get(i, 0) for i in range(distance_count)]
    bits.put(final, 1)
    bits.put(2, 2)
    bits.put(literal_count - 257, 5)
    bits.put(distance_count - 1, 5)
    bits.put(15, 4)
    # Every length has a code of five bits, twelve and up of four: a complete set.
    own = [5] * 6 + [4] * 13
    for symbol in ORDER:
        bits.put(own[symbol], 3)
    of_lengths = codes(own)
    for length in lengths:
        bits.code(*of_lengths[length])
    literal, distance = codes([literals.get(i, 0) for i in range(288)]), codes([distances.get(i, 0) for i in range(32)])
    for symbol in symbols:
        if isinstance(symbol, tuple):
            bits.code(*literal[symbol[0]])
            bits.code(*distance[symbol[1]])
        else:
            bits.code(*literal[symbol])


def balanced(symbols):
    """Lengths of a complete set for these symbols."""
    symbols = sorted(symbols)
    depth = max(1, (len(symbols) - 1).bit_length())
    short = (1 << depth) - len(symbols)
    return {s: depth - 1 if i < short else depth for i, s in enumerate(symbols)}


def fixed(bits, data, final=True):
    bits.put(final, 1)
    bits.put(1, 2)
    for byte in data:
        if byte < 144:
            bits.code(0x30 + byte, 8)
        else:
            bits.code(0x190 + byte - 144, 9)
    bits.code(0, 7)


def stored_block(bits, data, final=True, complement=0xFFFF):
    bits.put(final, 1)
    bits.put(0, 2)
    bits.align()
    bits.put(len(data), 16)
    bits.put(len(data) ^ complement, 16)
    for byte in data:
        bits.put(byte, 8)


def text(rng):
    return b'{"a": "%s"}' % bytes(rng.choice(b"abcdefgh ") for _ in range(rng.randint(3, 60)))


def streams(rng):
    """Odd deflate streams: (what, stream, what it stands for)."""
    data = text(rng)
    used = set(data) | {256}

    def one(what, literals, distances, symbols=None, result=data, before=False, after=False):
        bits = Bits()
        if before:
            fixed(bits, b"[", final=False)
        dynamic(bits, literals, distances, [*data, 256] if symbols is None else symbols, final=not after)
        if after:
            fixed(bits, b"]")
        return what, bits.bytes(), b"[" * before + result + b"]" * after

    longer = balanced(used | {257})
    for where, options in [("", {}), ("-second", {"before": True}), ("-first", {"after": True})]:
        yield one("no-distance-code" + where, longer, {}, **options)
        yield one("no-distance-code-literals-only" + where, balanced(used), {}, **options)
        yield one("one-distance-code" + where, longer, {0: 1}, **options)
        yield one("one-distance-code-used" + where, longer, {0: 1}, [*data, (257, 0), 256], data + data[-1:] * 3, **options)
        yield one("one-distance-code-literals-only" + where, balanced(used), {0: 1}, **options)
        yield one("one-long-distance-code" + where, longer, {0: 2}, **options)
        yield one("two-distance-codes" + where, longer, {0: 1, 1: 1}, **options)
        yield one("three-distance-codes" + where, longer, {0: 2, 1: 2, 2: 2}, **options)
        yield one("too-many-distance-codes" + where, longer, {0: 1, 1: 1, 2: 1}, **options)
        yield one("distance-too-far" + where, longer, {0: 1, 29: 1}, [data[0], (257, 29), 256], data, **options)
        yield one("distance-30" + where, longer, {0: 1, 30: 1}, **options)
        yield one("literal-286" + where, balanced(used | {286}), {0: 1, 1: 1}, **options)
        wide = dict(longer)
        del wide[max(wide)]
        yield one("literals-incomplete" + where, {**wide, 258: 15}, {0: 1, 1: 1}, **options)
        yield one("end-only" + where, {256: 1}, {0: 1, 1: 1}, [256], b"", **options)
        yield one("end-only-no-distance" + where, {256: 1}, {}, [256], b"", **options)
        yield one("no-end" + where, balanced(set(data) | {257}), {0: 1, 1: 1}, [*data], **options)
    for what, complement in [("stored-block", 0xFFFF), ("stored-block-complement", 0xFFFE)]:
        bits = Bits()
        stored_block(bits, data, complement=complement)
        yield what, bits.bytes(), data
    bits = Bits()
    for byte in data:
        stored_block(bits, b"", final=False)
        fixed(bits, bytes([byte]), final=False)
    fixed(bits, b"")
    yield "many-blocks", bits.bytes(), data
    bits = Bits()
    fixed(bits, data)
    yield "bits-after-the-end", bytes([*bits.bytes()[:-1], bits.bytes()[-1] | 0x80]), data
    yield "bytes-after-the-end", deflate(data) + b"\0", data
    yield "two-streams", deflate(data) + deflate(data), data
    yield "cut", deflate(data)[:-1], data
    yield "block-type-3", b"\7" + deflate(data), data
    yield "zlib-header", zlib.compress(data), data
    yield "nothing", b"", b""
    yield "level-0", deflate(data, 0), data


# --- constructions --------------------------------------------------------------------------------------------------


def field(number, data):
    return struct.pack("<HH", number, len(data)) + data


def times(rng):
    """Extra fields, right and wrong ones."""
    now = struct.pack("<I", 0x65000000)
    ntfs = struct.pack("<HH", 1, 24) + struct.pack("<Q", 133000000000000000) * 3
    return {
        "ut-none": field(0x5455, b""),
        "ut-mtime": field(0x5455, b"\1" + now),
        "ut-two-times-one-there": field(0x5455, b"\3" + now),
        "ut-two-times": field(0x5455, b"\3" + now * 2),
        "ut-short": field(0x5455, b"\1" + now[: rng.randint(0, 3)]),
        "ut-long": field(0x5455, b"\1" + now + bytes(rng.randint(1, 9))),
        "ut-unknown-flags": field(0x5455, b"\xf9" + now),
        "ntfs": field(0x0A, bytes(4) + ntfs),
        "ntfs-empty": field(0x0A, b""),
        "ntfs-reserved-only": field(0x0A, bytes(rng.randint(1, 4))),
        "ntfs-cut": field(0x0A, bytes(4) + ntfs[: rng.randint(1, 27)]),
        "ntfs-tag-too-long": field(0x0A, bytes(4) + struct.pack("<HH", 1, 2400) + ntfs[4:]),
        "ntfs-tag-empty": field(0x0A, bytes(4) + struct.pack("<HH", 1, 0)),
        "ntfs-twice": field(0x0A, bytes(4) + ntfs * 2),
        "ux-owner": field(0x7875, b"\1\4" + bytes(4) + b"\4" + bytes(4)),
        "ux-short": field(0x7875, b"\1\4" + bytes(rng.randint(0, 5))),
        "ux-empty": field(0x7875, b""),
        "ux-wide": field(0x7875, b"\1\xff" + bytes(9)),
        "ux-version": field(0x7875, b"\2\4" + bytes(4) + b"\4" + bytes(4)),
        "old-unix": field(0x5855, now * 2 + bytes(4)),
        "old-unix-short": field(0x5855, now[: rng.randint(0, 4)]),
        "unix-2": field(0x7855, bytes(4)),
        "unix-2-short": field(0x7855, bytes(rng.randint(1, 3))),
        "pkware-unix": field(0x0D, now * 2 + bytes(4)),
        "pkware-link": field(0x0D, now * 2 + bytes(4) + b"/etc/passwd"),
        "zip64-needless": field(1, struct.pack("<QQ", 9, 9)),
        "zip64-empty": field(1, b""),
        "aes": field(0x9901, b"\2\0AE\3\x08\0"),
        "asi": field(0x756E, bytes(14)),
        "comment": field(0x6375, b"\1" + bytes(4) + b"x"),
        "unknown": field(0xCAFE, b""),
        "unknown-long": field(0x4242, bytes(300)),
        "stray-byte": b"\0",
        "stray-bytes": bytes(3),
        "too-long": struct.pack("<HH", 0x4242, 9),
        "twice": field(0x4242, b"a") + field(0x4242, b"b"),
        "libarchive": field(0x6C78, b"\1\0"),
        "os2": field(9, bytes(rng.randint(0, 8))),
        "acl": field(0x4453, bytes(rng.randint(0, 12))),
        "beos": field(0x6542, bytes(rng.randint(0, 6))),
        "mac": field(0x334D, bytes(rng.randint(0, 16))),
        "mac-joined": field(0x2605, b"ZPIT\1x"),
        "vms": field(0x0C, bytes(rng.randint(0, 9))),
        "encoding": field(0x0008, bytes(rng.randint(0, 4))),
        "patch": field(0x000F, bytes(rng.randint(0, 6))),
        "padding": field(0xA11E, bytes(rng.randint(0, 6))),
        "uos": field(0x554E, bytes(4)),
    }


TWINS = {
    "version": b"%s;1", "version-none": b"%s;", "version-word": b"%s;a", "stream": b"%s:y", "data-stream": b"%s::$DATA",
    "space": b"%s ", "dot": b"%s.", "dots-and-spaces": b"%s. .", "case": b"case", "folder": b"%s/below", "nul": b"%s\0y",
    "control": b"%s\x07", "wide": "%s\uff0e".encode(), "joiner": "%s\u200d".encode(), "same": b"%s", "other": b"%s-y",
    "backspace": b"%s\x08", "tab": b"%s\t", "star": b"%s*", "question": b"%s?", "bar": b"%s|y", "quote": b'%s"y',
}


def unicode_path(name, path, version=1):
    return field(0x7075, bytes([version]) + struct.pack("<I", zlib.crc32(name)) + path)


def constructions(rng):
    """All of them: (kind, what, change). A change gets the items and what `build` is called with besides."""
    made = []
    add = lambda kind, what, change: made.append((kind, what, change))

    for what, pattern in TWINS.items():
        def twin(items, _, pattern=pattern):
            name = items[-1].name
            other = name.swapcase() if pattern == b"case" else pattern.replace(b"%s", name)
            items.append(Item(other, text(rng)))
        add("twin", what, twin)

        def alone(items, _, pattern=pattern):
            name = items[-1].name
            items[-1].name = name.swapcase() if pattern == b"case" else pattern.replace(b"%s", name)
        add("name", what, alone)

        def in_folder(items, _, pattern=pattern):
            folder = b"case" if pattern == b"case" else pattern.replace(b"%s", b"Acme")
            items.append(Item(folder + b"/z.json", text(rng)))
        add("folder-name", what, in_folder)

        def as_entry(items, _, pattern=pattern):
            items.append(Item((b"case" if pattern == b"case" else pattern.replace(b"%s", b"Acme")) + b"/", b""))
        add("folder-entry", what, as_entry)

    for what, name in {
        "composed": "\u00e9.json", "decomposed": "e\u0301.json", "cjk": "\u914d\u9001/a.json", "emoji": "\U0001f389/a.json",
        "not-utf8": b"caf\xe9.json", "cp437": b"\x82.json", "device": "Con/a.json", "drive": "Q: x/a.json", "drive-letter": "C:/a.json",
        "backslash": "In\\Out/a.json", "backslash-file": "In\\a.json", "absolute": "/a.json", "dot": "./a.json",
        "parent": "B/../a.json", "empty-part": "B//a.json", "empty": "", "long": "n" * 255, "too-long": "n" * 256,
        "deep": "d/" * 31 + "a.json", "too-deep": "d/" * 40 + "a.json", "spaces": "B /a.json", "leading-space": " B/ a.json",
        "dash": "-o/a.json", "tilde": "~/a.json", "newline": "a\n.json", "at": "@a/a.json", "fullwidth-slash": "B\uff0fa.json",
        "percent": "%2e%2e/a.json", "kelvin": "\u212a.json", "sharp-s": "stra\u00dfe.json",
    }.items():
        for mark, bit in [("", 0), ("-marked", 0x800)]:
            def named(items, _, name=name, bit=bit):
                item = Item(name, text(rng))
                item.flags |= bit
                items.append(item)
            add("name", what + mark, named)

    for what, value in times(rng).items():
        for place, both in [("local", "l"), ("central", "c"), ("both", "lc")]:
            def with_extra(items, _, value=value, both=both):
                item = rng.choice(items)
                item.local_extra += value if "l" in both else b""
                item.extra += value if "c" in both else b""
            add("extra", f"{what}-{place}", with_extra)
    for what, make in {
        "same": lambda n: unicode_path(n, n), "other": lambda n: unicode_path(n, b"other.json"),
        "other-version": lambda n: unicode_path(n, b"other.json", 2), "empty": lambda n: unicode_path(n, b""),
        "stale": lambda n: unicode_path(n + b"x", b"other.json"), "short": lambda n: field(0x7075, b"\1\0"),
    }.items():
        for both in ("l", "c", "lc"):
            def path(items, _, make=make, both=both):
                item = items[-1]
                item.local_extra += make(item.name) if "l" in both else b""
                item.extra += make(item.name) if "c" in both else b""
            add("unicode-path", f"{what}-{both}", path)

    def folder(change):
        def put(items, _):
            item = Item("F/", b"")
            change(item)
            items.append(item)
        return put

    def deflated_folder(kept):
        def change(item):
            item.method, item.kept = 8, kept
        return change

    for what, change in {
        "plain": lambda i: None, "deflated": deflated_folder(b"\3\0"), "deflated-junk": deflated_folder(b"ab"),
        "deflated-stored-block": deflated_folder(b"\1\0\0\xff\xff"), "deflated-nothing": deflated_folder(b""),
        "deflated-not-final": deflated_folder(b"\2\0"), "deflated-more": deflated_folder(b"\3\0\0"),
        "data": lambda i: i.put(b"data"), "crc": lambda i: setattr(i, "crc", 7),
        "size": lambda i: setattr(i, "size", 5), "hidden": lambda i: setattr(i, "kept", b"data"),
        "deflated-data": lambda i: (setattr(i, "method", 8), i.put(b"data")),
        "descriptor": lambda i: i.stream(), "file-mode": lambda i: setattr(i, "attributes", 0o100644 << 16),
        "no-attributes": lambda i: setattr(i, "attributes", 0), "dos": lambda i: (setattr(i, "made_by", 20), setattr(i, "attributes", 0x10)),
        "method": lambda i: setattr(i, "method", 12),
    }.items():
        add("folder", what, folder(change))

    for what, kept, data in streams(rng):
        def stream(items, _, kept=kept, data=data):
            item = rng.choice([i for i in items if not i.name.endswith(b"/")])
            item.method, item.data, item.size, item.crc, item.kept = 8, data, len(data), zlib.crc32(data), kept
        add("deflate", what, stream)

    inner = build([Item("inner.json", b"{}")])
    for what, comment in {
        "short": b"packed", "utf8": "geprüft".encode(), "not-utf8": b"\xff\xfe", "pk": b"PK", "end-record": inner[-22:],
        "archive": inner, "archive-and-more": inner + b"more", "long-1k": b"c" * 1100, "long-16k": b"c" * 16_400,
        "long-40k": b"c" * 40_000, "longest": b"c" * 65_535, "zeros": bytes(40), "newlines": b"\r\n" * 20, "nul": b"a\0b",
        "control": b"\x1b[2J", "locator": b"PK\6\7" + bytes(16), "signature-cut": b"aPK\5", "descriptor": b"PK\7\x08",
        "locals": b"PK\3\4" + bytes(30),
    }.items():
        add("comment", what, lambda items, more, comment=comment: more.update(comment=comment))
    for what, end in {
        "comment-longer": dict(comment=5), "fewer": dict(here=1, all=1), "fewer-here": dict(here=1), "more": dict(here=9, all=9),
        "disk": dict(disk=1, start_disk=1), "last-disk": dict(disk=0xFFFF), "size": dict(size=0), "start": dict(start=0),
        "count-open": dict(here=0xFFFF, all=0xFFFF), "start-open": dict(start=0xFFFFFFFF),
    }.items():
        add("end", what, lambda items, more, end=end: more.setdefault("end", {}).update(end))
    for what, change in {
        "tail-zeros": dict(tail=bytes(30)), "tail": dict(tail=b"tail"), "tail-newline": dict(tail=b"\n"), "gap": dict(between=b"gap"),
        "gap-archive": dict(between=inner), "zip64": dict(zip64=True), "tail-end": dict(tail=inner[-22:]), "tail-archive": dict(tail=inner),
    }.items():
        add("end", what, lambda items, more, change=change: more.update(change))

    for name, values in {
        "name": [b"other.json", b"", b"x.json\0"], "method": [0, 8, 12], "flags": [0x800, 8, 1, 0x2000], "time": [0], "date": [0],
        "crc": [0, 7], "size": [0, 1, 0xFFFFFFFF], "kept_size": [0, 1, 0xFFFFFFFF], "version": [45, 51, 0],
    }.items():
        for value in values:
            def local(items, _, name=name, value=value):
                items[-1].local[name] = value
            add("local", f"{name}-{value}", local)
    for name, values in {
        "crc": [0, 7], "size": [0, 1, 0xFFFFFFFF], "flags": [0x800, 1, 2, 6, 0x10, 0x20, 0x40, 0x2000, 0x4000], "version": [0, 45, 51, 63],
        "made_by": [20, 0x0A14, 0x0B3F, 0x0214, 0x0714, 0x1314, 0x0914, 0xFF14], "date": [0, 0xFFFF, 0x0101], "time": [0xFFFF, 0],
        "attributes": [0, 0x20, 0x10, 0x08, 0x01, 0o120777 << 16, 0o100000 << 16, 0o104755 << 16, 0o10644 << 16, 0xFFFFFFFF, 0x400],
        "internal": [1, 0xFFFF], "comment": [b"of an entry", b"PK\1\2"], "method": [0, 8, 9, 12, 14, 99],
    }.items():
        for value in values:
            def both(items, _, name=name, value=value):
                setattr(items[-1], name, value)
            add("header", f"{name}-{value}", both)

    def streamed(signed, cut=0, change=None):
        def put(items, _):
            item = items[-1]
            item.stream(signed)
            if change:
                item.descriptor = change(item)
        return put
    for what, change in {
        "signed": streamed(True), "unsigned": streamed(False), "missing": streamed(True, change=lambda i: b""),
        "crc": streamed(True, change=lambda i: struct.pack("<4sIII", b"PK\7\x08", 7, len(i.kept), i.size)),
        "size": streamed(True, change=lambda i: struct.pack("<4sIII", b"PK\7\x08", i.crc, len(i.kept), 1)),
        "zip64": streamed(True, change=lambda i: struct.pack("<4sIQQ", b"PK\7\x08", i.crc, len(i.kept), i.size)),
    }.items():
        add("descriptor", what, change)

    def stored_with_descriptor(items, _):
        item = items[-1]
        item.method = 0
        item.kept = item.data
        item.flags |= 8
        item.local.update(crc=0, size=0, kept_size=0)
        item.descriptor = b"PK\7\x08" + struct.pack("<III", item.crc, len(item.kept), item.size)
    add("descriptor", "stored", stored_with_descriptor)

    def archive_inside(items, _):
        items.append(Item("inner.zip", inner, stored=True))
    add("inside", "archive", archive_inside)

    def records_inside(items, _):
        items.append(Item("records.bin", b"PK\5\6" + bytes(18) + b"PK\1\2PK\3\4" + bytes(26), stored=True))
    add("inside", "records", records_inside)
    add("inside", "empty-file", lambda items, _: items.append(Item("empty.json", b"", stored=True)))
    add("inside", "empty-deflated", lambda items, _: items.append(Item("empty.json", b"")))
    return made


def base(rng):
    """A sound archive's items."""
    items = [Item("A/", b"")] if rng.random() < 0.5 else []
    for at in range(rng.randint(1, 3)):
        items.append(Item(f"A/{'xyz'[at]}.json", text(rng), stored=rng.random() < 0.3))
    items.append(Item("B/last.recipe.json", text(rng) * 3))
    return items


def generate(seed, pairs):
    """Archives by name: sound ones, every construction alone, and that many of two or three at once."""
    rng = random.Random(seed)
    for at in range(5):
        yield f"sound-{at}", build(base(rng))
    every = constructions(rng)
    chosen = [[one] for one in every] + [rng.sample(every, rng.choice([2, 2, 3])) for _ in range(pairs)]
    for at, changes in enumerate(chosen):
        items, more = base(rng), {}
        for _, _, change in changes:
            change(items, more)
        yield f"{at:04}-" + "+".join(f"{kind}.{what}" for kind, what, _ in changes).replace("/", "_")[:150], build(items, **more)
