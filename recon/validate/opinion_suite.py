# ruff: noqa: S608 - the text put into these queries is our own names of columns
"""What the second opinion asks of a run's results, as SQL over the database of `opinion_tables`.

It shares nothing with matching and evaluation but the published columns: other engine, other arithmetic, other code. Each
query returns the rows that should not be there. Heavy comparisons are prepared once by the statements of DERIVED.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from recon.domain.measures import RUN_DOCUMENT_TYPES
from recon.domain.workpapers import CONTROL_STATUSES, MATCH_STATUSES

_ORDER_KEY: Final = "cycle, company_code, order_number, order_line_no"
_INVOICE_KEY: Final = "cycle, company_code, party_id, invoice_number, invoice_line_no"

#: Tables made from the written ones: both sides of a comparison under one key, so that each query is one pass. A negative open
#: end (more returned than received, more credited than billed) keeps the sums whole and is nothing that is still open.
DERIVED: Final = (
    f"""CREATE TABLE invoice_line_sides AS
    SELECT {_INVOICE_KEY}, SUM(given) AS given, SUM(told) AS told, SUM(given_amount) AS given_amount, SUM(told_amount) AS told_amount FROM (
      SELECT {_INVOICE_KEY}, 1 AS given, 0 AS told, amount AS given_amount, 0 AS told_amount FROM invoice_inputs
      UNION ALL SELECT {_INVOICE_KEY}, 0, 1, 0, COALESCE(invoiced_amount, 0) FROM invoice_lines)
    GROUP BY invoice_number, invoice_line_no, party_id, company_code, cycle""",
    f"""CREATE TABLE order_line_sides AS
    SELECT {_ORDER_KEY}, SUM(given) AS given, SUM(told) AS told, SUM(invoiced) AS invoiced, SUM(fulfilled) AS fulfilled,
      SUM(open_fulfilled) AS open_fulfilled, SUM(open_invoiced) AS open_invoiced, SUM(layer_fulfilled) AS layer_fulfilled,
      SUM(layer_invoiced) AS layer_invoiced, SUM(layer_fulfilled_amount) AS layer_fulfilled_amount,
      SUM(layer_invoiced_amount) AS layer_invoiced_amount, SUM(allocated) AS allocated, MIN(needs_fulfilment) AS needs_fulfilment, MAX(is_consigned) AS is_consigned FROM (
      SELECT {_ORDER_KEY}, 1 AS given, 0 AS told, 0 AS invoiced, 0 AS fulfilled, 0 AS open_fulfilled, 0 AS open_invoiced,
        0 AS layer_fulfilled, 0 AS layer_invoiced, 0 AS layer_fulfilled_amount, 0 AS layer_invoiced_amount, 0 AS allocated, needs_fulfilment, is_consigned FROM order_inputs
      UNION ALL SELECT {_ORDER_KEY}, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL FROM order_lines
      UNION ALL SELECT {_ORDER_KEY}, 0, 0,
        CASE WHEN invoice_number IS NOT NULL THEN quantity ELSE 0 END, CASE WHEN fulfilment_number IS NOT NULL THEN quantity ELSE 0 END,
        CASE WHEN invoice_number IS NULL THEN MAX(quantity, 0) ELSE 0 END, CASE WHEN fulfilment_number IS NULL THEN MAX(quantity, 0) ELSE 0 END,
        0, 0, 0, 0, 1, NULL, NULL FROM allocations WHERE order_number IS NOT NULL
      UNION ALL SELECT {_ORDER_KEY}, 0, 0, 0, 0, 0, 0,
        CASE kind WHEN 'fulfilled_not_invoiced' THEN quantity ELSE 0 END, CASE kind WHEN 'invoiced_not_fulfilled' THEN quantity ELSE 0 END,
        CASE kind WHEN 'fulfilled_not_invoiced' THEN amount ELSE 0 END, CASE kind WHEN 'invoiced_not_fulfilled' THEN amount ELSE 0 END,
        0, NULL, NULL FROM balances WHERE order_number IS NOT NULL AND kind IN ('fulfilled_not_invoiced', 'invoiced_not_fulfilled'))
    GROUP BY order_number, order_line_no, company_code, cycle""",
    "CREATE UNIQUE INDEX order_line_sides_key ON order_line_sides (order_number, order_line_no, company_code, cycle)",
    "CREATE INDEX documents_key ON documents (document_number, document_type, company_code)",
    "CREATE INDEX invoice_lines_key ON invoice_lines (invoice_number, invoice_line_no, company_code)",
    "CREATE INDEX order_lines_key ON order_lines (order_number, order_line_no, company_code)",
)


@dataclass(frozen=True)
class Asked:
    """One expectation: the table it speaks about, its sentence in both languages, and how it is put to Great Expectations."""

    table: str
    en: str
    zh: str
    type: str
    kwargs: dict[str, Any]
    needs_numbers: bool = False  # not asked where the sums of quantities or amounts do not fit

    @property
    def query(self) -> str | None:
        """The SQL of unexpected rows, where it is one."""
        return self.kwargs.get("unexpected_rows_query")


def _none(table: str, en: str, zh: str, query: str, *, numbers: bool = False) -> Asked:
    return Asked(table, en, zh, "unexpected_rows_expectation", {"unexpected_rows_query": " ".join(query.split())}, needs_numbers=numbers)


def _joined(left: str, right: str, *columns: str) -> str:
    return " AND ".join(f"{left}.{column} IS {right}.{column}" for column in columns)


def _order_difference(told: str, found: str, *, where: str = "TRUE") -> str:
    same = _joined("o", "s", "order_number", "order_line_no", "company_code", "cycle")
    return f"""SELECT o.cycle, o.company_code, o.order_number, o.order_line_no, o.{told} AS told, s.{found} AS found
        FROM order_lines o JOIN order_line_sides s ON {same} WHERE {where} AND COALESCE(o.{told}, 0) <> s.{found}"""


SUITE: Final = (
    _none(
        "invoice_lines", "every accepted invoice line has exactly one row in invoice_lines", "每个通过校验的发票行在 invoice_lines 中恰有一行",
        f"SELECT {_INVOICE_KEY}, given, told FROM invoice_line_sides WHERE given <> told",
    ),
    _none(
        "invoice_lines", "each invoice line keeps the amount it came with", "每个发票行的金额与输入一致",
        f"SELECT {_INVOICE_KEY}, given_amount, told_amount FROM invoice_line_sides WHERE given_amount <> told_amount", numbers=True,
    ),
    Asked(
        "invoice_lines", "the status of an invoice line is one of the agreed words", "发票行状态属于约定的取值",
        "expect_column_values_to_be_in_set", {"column": "match_status", "value_set": list(MATCH_STATUSES)},
    ),
    Asked(
        "invoice_lines", "every invoice line has a status", "每个发票行都有状态", "expect_column_values_to_not_be_null", {"column": "match_status"},
    ),
    _none(
        "invoice_lines", "no invoice line is called exact while it carries a variance", "存在差异的发票行不得标为 exact",
        f"""SELECT {_INVOICE_KEY} FROM invoice_lines WHERE match_status = 'exact' AND (COALESCE(quantity_variance, 0) <> 0
        OR COALESCE(price_variance, 0) <> 0 OR COALESCE(fx_variance, 0) <> 0 OR COALESCE(rounding_variance, 0) <> 0)""", numbers=True,
    ),
    _none(
        "invoice_lines", "no invoice line is called exact while a control raised an exception on it", "有例外的发票行不得标为 exact",
        f"""SELECT DISTINCT e.control_id, e.document_number, e.document_line_no FROM exceptions e
        JOIN status_controls c ON c.control_id = e.control_id AND c.population = 'invoice_line_match'
        JOIN invoice_lines i ON i.invoice_number = e.document_number AND i.invoice_line_no = e.document_line_no AND {_joined("i", "e", "company_code", "cycle", "party_id")}
        WHERE i.match_status IN ('exact', 'within_tolerance', 'explained_tail')
        AND NOT EXISTS (SELECT 1 FROM invoice_lines j WHERE j.invoice_number = i.invoice_number AND j.invoice_line_no = i.invoice_line_no
          AND {_joined("j", "i", "company_code", "cycle", "party_id")} AND j.match_status IN ('exception', 'overdue'))""",
    ),
    _none(
        "order_lines", "every accepted order line has exactly one row in order_lines, and no other row stands there",
        "每个通过校验的订单行在 order_lines 中恰有一行，且无多余行",
        f"SELECT {_ORDER_KEY}, given, told FROM order_line_sides WHERE (given > 0) <> (told > 0) OR told > 1",
    ),
    Asked(
        "order_lines", "the status of an order line is one of the agreed words", "订单行状态属于约定的取值",
        "expect_column_values_to_be_in_set", {"column": "match_status", "value_set": list(MATCH_STATUSES)},
    ),
    Asked("order_lines", "every order line has a status", "每个订单行都有状态", "expect_column_values_to_not_be_null", {"column": "match_status"}),
    _none(
        "order_lines", "no order line is called exact while a control raised an exception on it", "有例外的订单行不得标为 exact",
        f"""SELECT DISTINCT e.control_id, e.order_number, e.order_line_no FROM exceptions e
        JOIN status_controls c ON c.control_id = e.control_id
        JOIN order_lines o ON {_joined("o", "e", "order_number", "order_line_no", "company_code", "cycle")}
        WHERE e.order_number IS NOT NULL AND o.match_status = 'exact'""",
    ),
    _none(
        "allocations", "the invoiced quantity of an order line is the sum of its allocations", "订单行的已开票数量等于其分配之和",
        _order_difference("invoiced_quantity", "invoiced", where="s.allocated > 0"), numbers=True,
    ),
    _none(
        "allocations", "what is fulfilled and not invoiced is what the allocations leave open", "已履行未开票数量等于分配的未结部分",
        _order_difference("fulfilled_not_invoiced_quantity", "open_fulfilled"), numbers=True,
    ),
    _none(
        "allocations", "what is invoiced and not fulfilled is what the allocations leave open", "已开票未履行数量等于分配的未结部分",
        # what needs no fulfilment (services, two-way terms) may be invoiced without one and is not open
        _order_difference("invoiced_not_fulfilled_quantity", "open_invoiced", where="NOT (o.invoiced_not_fulfilled_quantity = 0 AND s.needs_fulfilment IS NOT 1)"), numbers=True,
    ),
    _none(
        "allocations", "no allocation has neither a fulfilment nor an invoice", "每条分配至少有一侧单据",
        "SELECT * FROM allocations WHERE fulfilment_number IS NULL AND invoice_number IS NULL",
    ),
    _none(
        "balances", "the open layers of an order line add up to its fulfilled and not invoiced quantity", "订单行的未结层合计等于已履行未开票数量",
        # goods on consignment stand in no balance
        _order_difference("fulfilled_not_invoiced_quantity", "layer_fulfilled", where="s.is_consigned IS NOT 1"), numbers=True,
    ),
    _none(
        "balances", "the open layers of an order line add up to its fulfilled and not invoiced amount", "订单行的未结层合计等于已履行未开票金额",
        _order_difference("fulfilled_not_invoiced_amount", "layer_fulfilled_amount", where="s.is_consigned IS NOT 1"), numbers=True,
    ),
    _none(
        "balances", "the open layers of an order line add up to its invoiced and not fulfilled quantity", "订单行的未结层合计等于已开票未履行数量",
        _order_difference("invoiced_not_fulfilled_quantity", "layer_invoiced"), numbers=True,
    ),
    _none(
        "balances", "the open layers of an order line add up to its invoiced and not fulfilled amount", "订单行的未结层合计等于已开票未履行金额",
        _order_difference("invoiced_not_fulfilled_amount", "layer_invoiced_amount"), numbers=True,
    ),
    Asked("exceptions", "every exception has an id", "每个例外都有编号", "expect_column_values_to_not_be_null", {"column": "exception_id"}),
    Asked("exceptions", "no exception id stands twice", "例外编号不重复", "expect_column_values_to_be_unique", {"column": "exception_id"}),
    _none(
        "exceptions", "the document of every exception is among the inputs", "每个例外的单据都在输入之中",
        f"""SELECT e.control_id, e.document_type, e.document_number FROM exceptions e WHERE e.document_number IS NOT NULL
        AND e.document_type NOT IN ({", ".join(f"'{word}'" for word in RUN_DOCUMENT_TYPES)}) AND NOT EXISTS
        (SELECT 1 FROM documents d WHERE {_joined("d", "e", "document_number", "document_type")}
        AND (d.company_code IS NULL OR d.company_code = e.company_code))""",
    ),
    _none(
        "controls", "each control counts as many exceptions as there are rows", "每个控制的例外数等于其例外行数",
        """SELECT c.control_id, c.exceptions, COUNT(e.exception_id) AS rows_found FROM controls c
        LEFT JOIN exceptions e ON e.control_id = c.control_id GROUP BY c.control_id, c.exceptions HAVING COALESCE(c.exceptions, 0) <> COUNT(e.exception_id)""",
    ),
    _none(
        "controls", "no exception belongs to a control that is not listed", "没有例外属于未列出的控制",
        "SELECT DISTINCT control_id FROM exceptions WHERE control_id NOT IN (SELECT control_id FROM controls)",
    ),
    _none(
        "controls", "a control's status fits its figures", "控制状态与其数字相符",
        """SELECT control_id, status, population, exceptions FROM controls WHERE (status = 'exceptions') <> (COALESCE(exceptions, 0) > 0)
        OR (status = 'clean' AND COALESCE(population, 0) = 0)""",
    ),
    Asked(
        "controls", "the status of a control is one of the agreed words", "控制状态属于约定的取值",
        "expect_column_values_to_be_in_set", {"column": "status", "value_set": list(CONTROL_STATUSES)},
    ),
    _none(
        "tie_out", "at every doorway rows in are rows out and rows set aside", "每道关口：进入行数 = 放行行数 + 剔除行数",
        'SELECT "table", doorway, rows_in, rows_out, rows_set_aside FROM tie_out WHERE rows_in <> rows_out + rows_set_aside OR holds IS NOT 1',
    ),
    _none(
        "tie_out", "at every doorway amounts in are amounts out and amounts set aside", "每道关口：进入金额 = 放行金额 + 剔除金额",
        'SELECT "table", doorway, amount_in, amount_out, amount_set_aside FROM tie_out WHERE amount_in <> amount_out + amount_set_aside', numbers=True,
    ),
    _none(
        "tie_out", "what one doorway lets out is what the next one takes in", "上一关口放行的行数等于下一关口进入的行数",
        """SELECT a."table", a.doorway, a.rows_out, b.doorway, b.rows_in FROM tie_out a JOIN tie_out b ON b."table" = a."table"
        WHERE ((a.doorway = 'conform' AND b.doorway = 'validate') OR (a.doorway = 'validate' AND b.doorway = 'match')) AND a.rows_out <> b.rows_in
        AND a."table" IN (SELECT "table" FROM accepted_rows)""",
    ),
    _none(
        "accepted_rows", "validation let out as many rows as were audited", "校验放行的行数等于实际审计的行数",
        """SELECT r."table", r.row_count, t.rows_out FROM accepted_rows r LEFT JOIN tie_out t ON t."table" = r."table" AND t.doorway = 'validate'
        WHERE t.rows_out IS NOT r.row_count""",
    ),
    _none(
        "rejected_rows", "every row set aside at validation is listed with a reason", "校验剔除的每一行都列明原因",
        """SELECT t."table", t.rows_set_aside, COALESCE(r.row_count, 0) AS listed FROM tie_out t LEFT JOIN rejected_rows r ON r."table" = t."table"
        WHERE t.doorway = 'validate' AND t.rows_set_aside > COALESCE(r.row_count, 0)""",
    ),
)  # fmt: skip
