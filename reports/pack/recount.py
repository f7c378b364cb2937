#!/usr/bin/env python3
"""Count the results of a pack again with nothing but Python: rows per control, amounts at risk, the tie-out, the summary.

python3 recount.py [PACK]
"""

import csv
import json
import os
import sys
from collections import Counter
from decimal import Decimal, getcontext

getcontext().prec = 60


def rows(folder, name):
    path = os.path.join(folder, name)
    if not os.path.isfile(path):
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def differences(results):
    """What does not agree, a sentence each."""
    exceptions, controls = rows(results, "exceptions.csv"), rows(results, "controls.csv")
    suppressed = rows(results, "suppressed.csv")
    with open(os.path.join(results, "summary.json"), encoding="utf-8") as file:
        summary = json.load(file)
    found = Counter(row["control_id"] for row in exceptions + suppressed)
    for row in controls:
        if row["status"] in ("clean", "exceptions") and int(row["exceptions"] or 0) != found[row["control_id"]] and row["control_id"] != "POP-10":
            yield "%s: controls.csv says %s exceptions, %d are listed" % (row["control_id"], row["exceptions"], found[row["control_id"]])
    yield from parts_that_differ(results, controls, exceptions)
    if len({row["exception_id"] for row in exceptions}) != len(exceptions):
        yield "exceptions.csv: an exception_id stands twice"
    if summary["exceptions"]["count"] != len(exceptions):
        yield "summary.json says %s exceptions, %d are listed" % (summary["exceptions"]["count"], len(exceptions))
    known = [Decimal(row["amount_at_risk_base"]) for row in exceptions if row["amount_at_risk_base"]]
    if Decimal(summary["exceptions"]["amount_at_risk_base"] or 0) != sum(known, Decimal(0)):
        yield "summary.json says %s at risk, the rows add up to %s" % (summary["exceptions"]["amount_at_risk_base"], sum(known, Decimal(0)))
    severities = Counter(row["severity"] for row in exceptions)
    for word, figures in summary["by_severity"].items():
        if figures["count"] != severities[word]:
            yield "summary.json says %s %s exceptions, %d are listed" % (figures["count"], word, severities[word])
    for row in rows(results, "tie_out.csv"):
        counts = int(row["rows_in"]) == int(row["rows_out"]) + int(row["rows_set_aside"])
        amounts = [Decimal(row[name] or 0) for name in ("amount_in", "amount_out", "amount_set_aside")]
        if (row["holds"] == "true") != (counts and amounts[0] == amounts[1] + amounts[2]):
            yield "tie_out.csv: %s %s says holds=%s" % (row["doorway"], row["table"], row["holds"])
    kinds = Counter(row["kind"] for row in rows(results, "balances.csv"))
    for kind, figures in summary["balances"].items():
        if figures["count"] != kinds[kind]:
            yield "summary.json says %s layers of %s, %d are listed" % (figures["count"], kind, kinds[kind])


def parts_that_differ(results, controls, exceptions):
    """The file of each control has the rows of exceptions.csv that are its own, and every control that judged something has one."""
    folder = os.path.join(results, "by_control")
    if not os.path.isdir(folder):  # packs of an older recon
        return
    judged = {row["control_id"] for row in controls if row["status"] in ("clean", "exceptions")} | {row["control_id"] for row in exceptions}
    for name in sorted(os.listdir(folder)):
        control = name[: -len(".csv")]
        if control not in judged:
            yield "by_control/%s: no such control judged anything" % name
        elif rows(folder, name) != [row for row in exceptions if row["control_id"] == control]:
            yield "by_control/%s: other rows than exceptions.csv has" % name
    for control in sorted(judged - {name[: -len(".csv")] for name in os.listdir(folder)}):
        yield "by_control/%s.csv is missing" % control


def main(words):
    place = words[0] if words else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    results = os.path.join(place, "data", "05_results")
    if not os.path.isdir(results):
        sys.stderr.write("%s is not an evidence pack\n" % place)
        return 2
    found = list(differences(results))
    sys.stdout.write("\n".join(found) + "\n" if found else "the results agree with themselves\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
