"""The words of the report and what they mean."""

from __future__ import annotations

from typing import Final


def _(text: str) -> str:
    return text


GLOSSARY: Final = (
    (_("Exception"), _("A row for which a control did not hold.")),
    (_("Population"), _("The rows a control covers.")),
    (_("Not testable"), _("A row that could not be judged, because a value it needs is not known or not comparable.")),
    (_("Not performed"), _("A control that could not run, because the data it needs was not given or the terms leave it out.")),
    (_("Nothing to test"), _("A control that ran over a population without rows.")),
    (_("At risk"), _("What the control says could be lost, in the base currency; not the document's total.")),
    (_("Set aside"), _("A row taken out at a doorway with a reason; it is listed and was not audited.")),
    (_("Doorway"), _("A step of the run at whose end rows and totals are counted: load, conform, validate, match.")),
    (_("Fulfilment"), _("What a receipt or a shipment is to an order.")),
    (_("Layer"), _("A part of a document that nothing on the other side covers yet, with its own date.")),
    (_("Certainty"), _("How sure a link is: certain when the documents name each other, the only candidate, suggested, or ambiguous.")),
    (_("First seen"), _("The date of the first run, among those given as history, that found the exception.")),
    (_("Caused by"), _("Another exception on the same document of which this one is a symptom.")),
    (_("Second opinion"), _("Great Expectations, another program, checks the run's results by its own way.")),
)
