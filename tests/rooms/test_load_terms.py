"""Engagement file and rule book: what they mean, and every way to misspell them."""

from __future__ import annotations

from datetime import date

import pytest

from recon.domain import places
from recon.domain.errors import InputsRefused, TermsRefused
from recon.load import read_engagement, rulebook
from recon.load.paths import files_of

GOOD = """\
entity: ACME
as_of: 2026-10-31
period: {from: 2026-10-01, to: 2026-10-31}
currency: CNY
extracts:
  item: item.csv
"""


def written(folder, text: str = GOOD):
    path = folder / "engagement.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_is_read_with_its_folder_and_name(tmp_path):
    engagement = read_engagement(written(tmp_path))
    assert engagement.folder == tmp_path.resolve()
    assert engagement.origin == "engagement.yaml"
    assert engagement.as_of == date(2026, 10, 31)
    assert read_engagement(written(tmp_path), as_of="2026-11-01").as_of == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("change", "zone"),
    [
        ("currency: CNY", "Asia/Shanghai"),
        ("currency: JPY", "Asia/Tokyo"),
        ("currency: EUR", "UTC"),  # the euro is counted in several zones
        ("currency: CNY\ntime_zone: Europe/Berlin", "Europe/Berlin"),
        ("currency: CNY\ntime_zone: UTC", "UTC"),
    ],
)
def test_a_company_that_names_no_time_zone_has_that_of_its_currency(tmp_path, change, zone):
    assert read_engagement(written(tmp_path, GOOD.replace("currency: CNY", change))).time_zone == zone


def test_variables_find_the_file_and_stay_out_of_its_name(tmp_path, monkeypatch):
    data = tmp_path / "far" / "away"
    data.mkdir(parents=True)
    (data / "item.csv").write_text("a\n")
    monkeypatch.setenv("RECON_TEST_DATA", str(tmp_path / "far"))
    for given in ("${RECON_TEST_DATA}/away/item.csv", "${RECON_TEST_DATA}/*/it*.csv"):
        engagement = read_engagement(written(tmp_path, GOOD.replace("item.csv", f'"{given}"')))
        (file,) = files_of(engagement, "item")
        assert file.path.read_text() == "a\n"
        assert file.name == "${RECON_TEST_DATA}/away/item.csv"


def test_an_unset_variable_is_refused_by_name(tmp_path, monkeypatch):
    monkeypatch.delenv("RECON_NOT_SET", raising=False)
    with pytest.raises(TermsRefused, match="RECON_NOT_SET is not set"):
        read_engagement(written(tmp_path, GOOD.replace("item.csv", "${RECON_NOT_SET}/item.csv")))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("currency:", "currencyy:"), 'unknown key "currencyy"'),
        (("entity: ACME\n", ""), 'the key "entity" is missing'),
        (("entity: ACME\n", "entity: ACME\nentity: B\n"), "a key stands twice"),
        (("as_of: 2026-10-31", "as_of: yesterday"), "date"),
        (("as_of: 2026-10-31", "as_of: 2026-02-30"), "engagement.yaml:2: there is no such date"),
        (("from: 2026-10-01, to: 2026-10-31", "from: 2026-11-01, to: 2026-10-31"), "before it begins"),
        (("CNY", "yuan"), "pattern"),
        (("extracts:\n  item: item.csv\n", "extracts:\n  item: []\n"), "at least 1"),
        (("currency: CNY", "currency: CNY\ntime_zone: Asia/Shanghia"), "time zone does not exist"),
        (("currency: CNY", "currency: CNY\npolicies: [{set: {match_levl: 2way}, why: x}]"), 'unknown policy "match_levl"'),
        (("currency: CNY", "currency: CNY\npolicies: [{set: {match_level: 5way}, why: x}]"), "does not know this value"),
        (
            ("currency: CNY", 'currency: CNY\nparameters: [{control: QTY-01, set: {a: "1"}, where: {suplier_id: S1}, why: x}]'),
            'unknown scope "suplier_id"',
        ),
        (("currency: CNY", "currency: CNY\nparameters: [{control: QTY-01, set: {a: 0.10}, why: x}]"), "in quotes"),
        (("currency: CNY", "currency: CNY\nfail_on: 2:30"), "'2:30'"),
        (("currency: CNY", "currency: &c CNY\nsource: *c"), "anchors are not allowed"),
        (("currency: CNY", "currency: [CNY"), "this is not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(tmp_path, change, says):
    with pytest.raises(TermsRefused) as refused:
        read_engagement(written(tmp_path, GOOD.replace(*change)))
    assert says in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("as_of", ["31.10.2026", "tomorrow", "2026-02-30"])
def test_a_wrong_as_of_is_refused(tmp_path, as_of):
    with pytest.raises(TermsRefused, match="not a date"):
        read_engagement(written(tmp_path), as_of=as_of)


def test_a_missing_engagement_is_refused(tmp_path):
    with pytest.raises(TermsRefused, match="does not exist"):
        read_engagement(tmp_path / "none.yaml")


def test_a_missing_extract_refuses_the_inputs_not_the_terms(tmp_path):
    with pytest.raises(InputsRefused):
        files_of(read_engagement(written(tmp_path)), "item")


# ── the rule book ────────────────────────────────────────────────────────────────────────────────────────
def test_every_shipped_control_stands_in_a_file_of_its_name():
    controls = rulebook.read_controls(places.rules() / "controls")
    assert [c.id for c in controls] == sorted({c.id for c in controls})
    assert all(c.origin.startswith("controls/") for c in controls)


@pytest.mark.parametrize(("names", "says"), [(["XYZ-01_a.yaml"], "not named after"), (["{id}_a.yaml", "{id}_b.yaml"], "stands in two files")])
def test_a_control_file_must_be_named_after_its_control_and_alone(tmp_path, names, says):
    source = next(iter(sorted((places.rules() / "controls").rglob("*.yaml"))))
    folder = tmp_path / "controls" / "fam"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name.format(id=source.name.split("_")[0])).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(TermsRefused, match=says):
        rulebook.read_controls(tmp_path / "controls")


def test_profiles_by_name_by_path_and_misspelt(tmp_path):
    assert rulebook.read_profile("canonical", tmp_path).name == "canonical"
    (tmp_path / "mine.yaml").write_text("title: Mine\n")
    assert rulebook.read_profile("mine.yaml", tmp_path).title == "Mine"
    with pytest.raises(TermsRefused) as refused:
        rulebook.read_profile("canonicle", tmp_path)
    assert refused.value.todo == 'Did you mean "canonical"?'
    listed = {row["source"] for row in rulebook.list_profiles(places.rules() / "sources")}
    assert {"canonical", "wide_world_importers", "adventureworks"} <= listed


def test_expectations_stand_in_a_file_named_after_their_table(tmp_path):
    (tmp_path / "item.yaml").write_text('table: item\nvolume: {at_least_rows: "1", severity: low, why: an empty master is no master}\n')
    assert rulebook.read_expectations(tmp_path)["item"].volume.at_least_rows == "1"
    (tmp_path / "supplier.yaml").write_text("table: customer\n")
    with pytest.raises(TermsRefused, match="not named after its table"):
        rulebook.read_expectations(tmp_path)
    read = rulebook.read_expectations(places.rules() / "expectations")
    assert all(name == table.table for name, table in read.items())


def test_fingerprints_cover_rules_engagement_and_own_profile(tmp_path):
    (tmp_path / "mine.yaml").write_text("title: Mine\n")
    engagement = read_engagement(written(tmp_path, GOOD + "source: mine.yaml\n"))
    found = rulebook.fingerprints(engagement, rulebook.read_profile(engagement.source, engagement.folder))
    assert {"engagement.yaml", "mine.yaml", "rules/sources/canonical.yaml"} <= set(found)
    before = found["mine.yaml"]
    (tmp_path / "mine.yaml").write_text("title: Mine!\n")
    assert rulebook.fingerprints(engagement, rulebook.read_profile(engagement.source, engagement.folder))["mine.yaml"] != before
