"""RFC 3161 time stamps of seals, without a network: the request is a file, the token is handed in as a file, and is checked offline.

A token says that an authority saw a digest at a time; here that of a pack's seal, or of a later line of its chain, which names the
seal. It is checked that the token is signed by the certificate in it, that this may stamp (RFC 3161, 2.3) and was valid then, and, where
the reader names an authority's certificate or that of its root, that the one leads to the other. Whether a certificate was
revoked cannot be known offline.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from recon.deliver import der
from recon.deliver.der import DerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cryptography.x509 import Certificate

SUFFIX: Final = ".tsr"
_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_DIGESTS: Final = {_SHA256: "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}
_RSA: Final = {"1.2.840.113549.1.1.1": None, "1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
_ECDSA: Final = {"1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_CHAIN_MOST: Final = 6
#: SHA-256 of 32 bytes: version 1, the digest, and "send your certificate along".
_REQUEST: Final = bytes.fromhex("30390201013031300d060960864801650304020105000420"), bytes.fromhex("0101ff")


class Unchecked(Exception):
    """The token uses a method that is not checked here."""


@dataclass(frozen=True)
class Stamp:
    """A token whose own signature holds: what it stamps, when, by which certificate, and the certificates that came with it."""

    digest: str
    time: datetime
    signer: Certificate
    others: tuple[Certificate, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signer's certificate."""
        return hashlib.sha256(_bytes_of(self.signer)).hexdigest()


def request(digest: str) -> bytes:
    """The request for a time stamp of a SHA-256 digest (hex), as an authority takes it (application/timestamp-query)."""
    return _REQUEST[0] + bytes.fromhex(digest) + _REQUEST[1]


def opened(data: bytes) -> Stamp | None:
    """The stamp of a token, or of an authority's response that holds one; None when its signature does not hold.

    Raises DerError (a ValueError) for bytes that are no token, Unchecked for methods that are not checked here.
    """
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        content, certificates, signer = _parts(data)
        info = der.only(content).being(der.SEQUENCE).parts()
        imprint, moment = info[2].parts(), info[4].being(der.GENERALIZED_TIME).body.decode("ascii")
        if imprint[0].parts()[0].oid() != _SHA256:
            raise Unchecked
        time = datetime.strptime(moment.partition(".")[0].rstrip("Z"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        certificate = _holds(content, signer, certificates)
        if certificate is None or not _may_stamp(certificate) or not _is_valid(certificate, time):
            return None
        return Stamp(imprint[1].being(der.OCTETS).body.hex(), time, certificate, tuple(certificates))
    except (IndexError, KeyError, ValueError, UnsupportedAlgorithm) as error:
        raise DerError(str(error)) from None


def is_vouched(stamp: Stamp, trusted: Iterable[bytes]) -> bool:
    """Whether the stamp's certificate is a trusted one (DER), or leads to one by certificates that were valid at its time."""
    from cryptography import x509

    roots = [x509.load_der_x509_certificate(data) for data in trusted]
    try:
        return _leads(stamp.signer, roots, stamp, _CHAIN_MOST)
    except ValueError:  # a certificate on the way that cannot be read leads nowhere
        return False


def certificates_of(data: bytes) -> list[bytes]:
    """The certificates of a PEM or DER file, as DER. Raises ValueError when there is none."""
    from cryptography import x509

    if b"-----BEGIN" in data:
        return [_bytes_of(one) for one in x509.load_pem_x509_certificates(data)]
    return [_bytes_of(x509.load_der_x509_certificate(data))]


# ── the token ────────────────────────────────────────────────────────────────────────────────────────────────
def _parts(data: bytes) -> tuple[bytes, list[Certificate], list[der.Element]]:
    """What is stamped (a TSTInfo), the certificates, and the parts of the one SignerInfo."""
    from cryptography import x509

    outer = der.only(data).being(der.SEQUENCE).parts()
    if outer[0].tag == der.SEQUENCE:  # an authority's response: its status, then the token
        outer = outer[1].being(der.SEQUENCE).parts()
    if outer[0].oid() != _SIGNED_DATA:
        raise DerError("this is not signed data")
    signed = outer[1].being(0xA0).parts()[0].being(der.SEQUENCE).parts()
    kind, content = signed[2].being(der.SEQUENCE).parts()
    if kind.oid() != _TST_INFO:
        raise DerError("this is not a time stamp")
    stamped = content.being(0xA0).parts()[0].being(der.OCTETS).body
    given = [part for part in signed[3:-1] if part.tag == 0xA0]
    certificates = [x509.load_der_x509_certificate(one.whole) for part in given for one in part.parts()]
    (signer,) = signed[-1].being(der.SET).parts()
    return stamped, certificates, signer.being(der.SEQUENCE).parts()


def _holds(content: bytes, signer: Sequence[der.Element], certificates: Sequence[Certificate]) -> Certificate | None:
    """The certificate that signed the content, where the signature and all that it covers fit."""
    hashing, signed, method, signature = signer[2].parts()[0].oid(), signer[3], signer[4].parts()[0].oid(), signer[5]
    if hashing not in _DIGESTS or signed.tag != 0xA0:
        raise Unchecked
    told = {attribute.parts()[0].oid(): attribute.parts()[1].being(der.SET).parts() for attribute in signed.parts()}
    kind, digest = told[_CONTENT_TYPE][0].oid(), told[_MESSAGE_DIGEST][0].being(der.OCTETS).body
    if kind != _TST_INFO or digest != hashlib.new(_DIGESTS[hashing], content).digest():
        return None
    certificate = next((one for one in certificates if _is_named(one, told)), None)
    covered = bytes([der.SET]) + signed.whole[1:]
    if certificate is None or not _is_signed(certificate, method, _DIGESTS[hashing], covered, signature.being(der.OCTETS).body):
        return None
    return certificate


def _is_named(certificate: Certificate, told: dict[str, list[der.Element]]) -> bool:
    """Whether the signed attributes name this certificate by its digest (RFC 3161 and 5816)."""
    data = _bytes_of(certificate)
    for kind, usual in ((_SIGNING_CERTIFICATE_V2, "sha256"), (_SIGNING_CERTIFICATE, "sha1")):
        if kind in told:
            named = told[kind][0].parts()[0].parts()[0].parts()
            method = usual
            if named[0].tag == der.SEQUENCE:
                method = _DIGESTS.get(named.pop(0).parts()[0].oid(), "")
            if not method:
                raise Unchecked
            return hashlib.new(method, data, usedforsecurity=False).digest() == named[0].being(der.OCTETS).body
    return False


def _is_signed(certificate: Certificate, method: str, digest: str, covered: bytes, signature: bytes) -> bool:
    """Whether the certificate's key signed these bytes. Raises Unchecked for other methods than RSA (PKCS #1 v1.5) and ECDSA."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    key, named = certificate.public_key(), {**_RSA, **_ECDSA}.get(method, "")
    algorithm = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[named or digest]
    try:
        if isinstance(key, RSAPublicKey) and method in _RSA:
            key.verify(signature, covered, PKCS1v15(), algorithm)
        elif isinstance(key, EllipticCurvePublicKey) and method in _ECDSA and key.curve.name in _CURVES:
            key.verify(signature, covered, ECDSA(algorithm))
        else:
            raise Unchecked
    except InvalidSignature:
        return False
    return True


# ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────
def _may_stamp(certificate: Certificate) -> bool:
    """Whether its one use, marked critical, is time stamping."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        use = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    return use.critical and list(use.value) == [ExtendedKeyUsageOID.TIME_STAMPING]


def _is_valid(certificate: Certificate, time: datetime) -> bool:
    return certificate.not_valid_before_utc <= time <= certificate.not_valid_after_utc


def _leads(certificate: Certificate, roots: Sequence[Certificate], stamp: Stamp, steps: int) -> bool:
    if certificate in roots:
        return True
    issuers = [one for one in (*roots, *stamp.others) if one.subject == certificate.issuer and one != certificate]
    if not steps:
        return False
    return any(
        _may_issue(one) and _is_valid(one, stamp.time) and _issued(certificate, one) and _leads(one, roots, stamp, steps - 1) for one in issuers
    )


def _may_issue(certificate: Certificate) -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _issued(certificate: Certificate, by: Certificate) -> bool:
    method = certificate.signature_algorithm_oid.dotted_string
    if method not in {**_RSA, **_ECDSA}:
        return False
    try:
        return _is_signed(by, method, "sha256", certificate.tbs_certificate_bytes, certificate.signature)
    except Unchecked:
        return False


def _bytes_of(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)
