"""Merges recipes by itself, and says where a merge that it is given is another one.

Reads [{"base", "theirs", "ours", "relation", "merged"}] and prints what differs. It knows nothing of
the program: documents are compared as values, steps are told apart by their uuid, and a merge is made
anew from the parts.
"""

import json
import re
import sys

COUNTERS = {"version", "version_comment"}


class Conflict(Exception):
    pass


class Steps:
    """A recipe's steps, by uuid."""

    def __init__(self, trigger):
        self.order, self.content, self.parent, self.children = [], {}, {}, {}
        self.walk(trigger, None)

    def walk(self, step, parent):
        uuid = "trigger" if parent is None else step["uuid"]
        self.order.append(uuid)
        self.parent[uuid] = parent
        self.content[uuid] = {k: v for k, v in step.items() if k not in ("number", "block")}
        self.children[uuid] = ["trigger" if parent is None and False else s["uuid"] for s in step.get("block", [])]
        for inner in step.get("block", []):
            self.walk(inner, uuid)


def common(a, b):
    """A longest common subsequence."""
    table = [[[]] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            if x == y:
                table[i + 1][j + 1] = table[i][j] + [x]
            else:
                table[i + 1][j + 1] = max(table[i][j + 1], table[i + 1][j], key=len)
    return table[-1][-1]


def moved(base, side, uuid):
    """Whether a side has a step of the base elsewhere."""
    if uuid not in base.content or uuid not in side.content:
        return False
    parent = side.parent[uuid]
    if parent != base.parent[uuid]:
        return True
    if parent is None:
        return False
    # Those that came from elsewhere have not passed anybody.
    here = [s for s in base.children[parent] if side.parent.get(s) == parent]
    there = [s for s in side.children[parent] if base.parent.get(s) == parent]
    return uuid not in common(here, there)


def touched(base, side, uuid):
    return moved(base, side, uuid) or any(base.parent.get(s) != uuid for s in side.children[uuid])


def choose(base, theirs, ours):
    """One of three values; None is one that is not there."""
    if theirs == base or theirs == ours:
        return ours
    if ours == base:
        return theirs
    raise Conflict


def members(base, theirs, ours):
    """A mapping of three."""
    merged = {}
    for key in {*base, *theirs, *ours}:
        value = choose(base.get(key), theirs.get(key), ours.get(key))
        if value is not None:
            merged[key] = value
    return merged


def weave(base, theirs, ours):
    if theirs == base or theirs == ours:
        return ours
    if ours == base:
        return theirs
    fixed = set(common(base, theirs)) & set(common(base, ours))
    anchor = next((s for s in base if s in fixed), None)
    if anchor is None:
        raise Conflict

    def cut(order):
        at = order.index(anchor)
        return order[:at], order[at + 1 :]

    parts = [cut(order) for order in (base, theirs, ours)]
    before = weave(*(part[0] for part in parts))
    after = weave(*(part[1] for part in parts))
    return before + [anchor] + after


def names(content):
    return content.get("as")


def uses(content, known):
    found = set()

    def look(value):
        if isinstance(value, dict):
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)
        elif isinstance(value, str):
            found.update(re.findall(r'"line":"([^"]*)"', value))

    look(content)
    return found & known


def dangling(order, content, known):
    given, found = set(), set()
    for uuid in order:
        given.add(names(content[uuid]))
        found |= {(uuid, used) for used in uses(content[uuid], known) - given}
    return found


def settings(document):
    return {k: v for k, v in document.items() if k not in COUNTERS | {"code", "config"}}


def applications(document):
    return {entry["provider"]: entry for entry in document["config"]}


def parts(document):
    steps = Steps(document["code"])
    tree = [(steps.content[s], steps.parent[s]) for s in steps.order]
    return settings(document), applications(document), tree


def merge(base, theirs, ours):
    b, t, o = (Steps(document["code"]) for document in (base, theirs, ours))
    whole = members(settings(base), settings(theirs), settings(ours))
    listed = members(applications(base), applications(theirs), applications(ours))
    for uuid in b.content:
        for one, other in ((t, o), (o, t)):
            if uuid in one.content and uuid not in other.content and touched(b, one, uuid):
                raise Conflict
    content = members(b.content, t.content, o.content)
    children = {}
    for parent in content:
        orders = [[s for s in side.children.get(parent, []) if s in content] for side in (b, t, o)]
        children[parent] = weave(*orders)
    order = []

    def walk(uuid):
        if len(order) > len(content):
            raise Conflict
        number = len(order)
        order.append(uuid)
        block = [walk(inner) for inner in children[uuid]]
        has_block = any("block" in step_of(side, uuid) for side in (base, theirs, ours))
        step = dict(content[uuid], number=number)
        return dict(step, block=block) if block or has_block else step

    def step_of(document, uuid):
        def find(step, is_trigger):
            if ("trigger" if is_trigger else step["uuid"]) == uuid:
                return step
            for inner in step.get("block", []):
                found = find(inner, False)
                if found is not None:
                    return found
            return None

        return find(document["code"], True) or {}

    code = walk("trigger")
    if sorted(order) != sorted(content):
        raise Conflict
    known = {names(side.content[s]) for side in (t, o) for s in side.content} - {None}
    before = dangling(t.order, t.content, known) | dangling(o.order, o.content, known)
    if dangling(order, content, known) - before:
        raise Conflict
    was = {*applications(theirs), *applications(ours)}
    if any(content[s].get("provider") in was - {*listed} for s in order):
        raise Conflict
    return whole, listed, code


def bare(step):
    """A step without blocks that hold nothing."""
    inner = [bare(s) for s in step.get("block", [])]
    step = {k: v for k, v in step.items() if k != "block"}
    return dict(step, block=inner) if inner else step


def check(case):
    base, theirs, ours = case["base"], case["theirs"], case["ours"]
    merged = case["merged"]
    if parts(theirs) == parts(base):
        return case["relation"] == "untouched" or "theirs is as the base"
    if parts(ours) == parts(base):
        return case["relation"] == "theirs-only" or "only theirs changed"
    try:
        whole, listed, code = merge(base, theirs, ours)
    except Conflict:
        return case["relation"] == "conflict" or "can't be merged"
    if merged is None:
        if parts(theirs) == parts(ours):
            return case["relation"] == "both-same" or "both are the same"
        same = parts(dict(theirs, code=code, config=list(listed.values()), **whole)) == parts(theirs)
        return same and case["relation"] == "theirs-only" or "is merged"
    if settings(merged) != whole:
        return f"settings {whole}"
    if applications(merged) != listed:
        return f"applications {listed}"
    return bare(merged["code"]) == bare(code) or f"steps {json.dumps(code)}"


wrong = []
for number, case in enumerate(json.load(sys.stdin)):
    said = check(case)
    if said is not True:
        wrong.append([number, said])
json.dump(wrong, sys.stdout)
