"""The commands around evidence packs: make one, sign it off, have it time-stamped, verify it; keys and samples for it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from recon.options import FORMAT, RUN, folder_option, path_option, tell

_PACK = click.argument("pack", metavar="PACK", type=click.Path(path_type=Path))


def join(group: click.Group) -> None:
    """Make these commands part of the command line."""
    about_packs = (verify_command, pack_command, sign_off_command, time_stamp_command, keygen_command, rotate_key_command)
    for command in (*about_packs, sample_items_command, evaluate_items_command):
        group.add_command(command)


@click.command("verify")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--key", "keys", multiple=True, help="A public key you trust, as digits or file; may be repeated.")
@click.option("--head", help="Digest of the newest seal, as somebody else kept it.")
@click.option(
    "--tsa", "authorities", multiple=True, type=click.Path(path_type=Path), help="Certificate of a time stamping authority you trust, or of its root."
)
@FORMAT
def verify_command(folder: Path, keys: tuple[str, ...], head: str | None, authorities: tuple[Path, ...], style: str) -> None:
    """Check a published run or an evidence pack: every file; of a pack the seal, the chain, sign-offs and time stamps. Exit 1 when something differs."""
    from recon.deliver import verify
    from recon.deliver.inspect_pack import inspect, is_pack
    from recon.deliver.inspect_stamps import authorities_of
    from recon.deliver.seal import trusted_key

    if is_pack(folder):
        seen = inspect(folder, [trusted_key(key) for key in keys], head, authorities_of(authorities))
        differences, remarks = seen.sentences(), seen.remark_sentences()
        facts = {"folder": str(folder), "differences": differences, "findings": sorted(seen.findings), "remarks": sorted(seen.remarks)}
        sound = f"{folder}: every file, manifest, seal and link of the chain is as it was sealed"
    else:
        differences, remarks = verify(folder), []
        facts, sound = {"folder": str(folder), "differences": differences}, f"{folder}: every file is as it was published"
    tell(facts, style, "\n".join([*(differences or [sound]), *remarks]))
    sys.exit(1 if differences else 0)


@click.command("pack")
@RUN
@folder_option("recon-packs")
@path_option("--key", "Private key of `recon keygen`; without one the pack says that it is not signed.")
@path_option("--inputs", "Folder of the engagement file: copy the inputs from there. Default: pointers only.")
@path_option("--samples", "Folder that `recon sample-items` wrote.")
@path_option("--dispositions", "CSV of decisions about exceptions.")
@path_option("--custody", "CSV of what people say about each input: source_file, system, extracted_by, extracted_at, reviewer, conclusion, …")
@click.option("--reason", help="Why the same run gets another pack.")
@path_option("--redacted-from", "The full pack of this run: make one for outsiders beside it, persons and bank accounts masked.")
@FORMAT
def pack_command(run: Path, folder: Path, key: Path | None, redacted_from: Path | None, style: str, **contents: Any) -> None:  # noqa: ANN401 - paths and a reason
    """Build a sealed evidence pack of a published run: report, inputs, rules, results, decisions, samples, verifier."""
    from recon.deliver.pack import PackTerms
    from recon.deliver.seal import read_key
    from recon.pipeline import pack, redacted_pack

    terms = PackTerms(key=read_key(key) if key else None, **contents)
    packed = pack(run, folder, terms) if redacted_from is None else redacted_pack(run, _plain(redacted_from), terms)
    facts = {"pack": str(packed.folder), "head": packed.seal.digest, "key_id": packed.seal.record["key_id"], **packed.seal.record["counts"]}
    signed = f"signed by key {packed.seal.record['key_id']}" if key else "NOT SIGNED: no key was given"
    tell(facts, style, f"pack: {packed.folder}\n{signed}\nhead of the chain, to be kept by somebody else: {packed.seal.digest}")


@click.command("sign-off")
@_PACK
@click.option(
    "--role", type=click.Choice(["prepared", "reviewed", "approved"]), required=True, help="What you did. A preparer cannot review or approve."
)
@click.option("--by", "name", required=True, help="Who you are.")
@click.option("--conclusion", required=True, help="What you conclude, in your words.")
@click.option("--key", type=click.Path(path_type=Path), required=True, help="Your own private key, of `recon keygen`.")
@FORMAT
def sign_off_command(pack: Path, role: str, name: str, conclusion: str, key: Path, style: str) -> None:
    """Sign an evidence pack off: your words, signed with your key, are sealed into the chain. recon never signs for anybody."""
    from recon.deliver.inspect_pack import inspect
    from recon.deliver.seal import read_key
    from recon.deliver.sign_off import sign_off
    from recon.domain.errors import InputsRefused

    seen = inspect(_plain(pack))
    if seen.findings:
        todo = "`recon verify` says what differs"
        raise InputsRefused("the pack is not as it was sealed", where=str(pack), got="; ".join(seen.sentences()[:3]), todo=todo)
    signed = sign_off(_plain(pack), role, name, conclusion, read_key(key))
    facts = {name: signed.record[name] for name in ("pack", "role", "name", "conclusion", "saw", "signed_at", "key_id")} | {"head": signed.digest}
    tell(facts, style, f"{role} by {name}, signed by key {facts['key_id']}\nhead of the chain, to be kept by somebody else: {signed.digest}")


@click.command("time-stamp")
@_PACK
@path_option("--request", "Write the request that a time stamping authority takes (RFC 3161) to this file. Nothing is sent.")
@path_option("--token", "Check the authority's answer and keep it beside the pack.")
@FORMAT
def time_stamp_command(pack: Path, request: Path | None, token: Path | None, style: str) -> None:
    """Have a pack's seal time-stamped by a third party, without a network: write the request, or put the answer beside the pack."""
    from recon.deliver.files import keep
    from recon.deliver.inspect_stamps import digest_to_stamp, put_beside
    from recon.deliver.time_stamp import request as asked
    from recon.domain.errors import TermsRefused

    if (request is None) == (token is None):
        raise TermsRefused("a time stamp is asked for, or handed in", expected="--request FILE or --token FILE")
    if token is not None:
        kept, time = put_beside(_plain(pack), token)
        tell({"token": str(kept), "time": time}, style, f"{kept}: stamped at {time}")
    elif request is not None:
        digest = digest_to_stamp(_plain(pack))
        keep(request, asked(digest))
        todo = "send it to an authority as application/timestamp-query, then hand its answer in with --token"
        tell({"request": str(request), "digest": digest}, style, f"{request}: asks for a time stamp of {digest}\n{todo}")


def _plain(folder: Path) -> Path:
    """The folder's own place, its name without a slash behind; links are not followed."""
    import os

    return Path(os.path.abspath(folder))  # noqa: PTH100 - a link is to be seen, not followed


@click.command("keygen")
@click.argument("place", metavar="FILE", type=click.Path(path_type=Path))
def keygen_command(place: Path) -> None:
    """Make a key for sealing packs: FILE for the sealer alone, FILE.pub for everybody. RECON_KEY_PASSPHRASE encrypts it."""
    from recon.deliver.seal import make_keys

    click.echo(f"{place.with_name(place.name + '.pub')}: {make_keys(place)}")


@click.command("rotate-key")
@click.argument("packs", metavar="PACKS", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), required=True, help="The private key that sealed so far.")
@click.option("--new-key", type=click.Path(path_type=Path), required=True, help="A fresh one; RECON_NEW_KEY_PASSPHRASE opens it.")
@click.option("--reason", required=True, help="Why it is replaced.")
@FORMAT
def rotate_key_command(packs: Path, key: Path, new_key: Path, reason: str, style: str) -> None:
    """Replace a sealing key in the chain of the folder PACKS: the old key endorses the new one, and both sign. Not for a stolen key."""
    from recon.deliver.rotation import rotate
    from recon.deliver.seal import NEW_PASSPHRASE, read_key

    made = rotate(_plain(packs), read_key(key), read_key(new_key, NEW_PASSPHRASE), reason)
    facts = {name: made.record[name] for name in ("public_key", "new_public_key", "reason", "rotated_at")} | {"head": made.digest}
    words = f"from now on key {made.record['new_key_id']} seals, {made.record['key_id']} no longer"
    tell(facts, style, f"{words}\nhead of the chain, to be kept by somebody else: {made.digest}")


@click.command("sample-items")
@RUN
@click.option("--population", default="exceptions", show_default=True, help="exceptions, order_lines, invoice_lines, settlements or balances.")
@click.option("--method", type=click.Choice(["random", "systematic", "stratified", "mus"]), required=True, help="How to choose.")
@click.option("--purpose", required=True, help="What the sample is for; part of the seed and of the files' names.")
@click.option("--beacon", required=True, help="A value the reviewer fixes once the run is published; part of the seed.")
@click.option("--size", type=click.IntRange(min=1), help="Items to draw.")
@click.option("--confidence", help="Such as 0.95: find the size, or the interval, from --tolerable.")
@click.option("--tolerable", help="Tolerable rate of deviations (0.05); of mus the tolerable amount.")
@click.option("--expected", default="0", show_default=True, help="Expected deviations; of mus the expected amount of error.")
@click.option("--certain-from", help="Of stratified: every item from this amount on is taken.")
@click.option("--where", metavar="COLUMN=VALUE", help="Draw from these rows only.")
@folder_option("recon-samples")
@FORMAT
def sample_items_command(run: Path, folder: Path, style: str, **words: Any) -> None:  # noqa: ANN401 - the options as click gives them
    """Draw an audit sample that anybody can draw again from the published run, the purpose and the beacon."""
    from recon.record.drawing import draw, planned, written

    drawn = draw(run, planned(words))
    files = [str(path) for path in written(drawn, folder)]
    tell(drawn.facts | {"files": files}, style, f"{drawn.facts['selected']} of {drawn.facts['items']} items drawn\n" + "\n".join(files))


@click.command("evaluate-items")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--purpose", required=True, help="The purpose the sample was drawn for.")
@click.option("--audited", type=click.Path(path_type=Path), required=True, help="CSV of answers: place, audit_value or deviates (yes, no), remark.")
@click.option("--confidence", required=True, help="Such as 0.95.")
@FORMAT
def evaluate_items_command(folder: Path, purpose: str, audited: Path, confidence: str, style: str) -> None:
    """Say what the audited items of a sample in DIR tell about their population: rate or amount of error, and how large it may be."""
    from decimal import Decimal, InvalidOperation

    from recon.domain.errors import TermsRefused
    from recon.record.sample_results import evaluate_sample

    try:
        share = Decimal(confidence)
    except InvalidOperation:
        raise TermsRefused("--confidence is not a number", expected="a share such as 0.95", got=confidence) from None
    facts, path = evaluate_sample(folder, purpose, audited, share)
    told = {name: value for name, value in facts.items() if not name.endswith("_sha256")}
    tell(facts | {"file": str(path)}, style, "\n".join([*(f"{name}: {value}" for name, value in told.items()), str(path)]))
