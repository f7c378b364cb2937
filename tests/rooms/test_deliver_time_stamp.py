"""RFC 3161 time stamps: authorities made by OpenSSL stamp a pack's seal; both verifiers check the tokens and find every tampering."""

from __future__ import annotations

import hashlib
import shutil
import subprocess

import pytest
from packed import both, standalone

from recon.deliver.inspect_pack import inspect
from recon.deliver.inspect_stamps import authorities_of, digest_to_stamp, put_beside
from recon.deliver.seal import read_key
from recon.deliver.sign_off import sign_off
from recon.deliver.time_stamp import opened, request
from recon.domain.errors import InputsRefused, TermsRefused

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL, which makes the authorities of these tests, is not installed")

KINDS = {
    "rsa": (["rsa:2048"], "sha256"),
    "p256": (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "sha256"),
    "p384": (["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "sha384"),
    "p521": (["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], "sha512"),
}
CONFIGURATION = """
[req]
distinguished_name = name
prompt = no
[name]
CN = placeholder
[root]
basicConstraints = critical, CA:TRUE
[stamping]
basicConstraints = CA:FALSE
extendedKeyUsage = critical, timeStamping
[serving]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth
[tsa]
default_tsa = one
[one]
serial = serial
digests = sha256, sha384, sha512
default_policy = 1.2.3.4.1
ess_cert_id_chain = no
"""


def openssl(place, *words, given=None):
    return subprocess.run(["openssl", *map(str, words)], cwd=place, check=True, capture_output=True, input=given).stdout


def authority(place, kind, use="stamping", days="3650"):
    """A root, and a certificate for time stamping that it issued, in a folder of their own."""
    place.mkdir()
    (place / "c.cnf").write_text(CONFIGURATION)
    (place / "serial").write_text("01\n")
    new = ["req", "-config", "c.cnf", "-nodes", "-newkey", *KINDS[kind][0]]
    openssl(
        place, *new, "-x509", "-days", "4000", "-subj", f"/CN=Root {place.name}", "-extensions", "root", "-keyout", "root.key", "-out", "root.pem"
    )
    openssl(place, *new, "-subj", f"/CN=TSA {place.name}", "-keyout", "tsa.key", "-out", "tsa.csr")
    signing = ["x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", days, "-extfile", "c.cnf"]
    openssl(place, *signing, "-extensions", use, "-out", "tsa.pem")
    return place


def stamped(place, asked, kind="rsa"):
    """The answer of the authority to a request."""
    (place / "asked.tsq").write_bytes(asked)
    words = ["-config", "c.cnf", "-section", "one", "-queryfile", "asked.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key", f"-{KINDS[kind][1]}"]
    openssl(place, "ts", "-reply", *words, "-out", "answer.tsr")
    return place / "answer.tsr"


@pytest.fixture(scope="session")
def authorities(tmp_path_factory):
    """Kind of key -> an authority's folder; `other` is one more that nobody trusts."""
    place = tmp_path_factory.mktemp("authorities")
    return {kind: authority(place / kind, kind) for kind in KINDS} | {"other": authority(place / "other", "p256")}


@pytest.fixture
def tsa(authorities):
    return authorities["rsa"]


@pytest.fixture
def beside(attacked, tsa):
    """The attacked pack with a time stamp of the head of its chain: (folder, pack, public key, root, token)."""
    packs, bag, public, _ = attacked
    token, time = put_beside(bag, stamped(tsa, request(digest_to_stamp(bag))))
    assert time.startswith("20")
    return packs, bag, public, authorities_of([tsa / "root.pem"]), token


@pytest.mark.parametrize("kind", KINDS)
def test_a_stamp_is_checked_offline_down_to_the_root(attacked, authorities, kind):
    _, bag, public, head = attacked
    place = authorities[kind]
    token, _ = put_beside(bag, stamped(place, request(digest_to_stamp(bag)), kind))
    assert token.name == f"{bag.name}.3.tsr"
    for trusted in ("root.pem", "tsa.pem"):
        named = authorities_of([place / trusted])
        assert standalone.certificates_in(str(place / trusted)) == named
        assert both(bag, [public], head, named) == set()
    assert {check for check, _ in inspect(bag, [public], head, named).remarks} == {"stamped", "not_signed_off"}
    assert openssl(place, "ts", "-verify", "-digest", digest_to_stamp(bag), "-in", "answer.tsr", "-CAfile", "root.pem").strip() == b"Verification: OK"
    assert both(bag, [public]) == set()
    assert ("stamp_not_vouched", opened(token.read_bytes()).fingerprint) in inspect(bag, [public]).remarks


def test_the_request_is_what_openssl_writes(tmp_path):
    digest = hashlib.sha256(b"seal").hexdigest()
    assert request(digest) == openssl(tmp_path, "ts", "-query", "-digest", digest, "-sha256", "-cert", "-no_nonce")


def test_the_bare_token_is_taken_as_well(attacked, tsa):
    _, bag, _, _ = attacked
    answer = stamped(tsa, request(digest_to_stamp(bag)))
    openssl(tsa, "ts", "-reply", "-in", answer, "-token_out", "-out", "token.der")
    put_beside(bag, tsa / "token.der")
    assert both(bag, authorities=authorities_of([tsa / "root.pem"])) == set()


def test_a_stamp_of_a_later_line_vouches_for_the_seals_before_it(attacked, tsa, shelf, tmp_path):
    from recon.deliver.seal import make_keys

    packs, bag, _, _ = attacked
    make_keys(tmp_path / "ann")
    sign_off(bag, "prepared", "Ann", "done", read_key(tmp_path / "ann"))
    token, _ = put_beside(bag, stamped(tsa, request(digest_to_stamp(bag))))
    assert token.name == f"{bag.name}.4.tsr"
    root = authorities_of([tsa / "root.pem"])
    assert both(bag, authorities=root) == set()
    last = packs / shelf[1][2]
    shutil.copy(token, packs / f"{last.name}.4.tsr")
    assert both(last, authorities=root) == set()


def test_only_an_answer_about_this_pack_is_taken(attacked, tsa, shelf, tmp_path):
    packs, bag, _, _ = attacked
    first_line = (packs / "chain.jsonl").read_bytes().split(b"\n")[0]
    for digest in (hashlib.sha256(b"something else").hexdigest(), hashlib.sha256(first_line).hexdigest()):
        with pytest.raises(InputsRefused, match="does not stamp this pack"):
            put_beside(bag, stamped(tsa, request(digest)))
    (tmp_path / "text").write_text("no token")
    with pytest.raises(InputsRefused, match="not a time stamp token"):
        put_beside(bag, tmp_path / "text")
    with pytest.raises(TermsRefused, match="no such file"):
        put_beside(bag, tmp_path / "nothing")
    put_beside(bag, stamped(tsa, request(digest_to_stamp(bag))))
    with pytest.raises(TermsRefused, match="already"):
        put_beside(bag, stamped(tsa, request(digest_to_stamp(bag))))
    with pytest.raises(TermsRefused, match="not a certificate"):
        authorities_of([tmp_path / "text"])


# ── tampering ────────────────────────────────────────────────────────────────────────────────────────────────
def delete(beside, _):
    beside[4].unlink()


def of_another_seal(beside, authorities):
    beside[4].write_bytes(stamped(authorities["rsa"], request(hashlib.sha256(b"x").hexdigest())).read_bytes())


def by_another_authority(beside, authorities):
    beside[4].write_bytes(stamped(authorities["other"], request(digest_to_stamp(beside[1])), "p256").read_bytes())


def other_time(beside, _):
    data = beside[4].read_bytes()
    at = data.index(b"Z", data.index(b"\x18\x0f20"))
    beside[4].write_bytes(data[: at - 9] + bytes([data[at - 9] ^ 1]) + data[at - 8 :])


def other_digest(beside, _):
    data, digest = beside[4].read_bytes(), bytes.fromhex(digest_to_stamp(beside[1]))
    beside[4].write_bytes(data.replace(digest, bytes(32)))


def last_byte_of_the_signature(beside, _):
    data = beside[4].read_bytes()
    beside[4].write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def cut(beside, _):
    beside[4].write_bytes(beside[4].read_bytes()[:-7])


def more_behind_it(beside, _):
    beside[4].write_bytes(beside[4].read_bytes() + b"\0")


def link(beside, _):
    elsewhere = beside[0].parent / "token"
    beside[4].rename(elsewhere)
    beside[4].symlink_to(elsewhere)


def sealed_anew(beside, _):
    """The chain is written anew after the stamp was made: the old stamp stamps none of its lines."""
    packs = beside[0]
    lines = (packs / "chain.jsonl").read_bytes().split(b"\n")
    (packs / "chain.jsonl").write_bytes(b"\n".join(lines[:2]) + b"\n")


def method_unknown(beside, _):
    """SHA-256 of the signer is called by another name."""
    data = beside[4].read_bytes()
    at = data.rindex(bytes.fromhex("608648016503040201"))
    beside[4].write_bytes(data[: at + 8] + b"\x07" + data[at + 9 :])


ATTACKS = {
    delete: {"unstamped"},
    of_another_seal: {"stamp_other", "unstamped"},
    by_another_authority: {"stamp_other_authority", "unstamped"},
    other_time: {"stamp_forged", "unstamped"},
    other_digest: {"stamp_forged", "unstamped"},
    last_byte_of_the_signature: {"stamp_forged", "unstamped"},
    cut: {"stamp_damaged", "unstamped"},
    more_behind_it: {"stamp_damaged", "unstamped"},
    link: {"not_a_file", "unstamped"},
    sealed_anew: {"stamp_other", "unstamped", "chain_cut"},
    method_unknown: {"stamp_unchecked", "unstamped"},
}


@pytest.mark.parametrize(("attack", "expected"), ATTACKS.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_tampering_with_time_stamps_is_found_by_both_verifiers(beside, authorities, attack, expected):
    _, bag, public, root, _ = beside
    assert both(bag, [public], None, root) == set()
    attack(beside, authorities)
    assert {check for check, _ in both(bag, [public], None, root)} == expected


@pytest.mark.parametrize("seed", range(60))
def test_one_bit_of_a_token_is_found(beside, seed):
    """Where a bit makes it no token at all, the two may call it damaged or forged; neither lets it pass."""
    _, bag, public, root, token = beside
    data = bytearray(token.read_bytes())
    place = int.from_bytes(hashlib.sha256(str(seed).encode()).digest(), "big") % (len(data) * 8)
    data[place // 8] ^= 1 << (place % 8)
    token.write_bytes(data)
    ours, (theirs, _) = inspect(bag, [public], None, root).findings, standalone.verify(str(bag), [public], None, root)
    assert bool(ours) == bool(theirs), place // 8
    if not ours:  # a bit outside of what is signed and of what is read: the answer's own wrapping, or the version of a list
        assert place // 8 < 60 or not any(check == "stamped" for check, _ in ours)


def test_only_a_certificate_for_time_stamping_may_stamp(authorities, tmp_path):
    """OpenSSL would not stamp with another one, so the certificates themselves are looked at."""
    from cryptography import x509

    from recon.deliver.time_stamp import _may_stamp

    server = authority(tmp_path / "server", "p256", "serving")
    for path, expected in ((authorities["rsa"] / "tsa.pem", True), (server / "tsa.pem", False), (server / "root.pem", False)):
        (one,) = authorities_of([path])
        assert _may_stamp(x509.load_der_x509_certificate(one)) is expected
        assert (standalone.certificate_of(one)["use"] == (["1.3.6.1.5.5.7.3.8"], True)) is expected
