"""Where the results come from, in the form that supply-chain tools read: an in-toto statement with a SLSA provenance predicate.

Subjects are the files the run published, materials its inputs, its rules, the program and the locked packages, each by its digest. The
statement is not signed by itself: the pack's seal covers it.
"""

from __future__ import annotations

from typing import Any, Final

from recon.deliver.bag import home_of
from recon.domain import manifest, places

HOME: Final = "data/08_run/provenance.json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "https://slsa.dev/provenance/v1"
_RUN_OF_RECON: Final = "urn:recon:run:1"


def provenance(facts: dict[str, Any], manifest_sha256: str) -> dict[str, Any]:
    """The statement about a published run. `facts` is its manifest, `manifest_sha256` the digest of that file."""
    terms = facts["engagement"]
    # an edition withholds its terms, so that nothing about them may be tried out against a digest either
    named = {} if "edition" in facts else {"engagement_sha256": manifest.fingerprint_of(terms)}
    program = facts.get("program_sha256") or "unknown"  # of runs that an older recon published
    return {
        "_type": _STATEMENT,
        "subject": [_named(home_of(output["path"]), output["sha256"]) for output in facts["outputs"]],
        "predicateType": _PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": _RUN_OF_RECON,
                "externalParameters": {"entity": terms["entity"], "as_of": terms["as_of"], "period": terms["period"], **named},
                "internalParameters": {"parameters_sha256": facts["parameters_sha256"]},
                "resolvedDependencies": _materials(facts),
            },
            "runDetails": {
                "builder": {"id": f"urn:recon:program:{program}", "version": facts["versions"] | facts.get("libraries", {})},
                "metadata": {"invocationId": manifest_sha256, "finishedOn": facts["published_at"]},
                "byproducts": [_named("data/08_run/manifest.json", manifest_sha256)],
            },
        },
    }


def _materials(facts: dict[str, Any]) -> list[dict[str, Any]]:
    inputs = [_named(source["name"], source["sha256"], kind="input", input=source["input"], rows=source["rows"]) for source in facts["inputs"]]
    rules = [_named(path, digest, kind="rule") for path, digest in sorted(facts["rules"].items())]
    program = [_named("recon", facts["program_sha256"], kind="program")] if facts.get("program_sha256") else []
    locked = [_named("requirements.lock", facts["lock_sha256"], kind="locked packages")] if facts.get("lock_sha256") else []
    return [*inputs, *rules, *program, *locked]


def _named(name: str, sha256: str, **annotations: Any) -> dict[str, Any]:  # noqa: ANN401 - words and counts
    about = {"annotations": annotations} if annotations else {}
    return {"name": name, "digest": {"sha256": sha256}, **about}


def lock_beside_run(facts: dict[str, Any]) -> dict[str, Any]:
    """The libraries a run worked with beside those of the lock at hand: which are of another version, and which are not there."""
    lock, then = places.locked_packages(), facts.get("libraries", {})
    at_hand = manifest.fingerprint(lock) if lock.is_file() else None
    wanted = manifest.locked_versions(lock)
    return {
        "lock_sha256_of_the_run": facts.get("lock_sha256"),
        "lock_sha256_in_this_pack": at_hand,
        "libraries": then,
        "other_than_locked": {name: {"locked": wanted.get(name), "used": used} for name, used in then.items() if used != wanted.get(name)},
    }
