#!/usr/bin/env python3
"""Check an evidence pack with nothing but Python: every file, the manifests, the seal, the chain of seals.

    python3 verify.py PACK [--key PUBLIC_KEY_HEX ...] [--head SHA256] [--json]

PACK is the folder that holds bagit.txt; left out, it is the pack this file lies in. --key names a public key you trust (64 hex
digits, or a file that holds them); --head is the sha256 of the newest seal as somebody else kept it. Exit 0: nothing found, 1: findings,
2: not a pack. This file is written independently of recon's own verifier, so that neither has to be believed.
"""

import hashlib
import json
import os
import sys

PAYLOAD = "manifest-sha256.txt"
TAGS = "tagmanifest-sha256.txt"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_FILES = {"bagit.txt", "bag-info.txt", PAYLOAD}
HEX = set("0123456789abcdef")

# ── Ed25519 (RFC 8032), verification only ────────────────────────────────────────────────────────────────────
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x % 2 != sign else x


def decoded(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    x = recover_x(y, sign) if y < P else None
    return None if x is None else (x, y, 1, x * y % P)


def added(a, b):
    one, two = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    three, four = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = two - one, four - three, four + three, two + one
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, point):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = added(total, point)
        point = added(point, point)
        number >>= 1
    return total


def encoded(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def signed(key, message, signature):
    """Whether the signature (64 bytes) over the message was made with the key (32 bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    point, s = decoded(key), int.from_bytes(signature[32:], "little")
    if point is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    negative = (P - point[0], point[1], point[2], P - point[3])
    return encoded(added(times(s, BASE), times(h, negative))) == signature[:32]


# ── the bag ──────────────────────────────────────────────────────────────────────────────────────────────────
def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def listed(bag, name, findings):
    """Path -> sha256 of a manifest."""
    found = {}
    try:
        text = read(os.path.join(bag, name)).decode("utf-8")
    except UnicodeDecodeError:
        findings.add(("manifest_damaged", name))
        return found
    for line in text.split("\n"):
        if not line:
            continue
        digest, gap, path = line[:64], line[64:66], line[66:].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
        if gap != "  " or not path or set(digest) - HEX or len(digest) != 64 or path in found:
            findings.add(("manifest_damaged", name))
        else:
            found[path] = digest
    return found


def unsafe(path):
    parts = path.split("/")
    return path.startswith("/") or "\\" in path or "\0" in path or ":" in parts[0] or any(part in ("", ".", "..") for part in parts)


def present(bag):
    """Everything below the bag that is no folder: path -> whether it is a plain file."""
    found = {}
    for place, folders, files in os.walk(bag):
        for name in files + [f for f in folders if os.path.islink(os.path.join(place, f))]:
            path = os.path.join(place, name)
            found[os.path.relpath(path, bag).replace(os.sep, "/")] = os.path.isfile(path) and not os.path.islink(path)
    return found


def check_bag(bag, findings):
    payload, tags, there = listed(bag, PAYLOAD, findings), listed(bag, TAGS, findings), present(bag)
    if set(tags) != TAG_FILES:
        findings.add(("manifest_damaged", TAGS))
    if read(os.path.join(bag, "bagit.txt")) != DECLARATION:
        findings.add(("changed", "bagit.txt"))
    for path in payload:
        if unsafe(path) or not path.startswith("data/"):
            findings.add(("unsafe_name", path))
    every = {**payload, **tags}
    folded = {}
    for path in every:
        folded.setdefault(path.casefold(), []).append(path)
    for same in folded.values():
        if len(same) > 1:
            findings.update(("unsafe_name", path) for path in same)
    for path, digest in every.items():
        if unsafe(path):
            findings.add(("unsafe_name", path))
        elif path not in there:
            findings.add(("missing", path))
        elif not there[path]:
            findings.add(("not_a_file", path))
        elif sha256_of(os.path.join(bag, path)) != digest:
            findings.add(("changed", path))
    for path, plain in there.items():
        if path not in every and path != TAGS:
            findings.add(("added" if plain else "not_a_file", path))
    size = sum(os.path.getsize(os.path.join(bag, p)) for p in payload if not unsafe(p) and there.get(p))
    if ("Payload-Oxum: %d.%d\n" % (size, len(payload))).encode() not in read(os.path.join(bag, "bag-info.txt")):
        findings.add(("changed", "bag-info.txt"))
    return payload


def check_run(bag, payload, findings):
    """The files of the run are those its own manifest names."""
    try:
        run = json.loads(read(os.path.join(bag, "data/08_run/manifest.json")).decode("utf-8"))
        outputs = {entry["path"]: entry["sha256"] for entry in run["outputs"]}
    except (ValueError, KeyError, TypeError):
        findings.add(("not_as_published", "data/08_run/manifest.json"))
        return
    homes = {"results": "data/05_results/", "report": "data/01_report/", "machine": "data/01_report/machine/"}
    for path, digest in outputs.items():
        top, _, rest = path.partition("/")
        place = homes.get(top, "data/05_results/" + top + "/") + rest
        if payload.get(place) != digest:
            findings.add(("not_as_published", place))


# ── the seal and the chain ───────────────────────────────────────────────────────────────────────────────────
def canonical(record):
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def opened(line):
    """Record and signature of a seal, or nothing."""
    try:
        seal = json.loads(line.decode("utf-8"))
        record, signature = seal["record"], seal["signature"]
        if not isinstance(record, dict) or not isinstance(record["chain_seq"], int) or not isinstance(record["pack"], str):
            return None
        return record, signature
    except (ValueError, KeyError, TypeError):
        return None


def check_signature(seal, keys, where, findings, remarks):
    record, signature = seal
    if signature is None and record.get("public_key") is None:
        (findings if keys else remarks).add(("unsigned", where))
        return
    try:
        good = signed(bytes.fromhex(record["public_key"]), canonical(record), bytes.fromhex(signature))
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        findings.add(("forged", where))
    elif keys and record["public_key"] not in keys:
        findings.add(("other_key", where))
    elif not keys:
        remarks.add(("key_not_vouched", record["public_key"]))


def results_digest(payload):
    lines = sorted("%s  %s\n" % (digest, path) for path, digest in payload.items() if path.startswith("data/05_results/"))
    return hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


def check_seal(bag, payload, keys, findings, remarks):
    name = os.path.basename(bag)
    where = name + ".seal.json"
    path = os.path.join(os.path.dirname(bag), where)
    if os.path.islink(path) or not os.path.isfile(path):
        findings.add(("unsealed", where))
        return None
    line = read(path).rstrip(b"\n")
    seal = opened(line)
    if seal is None:
        findings.add(("forged", where))
        return None
    record = seal[0]
    right = (name, sha256_of(os.path.join(bag, TAGS)) if os.path.isfile(os.path.join(bag, TAGS)) else "", results_digest(payload))
    if (record.get("pack"), record.get("tagmanifest_sha256"), record.get("results_sha256")) != right:
        findings.add(("other_content", where))
    check_signature(seal, keys, where, findings, remarks)
    return line


def check_chain(bag, line, keys, head, findings, remarks):
    folder = os.path.dirname(bag)
    lines = [entry for entry in read(os.path.join(folder, "chain.jsonl")).split(b"\n") if entry]
    before = None
    for place, entry in enumerate(lines, 1):
        where = "chain.jsonl:%d" % place
        seal = opened(entry)
        if seal is None or seal[0]["chain_seq"] != place or seal[0].get("prev_record_sha256") != before:
            findings.add(("chain_broken", where))
        if seal is not None:
            check_signature(seal, keys, where, findings, remarks)
        before = hashlib.sha256(entry).hexdigest()
    known = set(lines)
    if line is not None and line not in known:
        findings.add(("chain_cut", os.path.basename(bag) + ".seal.json"))
    for other in sorted(os.listdir(folder)):
        if other.endswith(".seal.json") and read(os.path.join(folder, other)).rstrip(b"\n") not in known:
            findings.add(("chain_cut", other))
    if head and head != before:
        findings.add(("chain_cut", "chain.jsonl"))


def verify(bag, keys=(), head=None):
    """(findings, remarks): sets of (check, where)."""
    bag = os.path.abspath(bag)
    findings, remarks = set(), set()
    if os.path.islink(bag):
        findings.add(("not_a_file", os.path.basename(bag)))
    payload = check_bag(bag, findings)
    check_run(bag, payload, findings)
    line = check_seal(bag, payload, set(keys), findings, remarks)
    check_chain(bag, line, set(keys), head, findings, remarks)
    return findings, remarks


def key_of(text):
    if os.path.isfile(text):
        with open(text, encoding="utf-8") as file:
            text = file.read()
    return text.strip().lower()


def main(words):
    keys, head, places, as_json = [], None, [], False
    while words:
        word = words.pop(0)
        if word == "--key" and words:
            keys.append(key_of(words.pop(0)))
        elif word == "--head" and words:
            head = words.pop(0)
        elif word == "--json":
            as_json = True
        else:
            places.append(word)
    bag = places[0] if places else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    if not os.path.isfile(os.path.join(bag, PAYLOAD)):
        sys.stderr.write("%s is not an evidence pack\n" % bag)
        return 2
    findings, remarks = verify(bag, keys, head)
    if as_json:
        sys.stdout.write(json.dumps({"findings": sorted(findings), "remarks": sorted(remarks)}) + "\n")
    else:
        for check, where in sorted(findings):
            sys.stdout.write("FOUND   %-18s %s\n" % (check, where))
        for check, where in sorted(remarks):
            sys.stdout.write("remark  %-18s %s\n" % (check, where))
        sys.stdout.write("%d findings\n" % len(findings) if findings else "every file, manifest, seal and link of the chain is as it was sealed\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
