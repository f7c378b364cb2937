"""The commands around a published run: keygen, pack, verify, sample-items, statements, with their exit codes and JSON."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from recon.cli import cli
from recon.domain import places
from recon.domain.errors import TermsRefused
from recon.load import read_engagement
from recon.pipeline import publish, run


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    engagement = read_engagement(places.sample_data() / "clean" / "engagement.yaml").model_copy(update={"second_opinion": False})
    publish(run(engagement), folder / "run")
    return folder


def called(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


def test_from_key_to_verified_pack(place, tmp_path):
    assert called("keygen", tmp_path / "key").exit_code == 0
    drawn = called(
        "sample-items",
        place / "run",
        "--population",
        "invoice_lines",
        "--method",
        "random",
        "--size",
        5,
        "--purpose",
        "vouching",
        "--beacon",
        "7",
        "--out",
        tmp_path / "samples",
        "--format",
        "json",
    )
    assert json.loads(drawn.output)["selected"] == 5
    words = ["pack", place / "run", "--out", tmp_path / "packs", "--key", tmp_path / "key", "--inputs", places.sample_data() / "clean"]
    made = json.loads(called(*words, "--samples", tmp_path / "samples", "--format", "json").output)
    sound = called("verify", made["pack"], "--key", tmp_path / "key.pub", "--head", made["head"])
    assert (sound.exit_code, "as it was sealed" in sound.output) == (0, True)
    raw = next((tmp_path / "packs").glob("*/data/03_inputs/raw/supplier/supplier.csv"))
    assert raw.read_bytes() == (places.sample_data() / "clean" / "supplier.csv").read_bytes()
    raw.write_bytes(raw.read_bytes() + b"\n")
    broken = called("verify", made["pack"], "--key", tmp_path / "key.pub", "--format", "json")
    assert broken.exit_code == 1
    assert ["changed", "data/03_inputs/raw/supplier/supplier.csv"] in json.loads(broken.output)["findings"]


def test_a_pack_without_a_key_says_so(place, tmp_path):
    made = called("pack", place / "run", "--out", tmp_path)
    assert "NOT SIGNED" in made.output
    told = called("verify", next(tmp_path.glob("*/bagit.txt")).parent)
    assert told.exit_code == 0
    assert "was sealed without a key" in told.output


def test_a_published_run_is_still_verified(place, tmp_path):
    assert called("verify", place / "run").exit_code == 0
    copy = shutil.copytree(place / "run", tmp_path / "run")
    (copy / "machine/summary.md").write_text("")
    assert called("verify", copy).exit_code == 1


def test_statements_for_one_party(place, tmp_path):
    everybody = json.loads(called("statements", place / "run", "--out", tmp_path / "all", "--format", "json").output)["files"]
    assert len(everybody) > 10
    assert isinstance(called("statements", place / "run", "--party", "nobody", "--out", tmp_path / "none").exception, TermsRefused)
    assert not (tmp_path / "none").exists()
