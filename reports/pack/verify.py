#!/usr/bin/env python3
"""Check an evidence pack with nothing but Python: every file, the manifests, the seal, the chain of seals.

    python3 verify.py PACK [--key PUBLIC_KEY_HEX ...] [--head SHA256] [--tsa FILE ...] [--json]

PACK is the folder that holds bagit.txt; left out, it is the pack this file lies in. --key names a public key you trust (64 hex
digits, or a file that holds them); --head is the sha256 of the newest seal as somebody else kept it; --tsa is a file with the certificate of the time stamping authority you
trust, or of its root (PEM or DER). Time stamps by RSA (PKCS #1 v1.5) or ECDSA on P-256, P-384, P-521 are checked, others are named as not checked; that a certificate was
revoked cannot be seen offline. Exit 0: nothing found, 1: findings,
2: not a pack. This file is written independently of recon's own verifier, so that neither has to be believed.
"""

import base64
import hashlib
import json
import os
import sys
import unicodedata

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
    placed = {}
    for path, digest in outputs.items():
        top, _, rest = path.partition("/")
        place = homes.get(top, "data/05_results/" + top + "/") + rest
        placed[place] = digest
        if payload.get(place) != digest:
            findings.add(("not_as_published", place))
    statement = os.path.join(bag, "data/08_run/provenance.json")
    if os.path.isfile(statement):  # packs of an older recon have none
        try:
            told = {subject["name"]: subject["digest"]["sha256"] for subject in json.loads(read(statement).decode("utf-8"))["subject"]}
        except (ValueError, KeyError, TypeError):
            told = None
        if told != placed:
            findings.add(("not_as_published", "data/08_run/provenance.json"))


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


def check_original(bag, line, record, where, findings):
    """A redacted pack says in its seal and in a file which full pack it was made from; that one was sealed earlier in the chain."""
    place, pointer = os.path.join(bag, "data/00_redacted.json"), None
    if os.path.isfile(place):
        try:
            pointer = json.loads(read(place).decode("utf-8"))
        except ValueError:
            pointer = None
        pointer = pointer if isinstance(pointer, dict) else {}
    redacts = record.get("redacts")
    if pointer is None and redacts is None:
        return
    pointer = pointer or {}
    told = (pointer.get("full_pack"), pointer.get("full_tagmanifest_sha256"), pointer.get("full_results_sha256"))
    digest = pointer.get("full_seal_sha256")
    good = False
    for entry in read(os.path.join(os.path.dirname(bag), "chain.jsonl")).split(b"\n"):
        if entry == line:
            break
        seal = opened(entry)
        if seal is not None and hashlib.sha256(entry).hexdigest() == digest and "kind" not in seal[0]:
            good = told == (seal[0]["pack"], seal[0].get("tagmanifest_sha256"), seal[0].get("results_sha256"))
            break
    if not good or redacts != {"pack": pointer.get("full_pack"), "seal_sha256": digest}:
        findings.add(("other_original", where))


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
    check_original(bag, line, record, where, findings)
    check_signature(seal, keys, where, findings, remarks)
    return line


def keys_in(lines, findings, remarks):
    """Which key began the line of keys that each later key belongs to; rotations that not both keys signed, and keys used after their end."""
    first, ended, used = {}, set(), set()
    for place, entry in enumerate(lines, 1):
        seal, where = opened(entry), "chain.jsonl:%d" % place
        if seal is None:
            continue
        record, signature = seal
        key = str(record.get("public_key") or "")
        if key in ended:
            findings.add(("retired_key", where))
        if record.get("kind") == "key_rotation":
            new = str(record.get("new_public_key") or "")
            words = {part: record.get(part) for part in ("kind", "public_key", "new_public_key", "prev_record_sha256", "reason", "rotated_at")}
            try:
                good = new != key and new not in used and new not in first and key not in ended
                good = good and signed(bytes.fromhex(key), canonical(record), bytes.fromhex(signature))
                good = good and signed(bytes.fromhex(new), canonical(words), bytes.fromhex(record["new_key_signature"]))
            except (ValueError, KeyError, TypeError):
                good = False
            if good:
                first[new] = first.get(key, key)
                ended.add(key)
                told = " \u00b7 ".join(str(record.get(part)) for part in ("public_key", "new_public_key", "rotated_at", "reason"))
                remarks.add(("key_rotated", "".join(sign if sign.isprintable() else "?" for sign in told)))
            else:
                findings.add(("rotation_forged", where))
        if key:
            used.add(key)
    return first, used


def kin(keys, first, used):
    """The keys that were named, and those of the same lines of keys."""
    begun = {first.get(key, key) for key in keys}
    return set(keys) | {key for key in used | set(first) if first.get(key, key) in begun}


ROLES = ("prepared", "reviewed", "approved")


def check_sign_offs(bag, line, lines, first, findings, remarks):
    """Who signed the pack off: for this very content, signed, and not the preparer as reviewer."""
    try:
        with open(os.path.join(bag, "data/05_results/summary.json"), encoding="utf-8") as file:
            summary = json.load(file)
        saw = {"verdict": summary["verdict"], "exceptions": summary["exceptions"]["count"]}
    except (OSError, ValueError, KeyError, TypeError):
        saw = None
    seal = opened(line) if line is not None else None
    preparers, judges, nobody = set(), set(), True
    if seal is not None and seal[0].get("public_key"):
        sealer = str(seal[0]["public_key"])
        preparers.add(("key", first.get(sealer, sealer)))
    for place, entry in enumerate(lines, 1):
        signed_off = opened(entry)
        if signed_off is None or signed_off[0].get("kind") != "sign_off" or signed_off[0]["pack"] != os.path.basename(bag):
            continue
        record, nobody, where = signed_off[0], False, "chain.jsonl:%d" % place
        same = seal is not None and record.get("seal_sha256") == hashlib.sha256(line).hexdigest()
        if not same or record.get("saw") != saw or record.get("role") not in ROLES:
            findings.add(("signed_other", where))
        if signed_off[1] is None:
            findings.add(("unsigned", where))
        name = "".join(unicodedata.normalize("NFKC", str(record.get("name"))).casefold().split())
        key = str(record.get("public_key"))
        (preparers if record.get("role") == "prepared" else judges).update({("name", name), ("key", first.get(key, key))})
        told = " \u00b7 ".join(str(record.get(part)) for part in ("role", "name", "signed_at", "conclusion"))
        remarks.add(("signed_off", "".join(sign if sign.isprintable() else "?" for sign in told)))
    if seal is not None and preparers & judges:
        findings.add(("same_person", os.path.basename(bag)))
    if nobody:
        remarks.add(("not_signed_off", os.path.basename(bag)))


def check_chain(bag, line, lines, keys, head, first, findings, remarks):
    folder = os.path.dirname(bag)
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
    check_sign_offs(bag, line, lines, first, findings, remarks)


# ── time stamps (RFC 3161) ───────────────────────────────────────────────────────────────────────────────────
HASHES = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
RSA = {"1.2.840.113549.1.1.1": "", "1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
ECDSA = {"1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}
PREFIXES = {"sha256": "3031300d060960864801650304020105000420", "sha384": "3041300d060960864801650304020205000430",
            "sha512": "3051300d060960864801650304020305000440"}  # fmt: skip
#: object identifier of a curve -> p, b, order, x and y of the base point (NIST SP 800-186); a is p - 3
CURVES = {
    "1.2.840.10045.3.1.7": (
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    ),
    "1.3.132.0.34": (
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
    ),
    "1.3.132.0.35": (
        2**521 - 1,
        0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
        0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
        0x00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
        0x011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650,
    ),
}


class Unreadable(ValueError):
    """Bytes that are no time stamp."""


class Unchecked(Exception):
    """A method that is not checked here."""


def element(data):
    """Tag, content and all bytes of the DER element that the bytes begin with."""
    if len(data) < 2 or data[0] & 31 == 31:
        raise Unreadable
    size, head = data[1], 2
    if size & 128:
        head += size & 127
        size = int.from_bytes(data[2:head], "big")
        if head == 2 or len(data) < head or size < 128:
            raise Unreadable
    if len(data) < head + size:
        raise Unreadable
    return data[0], data[head : head + size], data[: head + size]


def inside(one, *tags):
    """The elements inside an element, which must have one of the tags, where tags are named."""
    if tags and one[0] not in tags:
        raise Unreadable
    found, data = [], one[1]
    while data:
        found.append(element(data))
        data = data[len(found[-1][2]) :]
    return found


def content(one, tag):
    if one[0] != tag:
        raise Unreadable
    return one[1]


def oid(one):
    numbers, value = [], 0
    for byte in content(one, 6):
        value = value << 7 | byte & 127
        if not byte & 128:
            numbers.append(value)
            value = 0
    if not numbers:
        raise Unreadable
    head = min(numbers[0] // 40, 2)
    return ".".join(str(number) for number in [head, numbers[0] - 40 * head, *numbers[1:]])


def moment(one):
    """A time as fourteen digits, of the two ways in which certificates and tokens write it."""
    text = one[1].decode("ascii").split(".")[0].rstrip("Z")
    if one[0] == 23:
        text = ("19" if text[:2] >= "50" else "20") + text
    if one[0] not in (23, 24) or len(text) != 14 or not text.isdigit():
        raise Unreadable
    return text


def certificate_of(data):
    """What is needed of a certificate."""
    one = element(data)
    covered, method, signature = inside(one, 48)
    parts = [part for part in inside(covered, 48) if part[0] != 160]  # without the version
    use, issues = None, False
    for part in parts[6:]:
        for extension in inside(inside(part)[0], 48) if part[0] == 163 else []:
            fields = inside(extension, 48)
            value = element(content(fields[-1], 4))
            if oid(fields[0]) == "2.5.29.37":
                use = ([oid(purpose) for purpose in inside(value, 48)], len(fields) == 3 and fields[1][1] == b"\xff")
            if oid(fields[0]) == "2.5.29.19":
                told = inside(value, 48)
                issues = bool(told) and told[0][0] == 1 and told[0][1] == b"\xff"
    first, last = (moment(time) for time in inside(parts[3], 48))
    return {"data": one[2], "covered": covered[2], "method": oid(inside(method, 48)[0]), "signature": content(signature, 3)[1:],
            "issuer": parts[2][2], "subject": parts[4][2], "first": first, "last": last, "key": parts[5], "use": use, "issues": issues}  # fmt: skip


def rsa_signed(key, digest, message, signature):
    modulus, exponent = (int.from_bytes(content(part, 2), "big") for part in inside(element(content(key[1], 3)[1:]), 48))
    size = (modulus.bit_length() + 7) // 8
    told = bytes.fromhex(PREFIXES[digest]) + hashlib.new(digest, message).digest()
    right = b"\x00\x01" + b"\xff" * (size - 3 - len(told)) + b"\x00" + told
    return len(signature) == size and pow(int.from_bytes(signature, "big"), exponent, modulus) == int.from_bytes(right, "big")


def curve_sum(a, b, p):
    """The sum of two points of a curve y^2 = x^3 - 3x + b; None is the neutral one."""
    if a is None or b is None:
        return a if b is None else b
    if a[0] == b[0]:
        if (a[1] + b[1]) % p == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], p - 2, p) % p
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], p - 2, p) % p
    x = (slope * slope - a[0] - b[0]) % p
    return x, (slope * (a[0] - x) - a[1]) % p


def curve_times(number, point, p):
    total = None
    while number:
        if number & 1:
            total = curve_sum(total, point, p)
        point = curve_sum(point, point, p)
        number >>= 1
    return total


def ecdsa_signed(key, curve, digest, message, signature):
    p, b, order, base_x, base_y = CURVES[curve]
    data, size = content(key[1], 3)[1:], (p.bit_length() + 7) // 8
    x, y = int.from_bytes(data[1 : 1 + size], "big"), int.from_bytes(data[1 + size :], "big")
    if data[:1] != b"\x04" or len(data) != 1 + 2 * size or (y * y - x * x * x + 3 * x - b) % p:
        raise Unreadable
    r, s = (int.from_bytes(content(part, 2), "big", signed=True) for part in inside(element(signature), 48))
    if not (0 < r < order and 0 < s < order):
        return False
    hashed = hashlib.new(digest, message).digest()
    number = int.from_bytes(hashed, "big") >> max(0, 8 * len(hashed) - order.bit_length())
    inverse = pow(s, order - 2, order)
    point = curve_sum(curve_times(number * inverse % order, (base_x, base_y), p), curve_times(r * inverse % order, (x, y), p), p)
    return point is not None and point[0] % order == r


def signed_by(certificate, method, digest, message, signature):
    """Whether the certificate's key signed the message."""
    key = inside(certificate["key"], 48)
    kind = inside(key[0], 48)
    name = oid(kind[0])
    if name == "1.2.840.113549.1.1.1" and method in RSA:
        return rsa_signed(key, RSA[method] or digest, message, signature)
    if name == "1.2.840.10045.2.1" and method in ECDSA and kind[1][0] == 6 and oid(kind[1]) in CURVES:
        try:
            return ecdsa_signed(key, oid(kind[1]), ECDSA[method], message, signature)
        except (ValueError, IndexError):
            return False
    raise Unchecked


def named(certificate, told):
    for kind, usual in (("1.2.840.113549.1.9.16.2.47", "sha256"), ("1.2.840.113549.1.9.16.2.12", "sha1")):
        if kind in told:
            parts, digest = inside(inside(inside(told[kind][0])[0])[0]), usual
            if parts[0][0] == 48:
                digest = HASHES.get(oid(inside(parts.pop(0))[0]))
                if digest is None:
                    raise Unchecked
            return hashlib.new(digest, certificate["data"]).digest() == content(parts[0], 4)
    return False


def stamp_of(data):
    """What a token stamps, when, the certificate that signed it and the others in it; None when its signature does not hold."""
    outer = inside(element(data), 48)
    if len(element(data)[2]) != len(data):
        raise Unreadable
    if outer[0][0] == 48:
        outer = inside(outer[1], 48)
    parts = inside(inside(outer[1], 160)[0], 48)
    kind, wrapped = inside(parts[2], 48)
    if oid(outer[0]) != "1.2.840.113549.1.7.2" or oid(kind) != "1.2.840.113549.1.9.16.1.4":
        raise Unreadable
    stamped = content(inside(wrapped, 160)[0], 4)
    certificates = [certificate_of(one[2]) for part in parts[3:-1] if part[0] == 160 for one in inside(part)]
    (signer,) = inside(parts[-1], 49)
    fields = inside(signer, 48)
    if len(element(stamped)[2]) != len(stamped):
        raise Unreadable
    info = inside(element(stamped), 48)
    imprint, time = inside(info[2]), moment(info[4])
    if info[4][0] != 24:
        raise Unreadable
    if oid(inside(imprint[0])[0]) != "2.16.840.1.101.3.4.2.1":
        raise Unchecked
    digest, method = HASHES.get(oid(inside(fields[2])[0])), oid(inside(fields[4])[0])
    if digest is None or fields[3][0] != 160:
        raise Unchecked
    told = {}
    for attribute in inside(fields[3]):
        pair = inside(attribute)
        told[oid(pair[0])] = inside(pair[1], 49)
    is_stamp = oid(told["1.2.840.113549.1.9.3"][0]) == "1.2.840.113549.1.9.16.1.4"
    if content(told["1.2.840.113549.1.9.4"][0], 4) != hashlib.new(digest, stamped).digest() or not is_stamp:
        return None
    certificate = next((one for one in certificates if named(one, told)), None)
    signature = content(fields[5], 4)
    if certificate is None or not signed_by(certificate, method, digest, b"\x31" + fields[3][2][1:], signature):
        return None
    if certificate["use"] != (["1.3.6.1.5.5.7.3.8"], True) or not certificate["first"] <= time <= certificate["last"]:
        return None
    return content(imprint[1], 4).hex(), time, certificate, certificates


def leads(certificate, roots, others, time, steps=6):
    """Whether a certificate is a trusted one, or was issued by one that leads to it."""
    if any(certificate["data"] == root["data"] for root in roots):
        return True
    for issuer in roots + others if steps else []:
        try:
            if (
                issuer["subject"] == certificate["issuer"]
                and issuer["data"] != certificate["data"]
                and issuer["issues"]
                and issuer["first"] <= time <= issuer["last"]
                and signed_by(issuer, certificate["method"], "sha256", certificate["covered"], certificate["signature"])
                and leads(issuer, roots, others, time, steps - 1)
            ):
                return True
        except Unchecked:
            continue
    return False


def check_stamps(bag, line, authorities, findings, remarks):
    """The time stamps beside the pack: of its seal or a later line of the chain, signed by the certificate in them."""
    folder, own = os.path.dirname(bag), os.path.basename(bag)
    lines = [entry for entry in read(os.path.join(folder, "chain.jsonl")).split(b"\n") if entry]
    stampable = set()
    if line is not None:
        later = lines[lines.index(line) :] if line in lines else []
        stampable = {hashlib.sha256(entry).hexdigest() for entry in [line, *later]}
    names = [name for name in sorted(os.listdir(folder)) if name.startswith(own + ".") and name.endswith(".tsr")]
    vouched = False
    for name in names:
        path = os.path.join(folder, name)
        if os.path.islink(path) or not os.path.isfile(path):
            findings.add(("not_a_file", name))
            continue
        try:
            stamp = stamp_of(read(path))
        except Unchecked:
            (findings if authorities else remarks).add(("stamp_unchecked", name))
            continue
        except (ValueError, IndexError, KeyError):
            findings.add(("stamp_damaged", name))
            continue
        if stamp is None:
            findings.add(("stamp_forged", name))
            continue
        digest, time, signer, others = stamp
        if digest not in stampable:
            findings.add(("stamp_other", name))
        elif not authorities:
            remarks.add(("stamp_not_vouched", hashlib.sha256(signer["data"]).hexdigest()))
        elif leads(signer, [certificate_of(root) for root in authorities], others, time):
            vouched = True
        else:
            findings.add(("stamp_other_authority", name))
        told = (name, time[:4], time[4:6], time[6:8], time[8:10], time[10:12], time[12:])
        remarks.add(("stamped", "%s \u00b7 %s-%s-%sT%s:%s:%sZ" % told))
    if not names or (authorities and not vouched):
        (findings if authorities else remarks).add(("unstamped", own))


def certificates_in(path):
    """The certificates of a PEM or DER file."""
    data = read(path)
    if b"-----BEGIN" not in data:
        return [certificate_of(data)["data"]]
    return [base64.b64decode(part.split(b"-----END")[0]) for part in data.split(b"-----BEGIN CERTIFICATE-----")[1:]]


def verify(bag, keys=(), head=None, authorities=()):
    """(findings, remarks): sets of (check, where)."""
    bag = os.path.abspath(bag)
    findings, remarks = set(), set()
    if os.path.islink(bag):
        findings.add(("not_a_file", os.path.basename(bag)))
    payload = check_bag(bag, findings)
    check_run(bag, payload, findings)
    lines = [entry for entry in read(os.path.join(os.path.dirname(bag), "chain.jsonl")).split(b"\n") if entry]
    first, used = keys_in(lines, findings, remarks)
    trusted = kin(keys, first, used)
    line = check_seal(bag, payload, trusted, findings, remarks)
    check_chain(bag, line, lines, trusted, head, first, findings, remarks)
    check_stamps(bag, line, list(authorities), findings, remarks)
    return findings, remarks


def key_of(text):
    if os.path.isfile(text):
        with open(text, encoding="utf-8") as file:
            text = file.read()
    return text.strip().lower()


def main(words):
    keys, head, places, authorities, as_json = [], None, [], [], False
    while words:
        word = words.pop(0)
        if word == "--key" and words:
            keys.append(key_of(words.pop(0)))
        elif word == "--head" and words:
            head = words.pop(0)
        elif word == "--tsa" and words:
            authorities += certificates_in(words.pop(0))
        elif word == "--json":
            as_json = True
        else:
            places.append(word)
    bag = places[0] if places else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    if not os.path.isfile(os.path.join(bag, PAYLOAD)):
        sys.stderr.write("%s is not an evidence pack\n" % bag)
        return 2
    findings, remarks = verify(bag, keys, head, authorities)
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
