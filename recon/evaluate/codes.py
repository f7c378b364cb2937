"""Code words of measured columns as a reader says them: column -> code -> (English, Chinese). A word that is not listed is said as it is."""

from __future__ import annotations

from typing import Final

from recon.domain.documents import TABLES

_Said = dict[str, tuple[str, str]]

_DOCUMENTS: Final[_Said] = {
    "purchase_order": ("purchase order", "采购订单"),
    "goods_receipt": ("goods receipt", "收货单"),
    "supplier_invoice": ("supplier invoice", "供应商发票"),
    "supplier_payment": ("supplier payment", "付款单"),
    "sales_order": ("sales order", "销售订单"),
    "shipment": ("shipment", "发货单"),
    "delivery_confirmation": ("delivery confirmation", "签收单"),
    "customer_invoice": ("customer invoice", "销售发票"),
    "cash_receipt": ("cash receipt", "收款单"),
    "credit_note": ("credit note", "红字发票"),
    "requisition": ("requisition", "请购单"),
    "bank_transaction": ("bank statement line", "银行对账单行"),
    "official_invoice": ("tax invoice", "税务发票"),
    "expense_claim": ("expense claim", "费用报销单"),
    "gl_journal": ("journal", "记账凭证"),
    "stock_count": ("stock count", "盘点单"),
}
_EVENTS: Final[_Said] = _DOCUMENTS | {
    "sent": ("sent", "已发出"),
    "posted": ("posted", "已过账"),
    "paid": ("paid", "已付款"),
    "approved": ("approved", "已批准"),
}
_REFERENCES: Final[_Said] = {
    "po_number": ("purchase order", "采购订单"),
    "so_number": ("sales order", "销售订单"),
    "receipt_number": ("goods receipt", "收货单"),
    "shipment_number": ("shipment", "发货单"),
    "invoice_number": ("invoice", "发票"),
    "origin_invoice_number": ("corrected invoice", "原发票"),
    "origin_receipt_number": ("returned receipt", "原收货单"),
    "origin_shipment_number": ("returned shipment", "原发货单"),
    "payment_number": ("payment", "付款单"),
    "cash_receipt_number": ("cash receipt", "收款单"),
}
DUTIES: Final[_Said] = {
    "creator": ("creator", "制单人"),
    "requester": ("requester", "申请人"),
    "buyer": ("buyer", "采购员"),
    "salesperson": ("salesperson", "销售员"),
    "receiver": ("receiver", "收货人"),
    "shipper": ("shipper", "发货人"),
    "invoice clerk": ("invoice clerk", "发票经办人"),
    "payment clerk": ("payment clerk", "付款经办人"),
    "payee": ("payee", "收款人"),
    "master data": ("keeper of the party's master data", "往来单位主数据维护人"),
}
_TABLES: Final = {
    "purchase_requisition_line": "请购单行", "service_request": "服务请求", "purchase_order_line": "采购订单行", "goods_receipt_line": "收货单行",
    "supplier_invoice_line": "供应商发票行", "supplier_invoice": "供应商发票合计", "supplier_payment": "付款单",
    "supplier_payment_allocation": "付款核销", "sales_order_line": "销售订单行", "shipment_line": "发货单行",
    "delivery_confirmation_line": "签收单行", "customer_invoice_line": "销售发票行", "customer_invoice": "销售发票合计", "cash_receipt": "收款单",
    "cash_receipt_allocation": "收款核销", "approval_event": "审批记录", "approval_policy": "审批制度", "user": "用户", "document_change": "单据变更",
    "supplier": "供应商主数据", "supplier_bank_account": "供应商银行账户", "party_screening_list": "筛查名单", "customer": "客户主数据", "item": "物料主数据", "uom_conversion": "单位换算", "price_list_line": "价目表",
    "fx_rate": "汇率", "inventory_level": "库存", "demand_forecast": "需求预测", "calendar": "工作日历", "control_total": "控制总数",
    "item_stock_policy": "库存限额", "fiscal_period": "会计期间", "gl_balance": "总账余额", "gl_journal_line": "总账分录", "delegation": "授权委托",
    "inventory_movement": "库存变动", "bank_transaction": "银行流水", "approved_rule": "已批准规则",
    "company": "公司主数据", "budget_line": "预算", "quotation": "供应商报价", "official_invoice": "发票台账", "expense_claim_line": "费用报销单行", "stock_count_line": "盘点单行",
}  # fmt: skip
_STATES: Final[_Said] = {
    "not_decided": ("not decided", "未能判定"),
    "ambiguous": ("ambiguous", "不唯一"),
    "suggested": ("suggested", "建议"),
    "none": ("none found", "无候选"),
}
_VERSIONS: Final[_Said] = {
    "same": ("same", "一致"),
    "rule changed": ("rule changed", "规则已变更"),
    "parameters changed": ("parameters changed", "参数已变更"),
    "rule and parameters changed": ("rule and parameters changed", "规则与参数均已变更"),
    "not approved": ("not approved", "未经批准"),
    "left out": ("left out", "未执行"),
}
_SINCE: Final[_Said] = {
    "changed": ("changed", "被更改"),
    "cancelled": ("cancelled", "被作废"),
    "counted again": ("counted again", "恢复有效"),
    "gone": ("gone, or no longer counted", "已消失或不再计入"),
}
_BALANCES: Final[_Said] = {
    "fulfilled_not_invoiced": ("delivered, not invoiced", "已收发货未开票"),
    "invoiced_not_fulfilled": ("invoiced, not delivered", "已开票未收发货"),
    "open_payable": ("payables", "应付账款"),
    "open_receivable": ("receivables", "应收账款"),
    "unapplied_cash": ("payments not applied", "未核销款项"),
}
_TRANSFERS: Final[_Said] = {
    "receipt": ("on receipt", "以收货为准"),
    "recorded": ("as recorded", "以记录为准"),
    "arrival": ("on arrival", "以送达为准"),
    "fallback": ("no delivery terms known", "交货条款未知"),
    "shipment": ("on shipment", "以发货为准"),
}
_CHANNELS: Final[_Said] = {
    "an order": ("for an order", "订单付款"),
    "no order": ("without an order", "无订单付款"),
    "expense claim": ("expense claim", "费用报销"),
}
_TROUBLES: Final[_Said] = {
    "no tax id": ("no tax id", "缺少税号"),
    "wrong tax id": ("wrong tax id", "税号校验不符"),
    "no country": ("no country", "缺少国家"),
    "no payment terms": ("no payment terms", "缺少付款条件"),
    "no bank account": ("no bank account", "缺少银行账户"),
    "wrong bank account": ("wrong bank account", "银行账户校验不符"),
}
_ATTRIBUTES: Final[_Said] = {
    "telephone": ("telephone", "电话"),
    "e-mail": ("e-mail", "电子邮箱"),
    "tax id": ("tax id", "税号"),
    "address": ("address", "地址"),
    "bank account": ("bank account", "银行账户"),
    "name": ("name", "名称"),
}
_MASTER_FIELDS: Final[_Said] = {
    "bank account": ("bank account", "银行账户"),
    "name": ("name", "名称"),
    "payment terms": ("payment terms", "付款条件"),
    "credit limit": ("credit limit", "信用额度"),
    "standing": ("standing", "状态"),
    "other": ("other", "其他"),
    "tax id": ("tax id", "税号"),
}
_KINDS_OF_STEP: Final[_Said] = {
    "created": ("creation", "创建"),
    "sent": ("dispatch to the party", "发出"),
    "approved": ("approval", "审批"),
    "fulfilled": ("delivery", "收发货"),
    "inspected": ("inspection", "检验"),
    "confirmed": ("customer's confirmation", "客户签收"),
    "invoiced": ("invoice", "开票"),
    "paid": ("payment", "付款"),
}
_STEPS: Final[_Said] = {
    step: (f"{word}{english}", f"{wort}{chinese}")
    for kind, (english, chinese) in _KINDS_OF_STEP.items()
    for step, word, wort in ((kind, "", ""), (f"first_{kind}", "first ", "首次"), (f"last_{kind}", "last ", "末次"))
}
#: Columns whose values are code words.
CODED: Final[dict[str, _Said]] = {
    "document_type": _DOCUMENTS,
    "processed_type": _DOCUMENTS,
    "event": _DOCUMENTS | {"change of the master": ("change of the master", "主数据变更")},
    "other_document_type": _DOCUMENTS,
    "verification_result": {
        "verified": ("verified", "一致"),
        "mismatch": ("mismatch", "不一致"),
        "not_found": ("not found", "查无此票"),
        "unavailable": ("no answer", "查验服务无响应"),
    },
    "red_confirmation_status": {
        "confirmed": ("confirmed", "已确认"),
        "not_required": ("not required", "无需确认"),
        "pending": ("pending", "待确认"),
        "refused": ("refused", "已拒绝"),
        "lapsed": ("lapsed", "已逾期失效"),
        "revoked": ("revoked", "已撤销"),
    },
    "direction": {
        "not given": ("The discount was not given", "未给予折扣"),
        "taken without agreement": ("It was taken without agreement", "未经约定的折扣"),
    },
    "source_of_agreement": {"order": ("order", "订单"), "contract": ("contract", "合同"), "none": ("none", "无")},
    "effective_event": _EVENTS,
    "guarded_event": _EVENTS,
    "first_event": _EVENTS,
    "early_step": _STEPS,
    "awaited_step": _STEPS,
    "reference_kind": _REFERENCES,
    "table": {name: (table.title.partition(";")[0], _TABLES.get(name, name)) for name, table in TABLES.items()},
    "state": _STATES | _VERSIONS | _SINCE,
    "told_as": {"closing": ("as its closing", "其期末余额"), "opening": ("as the opening of this period", "其对本期期初的陈述")},
    "transfer_basis": _TRANSFERS,
    "order_state": {"cancelled": ("cancelled", "已作废"), "closed": ("closed", "已关闭")},
    "kind": {
        "not on the statement": ("not on the statement", "对账单无此笔"),
        "not in the books": ("not in the books", "账上无此笔"),
        "amounts differ": ("amounts differ", "金额不符"),
        **_BALANCES,
    },
    "tested_date_basis": {"order date": ("order date", "订单日期"), "invoice date": ("invoice date", "发票日期")},
    "start_source": {
        "sent_at": ("sent", "发出"),
        "first_approval_at": ("approved", "批准"),
        "created_at": ("entered", "录入"),
    },
    "requisition_state": {
        "none": ("none", "未引用请购单"),
        "missing": ("missing", "请购单不存在"),
        "cancelled": ("cancelled", "请购单已作废"),
        "not_approved": ("not approved", "请购单未批准"),
        "approved": ("approved", "已批准"),
        "unproven": ("not proven to be approved", "无法证明已批准"),
    },
    "amount_relation": {
        "same": ("same", "相同"),
        "net against gross": ("net against gross", "不含税与含税"),
        "other currency": ("other currency", "币种不同"),
        "decimal shift": ("decimal shift", "小数点错位"),
        "digits transposed": ("digits transposed", "数字颠倒"),
        "unrelated": ("unrelated", "无关"),
    },
    "window": {
        "after the end": ("after the end", "期后冲回"),
        "origin unknown": ("after the end, origin unknown", "期后，原发票未知"),
        "last days": ("last days", "期末数日"),
    },
    "trouble": {
        "account not in the master": ("account not in the master", "账户不在主数据"),
        "account of another time": ("account of another time", "账户当日无效"),
        "payee of another name": ("payee of another name", "收款人名称不符"),
    },
    "approval": {
        "by the same person": ("by the same person", "由同一人审批"),
        "by another person": ("by another person", "由他人审批"),
        "none": ("none", "无审批"),
    },
    "match_type": {
        "tax id": ("tax id", "税号"),
        "name": ("name", "名称"),
        "country": ("country", "国家"),
        "bank country": ("bank country", "开户国"),
        "similar name": ("similar name", "名称近似"),
    },
    "channel": _CHANNELS,
    "other_channel": _CHANNELS,
    "other_type": _DOCUMENTS,
    "shared": {"party": ("party", "往来单位"), "account": ("account", "账户")},
    "watched_field": _MASTER_FIELDS,
    "upkeep": _MASTER_FIELDS | {"created": ("created", "建档")},
    "deed": {"write-off": ("write-off", "核销"), "credit note": ("credit note", "红字发票")},
    "damage": {"exponent": ("exponent", "科学计数"), "broken_character": ("broken character", "乱码")},
    "account_role": {
        "gr_ir": ("goods received, not invoiced", "应付暂估"),
        "allowance": ("allowance for bad debts", "坏账准备"),
        "payables": ("payables", "应付账款"),
        "receivables": ("receivables", "应收账款"),
        "inventory": ("inventory", "存货"),
    },
    "doorway": {"load": ("load", "读取"), "conform": ("conform", "规范化"), "validate": ("validate", "验证"), "match": ("match", "匹配")},
    "rule": {
        "not_a_number": ("not a number", "不是数字"),
        "too_many_digits": ("too many digits", "位数过多"),
        "not_a_whole_number": ("not a whole number", "不是整数"),
        "not_a_date": ("not a date", "不是日期"),
        "not_a_timestamp": ("not a point in time", "不是时间"),
        "no_such_local_time": ("a local time that never was", "不存在的当地时间"),
        "not_a_flag": ("neither yes nor no", "既非是也非否"),
        "unknown_word": ("an unknown word", "未知的代码"),
        "negative_price": ("a negative price", "单价为负"),
        "not_a_currency": ("not a currency", "不是币种"),
        "not_a_share": ("not a share", "不是比例"),
        "not_a_tax_rate": ("not a tax rate", "不是税率"),
        "not_above_zero": ("not above zero", "不大于零"),
        "below_zero": ("below zero", "小于零"),
        "implausible_date": ("an implausible date", "不合理的日期"),
        "implausible_validity": ("an implausible validity", "不合理的有效期"),
    },
}
#: Columns that put code words one after another.
LISTED: Final[dict[str, _Said]] = {
    "same_person_duty": DUTIES,
    "problems": _TROUBLES,
    "shared_attributes": _ATTRIBUTES,
    "changed_fields": {
        "party_id": ("party", "往来单位"), "document_date": ("date", "日期"), "posting_date": ("posting date", "过账日期"), "item_id": ("item", "物料"),
        "currency": ("currency", "币种"), "quantity": ("quantity", "数量"), "amount": ("amount", "金额"), "is_counted": ("whether it counts", "是否计入"),
    },
    "net_convention": {
        "quantity × price": ("quantity × price", "数量×单价"), "× quantity": ("× quantity", "×数量"), "price of": ("price of", "单价取"),
        "net out of the rounded gross": ("net out of the rounded gross", "由取整后的含税额倒算"), "less tax": ("less tax", "减税额"),
        "by line": ("by line", "按行"), "digits": ("digits", "位小数"), "half up": ("half up", "四舍五入"), "half even": ("half even", "四舍六入五成双"),
        "down": ("down", "截断"),
    },
    "tax_convention": {
        "net × rate": ("net × rate", "净额×税率"), "gross − gross ÷ (1 + rate)": ("gross − gross ÷ (1 + rate)", "价税合计−价税合计÷(1+税率)"),
        "gross × rate ÷ (1 + rate)": ("gross × rate ÷ (1 + rate)", "价税合计×税率÷(1+税率)"), "by line": ("by line", "按行"),
        "by tax rate": ("by tax rate", "按税率"), "by document": ("by document", "按单据"), "by unit of": ("by unit of", "按单位取"),
        "digits": ("digits", "位小数"), "half up": ("half up", "四舍五入"), "half even": ("half even", "四舍六入五成双"), "down": ("down", "截断"),
    },
}  # fmt: skip
#: Words that conditions of control files put into the figures of an exception.
FIGURES: Final[_Said] = {
    "late": ("late", "超时"),
    "first escalation": ("first escalation", "应一级上报"),
    "matched by hand": ("a bill matched by hand", "须人工匹配的发票"),
    "second escalation": ("second escalation", "应二级上报"),
    "blocked": ("blocked", "已冻结"),
    "inactive": ("inactive", "已停用"),
    "not in the master": ("not in the master", "主数据中不存在"),
    "another person": ("another person", "另一人"),
    "working hours": ("working hours", "工作时间"),
    "a payment run": ("a payment run", "付款批次"),
    "a working day": ("a working day", "工作日"),
    "write-off candidate": ("write-off candidate", "核销候选"),
    "chase the supplier": ("chase the supplier", "向供应商催票"),
}
#: How a flag is said.
FLAGS: Final[_Said] = {"true": ("yes", "是"), "false": ("no", "否")}
