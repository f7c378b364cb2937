"""Books -> files: canonical CSV tables, the control totals, the engagement file, the answer key."""

from __future__ import annotations

import csv
from dataclasses import astuple, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.domain.documents import TABLES
from recon.sample.book import AS_OF, Answer, Book, Row

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_ENGAGEMENT: Final = """\
# The terms of one run. Copy this file beside your own extracts and change what differs; every decision about a run stands here.
entity: 华衡机械 Huaheng Machinery     # shown on the report
as_of: {as_of}                      # the run's only clock: documents dated later do not exist for it
period: {{from: {first}, to: {as_of}}}   # what the report speaks about
currency: CNY                          # company currency; limits in amounts are in it
source: canonical                      # a profile of rules/sources/, or the path of your own
time_zone: Asia/Shanghai               # of timestamps that do not say

# Canonical table -> its file, a list of files, or a pattern such as "invoices_*.csv". Paths are relative to this file and
# may contain ${{VARIABLES}}. `recon schema TABLE` tells the columns; what you leave out makes controls say "not performed".
extracts:
{extracts}

# controls: {{include: ["QTY-*", "PRC-*"], exclude: ["PRC-03"]}}   # without this line every active control runs
fail_on: medium                        # exit code 1 from this severity on: critical, high, medium, low, never
second_opinion: true                   # Great Expectations judges the results once more, beside the run

# Limits of controls that are not the usual ones, each with its scope and its reason. Decimals stand in quotes.
parameters:
  - control: TIM-02
    set: {{early_window_days: unlimited}}
    why: the stores take goods in whenever they come
  - control: TIM-02
    set: {{early_window_days: "2"}}
    where: {{item_group: SPARES}}
    why: spare parts are called for the day; there is no room for more
  - control: TIM-02
    set: {{late_window_days: "3"}}
    where: {{item_group: GASES}}
    why: gas comes with the tanker's round, up to three days after the day
  - control: MIS-03
    set: {{invoice_wait_days: "100"}}
    where: {{item_group: GASES}}
    why: gas is billed once a quarter
  - control: DUP-02
    set: {{look_back_days: "180"}}
    where: {{supplier_id: SC-1}}
    why: this carrier numbers his bills anew every half-year
  - control: DUP-10
    set: {{look_back_days: "180"}}
    where: {{supplier_id: SC-1}}
    why: what this carrier billed to both companies is settled between them every half-year
  - control: SLA-02
    set: {{fulfilment_limit_hours: unlimited}}
    why: a day of delivery is agreed for every line, and TIM-02 and MIS-04 watch it
  - control: SLA-02
    set: {{fulfilment_limit_hours: "48"}}
    where: {{item_group: SPARES}}
    why: spare parts are bought from suppliers who deliver within two days
  - control: APR-20
    set: {{hierarchy_depth_count: "2"}}
    why: what the chief executive orders for the office is approved by the buying lead, by decision of the board
  - control: SOD-08
    set: {{conflicting_role_set: "AP_CLERK+CASHIER, AP_CLERK+MASTER_DATA, CASHIER+MASTER_DATA, BILLING+CASH_DESK, BUYER+AP_CLERK"}}
    why: the duties that the company's own matrix parts
  - control: SUP-01
    set: {{otif_target_share: "0.10", early_days: unlimited, short_share: "0.01"}}
    why: deliveries a day or two late are usual in this trade, the store has room for early ones and loose goods lose some thousandths on the way
  - control: PRC-18
    set: {{exempt_category_set: "FINISHED, SPARES"}}
    why: the standard costs of machines and spare parts are list prices until the new calculation is approved
  - control: PRC-14
    set: {{off_contract_minimum_amount: unlimited}}
    why: standard parts are bought from whichever approved supplier has them; the framework agreements promise no volume
  - control: PRC-14
    set: {{off_contract_minimum_amount: "1000"}}
    where: {{item_group: TOOLING}}
    why: tools are bought from the contract supplier alone
  - control: SUP-02
    set: {{rejection_share: "0.50"}}
    why: parts that come back are replaced at the supplier's cost in this trade; only who delivers more scrap than goods is talked to
  - control: CUR-04
    set: {{tail_sum_amount: "0.02"}}
    why: the tax office has asked about cents, so every party that rounds in its own way is written to
  - control: SOD-07
    set: {{granted_reason_set: BANK_FEE}}
    why: the cash desk writes off what a bank kept; CSH-08 watches the fees
  - control: CSH-08
    set: {{fee_amount_set: "12.00"}}
    why: the house bank keeps twelve of a transfer from another bank
  - control: CSH-09
    set: {{withholding_share_set: "0.10"}}
    why: customers abroad withhold a tenth of services
  - control: CUT-03
    set: {{minimum_amount: "20000"}}
    why: performance materiality for credit notes, from the audit plan
  - control: PTY-04
    set: {{allowed_group_set: FACTORS}}
    why: suppliers that sold their bills to our factor are paid to the factor's account
  - control: PTY-12
    set: {{allowed_country_pair_set: MO-HK}}
    why: banks of Macao clear through Hong Kong
  - control: STA-01
    set: {{digit_minimum_count: "1000000"}}
    why: goods have few prices, so the digits of bills and payments say nothing here; claims are what people write down
  - control: STA-01
    set: {{digit_minimum_count: "50"}}
    where: {{document_type: expense_claim}}
    why: nobody files a thousand claims; fifty are looked at, and chance is allowed for
  - control: STA-02
    set: {{digit_minimum_count: "1000000"}}
    why: as for STA-01
  - control: STA-02
    set: {{digit_minimum_count: "50"}}
    where: {{document_type: expense_claim}}
    why: as for STA-01
  - control: APR-18
    set: {{tender_limit_amount: unlimited}}
    why: machines and their parts are bought where the drawing says; only contracted works are put out to tender
  - control: APR-18
    set: {{tender_limit_amount: "20000"}}
    where: {{item_group: WORKS}}
    why: rule of the board for contracted works
  - control: DUP-08
    set: {{minimum_amount: unlimited}}
    why: suppliers bill each delivery alone, and a day may have two of one size
  - control: DUP-08
    set: {{minimum_amount: "100"}}
    where: {{group_id: G-ONE-BILL}}
    why: these agreed to send one bill a day
  - control: DUP-09
    set: {{channel_window_days: "0", channel_amount_share: "0"}}
    why: both companies buy the same goods from the same suppliers all the time
  - control: DUP-09
    set: {{channel_window_days: "45", channel_amount_share: "0.01"}}
    where: {{document_type: expense_claim}}
    why: what an employee claims, no company should have paid
  - control: PTY-10
    set: {{look_alike_score: "2"}}
    why: departments of one firm are suppliers of their own here, and read alike
  - control: PTY-10
    set: {{look_alike_score: "0.88"}}
    where: {{group_id: G-NEW}}
    why: records made this year are looked at
  - control: STK-04
    set: {{minimum_amount: unlimited}}
    why: parts for machines that run for decades lie long, and are kept for them
  - control: STK-04
    set: {{minimum_amount: "1000"}}
    where: {{item_group: SLOW}}
    why: articles that go out of fashion
  - control: APR-12
    set: {{bunching_minimum_count: "1000000"}}
    why: few people order much, so chance alone fills the range below a limit; claims are what people write down
  - control: APR-12
    set: {{bunching_minimum_count: "5"}}
    where: {{document_type: expense_claim}}
    why: as for STA-01
  - control: APR-16
    set: {{off_hours_minimum_amount: unlimited}}
    why: orders and bills are approved on the day they come in, on Saturdays too
  - control: APR-16
    set: {{off_hours_minimum_amount: "10000"}}
    where: {{document_type: expense_claim}}
    why: nobody's claim is as urgent as that
  - control: PAY-06
    set: {{off_day_minimum_amount: unlimited}}
    why: the banking program pays on the day a bill falls due, whatever day that is
  - control: PAY-06
    set: {{off_day_minimum_amount: "10000"}}
    where: {{group_id: G-HAND}}
    why: these suppliers are paid by hand, on working days
  - control: STA-03
    set: {{digit_minimum_count: "1000000"}}
    why: as for STA-01
  - control: STA-03
    set: {{digit_minimum_count: "50"}}
    where: {{document_type: expense_claim}}
    why: as for STA-01
  - control: STA-07
    set: {{frequency_minimum_count: "1000000"}}
    why: machines have prices, and one price is billed again and again
  - control: STA-07
    set: {{frequency_minimum_count: "10"}}
    where: {{document_type: expense_claim}}
    why: nobody's expenses come to one amount three times
  - control: STA-11
    set: {{emergency_share: "1"}}
    why: four people buy, and whoever is there takes the calls when a machine stands still
  - control: STA-11
    set: {{emergency_minimum_count: "2", emergency_share: "0.5"}}
    where: {{group_id: G-URGENT}}
    why: these stand by for emergencies
  - control: STA-05
    set: {{size_factor_ratio: "100000"}}
    why: what is bought and sold runs from a box of screws to a machine
  - control: STA-05
    set: {{size_factor_ratio: "10"}}
    where: {{document_type: expense_claim}}
    why: a slipped point in a claim is paid out
  - control: STA-06
    set: {{outlier_ratio: unlimited}}
    why: as for STA-05
  - control: STA-06
    set: {{outlier_ratio: "3.5"}}
    where: {{document_type: expense_claim}}
    why: as for STA-05
#  - control: PRC-01
#    set: {{price_over_tolerance_share: "0.05"}}
#    where: {{supplier_id: S1007}}
#    why: framework agreement of 2026-07 allows five per cent

# How documents are matched where the usual three-way rule does not fit.
policies:
  - set: {{match_level: 2way}}
    where: {{item_group: SERVICES}}
    why: services are confirmed by the bill, not received in a store
  - set: {{match_level: 4way}}
    where: {{item_group: INSPECTED}}
    why: these goods are paid for after inspection
  - set: {{returns: gross_until_credit}}
    where: {{item_group: ELECTRONIC}}
    why: suppliers of electronics bill what they sent and credit what comes back
  - set: {{accrual_method: month_start_reversal}}
    why: goods without a bill are estimated at the end of the month and taken back on the first day of the next (月初回冲)
  - set: {{number_series: gap_free_shared}}
    where: {{document_type: cash_receipt}}
    why: receipts are numbered in one series for both companies, and none may be missing
"""
#: tables whose row counts and totals the source system states
_DOCUMENTS: Final = tuple(name for name, table in TABLES.items() if table.total is not None)


def write(book: Book, folder: Path, *, planted: bool) -> None:
    """Write every table that has rows, in the order of its key, and what goes with them."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {name: rows for name, rows in book.rows.items() if rows}
    tables["control_total"] = [_control_total(name, tables[name]) for name in _DOCUMENTS if name in tables]
    for name in TABLES:
        if name in tables:
            _write_table(name, tables[name], folder / f"{name}.csv")
    extracts = "\n".join(f"  {name}: {name}.csv" for name in TABLES if name in tables)
    text = _ENGAGEMENT.format(as_of=AS_OF, first=AS_OF.replace(day=1), extracts=extracts)
    (folder / "engagement.yaml").write_text(text, encoding="utf-8", newline="\n")
    if planted:
        head = [f.name for f in fields(Answer)]
        _write_rows(folder / "answer_key.csv", [head, *sorted(astuple(a) for a in book.answers)])


def _write_table(name: str, rows: list[Row], path: Path) -> None:
    table = TABLES[name]
    used = {column for row in rows for column, value in row.items() if value is not None and value != ""}
    columns = [c.name for c in table.columns if c.name in used or c.required]
    unknown = used - set(columns)
    if unknown:
        message = f"{name} has no columns {sorted(unknown)}"
        raise KeyError(message)
    key = [c for c in table.key if c in columns]
    ordered = sorted(rows, key=lambda row: [str(row.get(c, "")) for c in key])
    _write_rows(path, [columns, *([row.get(c) for c in columns] for row in ordered)])


def _control_total(name: str, rows: list[Row]) -> Row:
    column = str(TABLES[name].total)
    total = sum((Decimal(str(row[column])) for row in rows if row.get(column) is not None), Decimal(0))
    return {"table": name, "source_file": f"{name}.csv", "row_count": len(rows), "amount_column": column, "amount_total": total}


def _write_rows(path: Path, rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
