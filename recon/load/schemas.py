"""JSON Schemas of the files that people write, so that editors complete and check them while they are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic import BaseModel

#: File under rules/schemas/ -> which files it is for.
PATTERNS: Final = {
    "engagement.schema.json": ["**/engagement.yaml", "sample_data/engagements/*.yaml"],
    "control.schema.json": ["rules/controls/**/*.yaml"],
    "source.schema.json": ["rules/sources/*.yaml"],
    "framework.schema.json": ["rules/frameworks/*.yaml"],
    "expectations.schema.json": ["rules/expectations/*.yaml"],
}


def schemas() -> dict[str, str]:
    """File name -> the schema as text, made from the types that read the files."""
    from recon.domain.control import Control
    from recon.domain.engagement import Engagement
    from recon.domain.expectation import TableExpectations
    from recon.domain.framework import Framework
    from recon.domain.source import SourceProfile

    types: tuple[type[BaseModel], ...] = (Engagement, Control, SourceProfile, Framework, TableExpectations)
    return {name: _text(kind.model_json_schema(by_alias=True)) for name, kind in zip(PATTERNS, types, strict=True)}


def _text(schema: dict[str, Any]) -> str:
    """The schema without what no file says: fields that are filled when it is read."""
    for hidden in ("folder", "origin"):
        schema.get("properties", {}).pop(hidden, None)
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
