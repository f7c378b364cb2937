"""Tables that look across parties: each has one maker, and is made where it is wanted."""

from __future__ import annotations

from recon.domain import measures
from recon.match import whole


def test_every_table_that_looks_across_parties_has_one_maker_or_comes_from_validation():
    made = [name for names in whole._MAKERS for name in names]
    assert len(made) == len(set(made))
    assert set(made) == set(measures.WHOLE) - {"rejected_cell", "repeated_row", "conflicting_key"}
