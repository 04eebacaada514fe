#!/usr/bin/env python3
"""Writes a project of N assets, as large and as compressible as real ones, for benchmarks.

Recipes are put together from steps of the recipes in fixtures/partner, with other names, schemas, ids and texts.
The same N and seed give the same bytes. Needs Python 3.8 or newer and nothing else.
"""

import argparse
import json
import os
import random
import re
import sys

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "partner")

WORDS = """account active address agent aisle amount archive arrival asset balance barcode batch billing bin booking
box branch buffer bundle cargo carrier carton category center channel charge check claim class client code column
comment company condition contact container contract cost count country courier credit currency customer customs
date day deadline debit delay delivery density depot deposit description destination detail device dimension
discount dispatch district dock document domain driver due duration duty email entry error estimate event expiry
factor fee field file fleet flag forecast format freight fuel gate grade gross group handle hazard header height
hold hour house hub import index inspection insurance interval invoice item job journey key kind label lane lead
length level license limit line link list load location lot manifest margin mark material measure memo message
method mileage mode model module month name net node note notice number offer office operator option order origin
owner package page pallet parcel partner path payment penalty period permit person phone piece plan plate point
policy port position postcode price priority process product profile project proof province quality quantity query
queue quote rack rate reason rebate receipt record reference refund region release remark rental reply report
request reserve result return revenue review role room route row rule sack sample scale scan schedule scope score
seal season section sector security segment sender serial series service session shelf shift shipment signature
site size slot sort source space speed stage stamp state status stock stop storage store stream street subject
summary supplier surcharge system table tag tariff task tax team term text ticket tier time title tone total tour
tracking trailer transfer transit transport trip truck type unit update user value van vehicle vendor version
volume warehouse warning waybill week weight width window worker year yield zone""".split()

# Title, internal name, size of the source, share of the recipes that use it. The catalogue shares the first.
CONNECTORS = [
    ("Yard Planner", "yard_planner_connector_48213_1706745600", 120_000, 0.04),
    ("Freight Broker", "freight_broker_connector_48213_1709251200", 300_000, 0.12),
    ("Customs Desk", "new_connector_2_connector_48213_1711929600", 30_000, 0.10),
]
BUILT_IN = ["rest", "gmail"]
SLOT = re.compile(r"\x01([a-z])")


# The platform's dialect and wk's: see fixtures/README.md.

def quote(text):
    return json.dumps(text, ensure_ascii=False)


def platform(value, pad=""):
    if isinstance(value, dict):
        if not value:
            return "{\n" + pad + "}"
        inner = pad + "  "
        members = (inner + quote(k) + ": " + platform(v, inner) for k, v in value.items())
        return "{\n" + ",\n".join(members) + "\n" + pad + "}"
    if isinstance(value, list):
        inner = pad + "  "
        if not value:
            return "[\n\n" + pad + "]"
        return "[\n" + ",\n".join(inner + platform(v, inner) for v in value) + "\n" + pad + "]"
    return json.dumps(value, ensure_ascii=False)


def wk(value, pad=""):
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return text.replace("\n", "\n" + pad)


def slug(name):
    return re.sub(r"\W+", "_", name.lower()).strip("_")


def reference(path, name):
    return {"zip_name": path, "name": name, "folder": os.path.dirname(path)}


def fixture_steps():
    """All steps of the fixtures' recipes that name no reference, without the steps inside them."""
    steps = []

    def walk(step):
        for inner in step.get("block", []):
            walk(inner)
        bare = {k: v for k, v in step.items() if k not in ("block", "uuid", "skip")}
        is_action = bare.get("keyword") == "action"
        if is_action and not any(k.endswith("_id") for k in bare["input"]):
            steps.append(bare)

    for folder, folders, files in os.walk(FIXTURES):
        folders[:] = sorted(f for f in folders if f != "Drafts")
        for file in sorted(files):
            if file.endswith(".recipe.json"):
                with open(os.path.join(folder, file), encoding="utf-8") as f:
                    walk(json.load(f)["code"])
    return steps


class Templates:
    """Steps as text with slots: n number, a own id, l an earlier step's id, u uuid, w a word, t a number."""

    def __init__(self, rng, count):
        self.rng = rng
        self.shapes = fixture_steps()
        self.by_provider = {}
        own = [name for _, name, _, _ in CONNECTORS]
        plain = ["rest", "gmail", "logger", "workato_variable", "workato_list"]
        for provider in own + plain:
            made = []
            for _ in range(count):
                step = self.step(provider)
                made.append(tuple(self.cut(dialect(step)) for dialect in (platform, wk)))
            self.by_provider[provider] = made

    @staticmethod
    def cut(text):
        """Literal, slot, literal, slot, … literal; json spells the slot's mark as an escape."""
        return SLOT.split(text.replace("\\u0001", "\x01"))

    def label(self):
        rng = self.rng
        return " ".join(rng.choice(WORDS) for _ in range(rng.choice((1, 2, 2, 2, 3)))).capitalize()

    def field(self, depth):
        rng = self.rng
        label = self.label()
        if depth and rng.random() < 0.09:
            return {
                "label": label, "name": slug(label), "of": "object", "optional": True,
                "properties": [self.field(depth - 1) for _ in range(rng.randint(2, 7))],
                "type": rng.choice(("array", "object")),
            }
        kind, control = rng.choice((
            ("string", "text"), ("string", "text"), ("string", "text"), ("string", "text-area"),
            ("number", "number"), ("integer", "integer"), ("date_time", "date_time"), ("boolean", "checkbox"),
        ))
        field = {"control_type": control, "label": label, "name": slug(label), "type": kind}
        if kind in ("number", "integer", "date_time"):
            field["render_input"] = field["parse_output"] = kind + "_conversion"
        if rng.random() < 0.08:
            words = " ".join(rng.choice(WORDS) for _ in range(rng.randint(4, 14)))
            field["hint"] = words.capitalize() + ". <a href=\"https://docs.example.com/" + slug(label) + "\">More</a>"
        field["optional"] = rng.random() < 0.8
        return field

    def pill(self):
        rng = self.rng
        provider = rng.choice(BUILT_IN)
        path = [slug(self.label()) for _ in range(rng.randint(1, 3))]
        if rng.random() < 0.2:
            return "#{_('data.%s.\x01l.%s')}" % (provider, ".".join(path))
        head = {"pill_type": "output", "provider": provider, "line": "\x01l", "path": path}
        return "#{_dp('" + json.dumps(head, separators=(",", ":")).replace("\\u0001", "\x01") + "')}"

    def step(self, provider):
        rng = self.rng
        step = dict(rng.choice(self.shapes))
        step["number"] = 0
        step["provider"] = provider
        step["as"] = "\x01a"
        schema = [self.field(2) for _ in range(rng.randint(2, 16))]
        values = (self.pill, self.label, self.label, lambda: "\x01w \x01t")
        body = {f["name"]: rng.choice(values)() for f in schema[:6]}
        step["input"] = dict(body, note="\x01w \x01t")
        step["extended_output_schema"] = schema[::2] + [self.field(1) for _ in range(rng.randint(1, 3))]
        step["extended_input_schema"] = schema
        step["uuid"] = "\x01u"
        return step

    def some(self, rng, providers, count):
        """For each provider the few templates that one recipe repeats: real recipes repeat their schemas, too."""
        return {provider: rng.sample(self.by_provider[provider], count) for provider in sorted(set(providers))}

    @staticmethod
    def text(rng, parts, number, lines):
        """One step, and its own id is added to `lines`."""
        own = "%08x" % rng.getrandbits(32)
        out = []
        slot = False
        for part in parts:
            if not slot:
                out.append(part)
            elif part == "l":
                out.append(rng.choice(lines))
            elif part == "w":
                out.append(rng.choice(WORDS))
            elif part == "t":
                out.append(str(rng.getrandbits(17)))
            elif part == "a":
                out.append(own)
            else:
                out.append(uuid(rng))
            slot = not slot
        lines.append(own)
        return "".join(out).replace('"number": 0', '"number": %d' % number, 1)


def uuid(rng):
    h = "%032x" % rng.getrandbits(128)
    return "%s-%s-4%s-a%s-%s" % (h[:8], h[8:12], h[13:16], h[17:20], h[20:])


def size_of_recipe(rng):
    """Bytes: half of the recipes are smaller than 57 KB, some have 5 KB, some 300 KB."""
    draw = rng.random()
    if draw < 0.12:
        return rng.randint(4_000, 22_000)
    if draw < 0.90:
        return int(rng.triangular(36_000, 72_500, 55_500))
    if draw < 0.98:
        return rng.randint(72_000, 100_000)
    return rng.randint(180_000, 310_000)


def recipe_text(rng, templates, name, uses, connections, callee):
    """One recipe; every tenth is in wk's dialect."""
    dialect = 1 if rng.random() < 0.1 else 0
    write = (platform, wk)[dialect]
    target = size_of_recipe(rng)
    trigger = "%08x" % rng.getrandbits(32)
    lines = [trigger]
    pool = ["logger", "workato_variable", "workato_list", *BUILT_IN, BUILT_IN[0], *uses]
    some = templates.some(rng, pool, 1 if target < 90_000 else 2)
    blocks = []
    size = 0
    number = 1

    def one(provider, pad):
        nonlocal number
        parts = rng.choice(some[provider])[dialect]
        text = templates.text(rng, parts, number, lines).replace("\n", "\n" + pad)
        number += 1
        return text

    must = list(uses)
    while not blocks or size < target - 6_500:
        provider = must.pop() if must else rng.choice(pool)
        if rng.random() < 0.25:
            # A few steps inside an `if` or a `foreach`, as deep as three levels.
            depth = rng.choice((1, 1, 2, 3))
            heads = []
            for level in range(depth):
                heads.append(number)
                number += 1
            pad = "      " + "    " * depth
            inner = [one(rng.choice(pool) if i else provider, pad) for i in range(rng.randint(1, 3))]
            body = (",\n" + pad).join(inner)
            for level in range(depth, 0, -1):
                outer = "      " + "    " * (level - 1)
                head = {"number": heads[level - 1], "as": "%08x" % rng.getrandbits(32)}
                if rng.random() < 0.5:
                    condition = {"operand": "present", "lhs": "#{_('data.rest.%s.status')}" % rng.choice(lines),
                                 "rhs": "", "uuid": uuid(rng)}
                    head.update(keyword="if", input={"type": "compound", "operand": "and", "conditions": [condition]})
                else:
                    head.update(keyword="foreach", repeat_mode="simple", clear_scope="false", input={},
                                source="#{_('data.rest.%s.items')}" % rng.choice(lines))
                head["uuid"] = uuid(rng)
                if dialect:
                    head["block"] = ["\x01"]
                else:
                    last = head.pop("uuid")
                    head.update(block=["\x01"], uuid=last)
                body = write(head, outer).replace('"\\u0001"', body, 1)
            blocks.append(body)
            size += len(body)
        else:
            blocks.append(one(provider, "      "))
            size += len(blocks[-1])
        if callee and rng.random() < 0.02:
            call = {"number": number, "provider": "workato_recipe_function", "name": "call_recipe",
                    "as": "%08x" % rng.getrandbits(32), "keyword": "action",
                    "dynamicPickListSelection": {"flow_id": callee[1]}, "toggleCfg": {},
                    "input": {"flow_id": reference(*callee), "parameters": {"note": rng.choice(WORDS)}},
                    "uuid": uuid(rng)}
            blocks.append(write(call, "      "))
            number += 1
    config = [{"keyword": "application", "provider": "clock", "skip_validation": False, "account_id": None}]
    for provider in ["logger", "workato_variable", "workato_list", "workato_recipe_function", *BUILT_IN, *uses]:
        account = None
        if provider in connections:
            account = reference(*rng.choice(connections[provider]))
            if provider in uses:
                account["custom"] = True
        config.append({"keyword": "application", "provider": provider, "skip_validation": False,
                       "account_id": account})
    recipe = {
        "name": name, "description": " ".join(rng.choice(WORDS) for _ in range(8)).capitalize(),
        "version": rng.randint(1, 90), "private": True, "concurrency": 1,
        "code": {"number": 0, "provider": "clock", "name": "scheduled_event", "as": trigger, "keyword": "trigger",
                 "dynamicPickListSelection": {}, "toggleCfg": {},
                 "input": {"time_unit": "hours", "trigger_every": str(rng.randint(1, 24))},
                 "block": ["\x01"], "uuid": uuid(rng)},
        "config": config,
    }
    text = write(recipe).replace('"\\u0001"', ",\n      ".join(blocks), 1)
    return text + "\n" if dialect else text


def connector_source(rng, title, size):
    """A connector's code of about `size` bytes, with what the recipes' steps use."""
    out = ["{\n  title: \"%s\",\n\n  actions: {\n" % title]
    for name in sorted({step["name"] for step in fixture_steps()}):
        out.append("    %s: { execute: lambda do |_connection, input|\n      input\n    end },\n" % name)
    total = 0
    while total < size:
        noun = "_".join(rng.choice(WORDS) for _ in range(2))
        fields = "".join(
            "          { name: \"%s_%s\", label: \"%s\", type: \"%s\", optional: %s },\n" % (
                rng.choice(WORDS), rng.choice(WORDS), rng.choice(WORDS).capitalize(),
                rng.choice(("string", "number", "date_time")), rng.choice(("true", "false")))
            for _ in range(rng.randint(3, 25)))
        text = (
            "    get_{0}_{2}: {{\n      input_fields: lambda do |_objects|\n        [\n{1}        ]\n      end,\n"
            "      execute: lambda do |_connection, input|\n        get(\"{0}s/#{{input[\"id\"]}}\")\n      end\n"
            "    }},\n").format(noun, fields, rng.getrandbits(16))
        out.append(text)
        total += len(text)
    out.append("  }\n}\n")
    return "".join(out)


def generate(count, dest, seed):
    rng = random.Random("recipack %d %d" % (count, seed))
    made = set()

    def put(path, text):
        full = os.path.join(dest, path)
        folder = os.path.dirname(full)
        if folder not in made:
            os.makedirs(folder, exist_ok=True)
            made.add(folder)
        with open(full, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())

    left = count

    # Data that recipes share, as in the fixtures.
    with open(os.path.join(FIXTURES, "region_codes.lookup_table.json"), encoding="utf-8") as f:
        table = json.load(f)
    names = ["Region codes"] + ["Codes %02d" % i for i in range(1, max(1, min(20, count // 100)))]
    for name in names:
        rows = ["%s%d,%s %s,%d" % (rng.choice("NSEW"), i, rng.choice(WORDS), rng.choice(WORDS), rng.choice((24, 48)))
                for i in range(rng.randint(5, 200))]
        put(slug(name) + ".lookup_table.json", platform(dict(table, name=name, data="\n".join(rows) + "\n")))
        left -= 1

    connections = {}
    for title, provider, size, _ in CONNECTORS:
        stem = slug(title)
        put(stem + ".custom_adapter.json", platform({
            "title": title, "description": None, "logo_file_name": None, "logo_content_type": None,
            "version_no": rng.randint(3, 60), "note": None}))
        put(stem + ".custom_adapter.rb", connector_source(rng, title, size))
        put("Connections/%s.connection.json" % stem, platform({
            "name": title, "provider": reference(stem + ".custom_adapter.json", title),
            "secure_gateway_tunnel_name": None, "root_folder": False}))
        connections[provider] = [("Connections/%s.connection.json" % stem, title)]
        left -= 2
    for i in range(max(2, min(17, count // 20))):
        provider = BUILT_IN[i % len(BUILT_IN)]
        name = "%s %02d" % (rng.choice(WORDS).capitalize(), i)
        path = "Connections/%s.connection.json" % slug(name)
        put(path, platform({"name": name, "provider": provider, "secure_gateway_tunnel_name": None,
                            "root_folder": False}))
        connections.setdefault(provider, []).append((path, name))
        left -= 1

    folders = ["%s/%s" % (rng.choice(WORDS).capitalize(), rng.choice(WORDS).capitalize()) if i % 3 == 0
               else "%s & %s %d" % (rng.choice(WORDS).capitalize(), rng.choice(WORDS), i) for i in range(20)]
    templates = Templates(rng, 60)
    callee = None
    for i in range(left):
        name = "%s %s %05d" % (rng.choice(WORDS).capitalize(), rng.choice(WORDS), i)
        path = "%s/%s.recipe.json" % (rng.choice(folders), slug(name))
        uses = [provider for _, provider, _, share in CONNECTORS if rng.random() < share]
        put(path, recipe_text(rng, templates, name, uses, connections, callee))
        if callee is None or rng.random() < 0.05:
            callee = (path, name)


def catalogue():
    title, name, _, _ = CONNECTORS[0]
    release = {"version": 2, "version_note": None, "created_at": "2024-03-04T08:05:22.047-08:00",
               "released_at": "2024-03-04T08:05:22.047-08:00"}
    return {"result": [{
        "id": 6120, "name": name, "title": title, "latest_released_version": 2, "latest_released_version_note": None,
        "oem_shared_version": 2, "oem_shared_at": "2024-03-05T09:30:00.000-08:00", "released_versions": [release]}]}


def main():
    args = argparse.ArgumentParser(description="Writes a project of N assets for benchmarks.")
    args.add_argument("n", type=int, metavar="N", help="how many assets; 40 at least")
    args.add_argument("dest", metavar="DEST", help="the project's folder, which must not exist or be empty")
    args.add_argument("--catalog", metavar="FILE", help="also write a catalogue that shares one of its connectors")
    args.add_argument("--seed", type=int, default=1, help="another seed gives another project")
    args = args.parse_args()
    if args.n < 40:
        sys.exit("generate.py: N must be 40 at least")
    if os.path.isdir(args.dest) and os.listdir(args.dest):
        sys.exit("generate.py: %s is not empty" % args.dest)
    generate(args.n, args.dest, args.seed)
    if args.catalog:
        with open(args.catalog, "w", encoding="utf-8") as f:
            json.dump(catalogue(), f, indent=2)
            f.write("\n")


if __name__ == "__main__":
    main()
