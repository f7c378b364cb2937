"""Measured columns in words, for readers who are told that one of them is not known.

The names are finance words joined by underscores, so English is the name read aloud. Chinese is put together word by word: the words of
a name stand in the same order there. A word that is not listed leaves the whole name as it is.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import polars as pl

from recon.report.table_words import TABLES
from recon.report.vocabulary import UNTESTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.domain.control import Control
    from recon.report.words import Words

_WORDS: Final = """
: accepted:验收 account:账户 accrual:暂估 accrued:暂估 active:有效 actor:操作人 address:地址 adjustment:调整 after:之后 age:账龄 agreed:约定
agreement:约定 ahead:提前 amount:金额 and:与 apart:相隔 around:周围 application:核销 applied:核销 approval:审批 approved:已审批 arithmetic:计算
arrived:到货 at:当时 authority:权限 balance:余额 bank:银行 band:区间 base:基准 baseline:基准 basis:依据 before:之前 behalf:代表 behind:落后 between:之间
bid:报价 bill:开票 billable:可开票 block:冻结 blocked:冻结 blue:蓝字发票 book:账面 booked:入账 booking:入账 box:信箱 budget:预算 burst:爆发 business:工作 buyer:购买方 by:按 callback:回拨
cap:上限 category:类别 chance:随机 change:变更 changed:变更 characters:字符 charged:收费 charges:费用 check:校验 chi:卡方 circular:循环 claim:索赔 close:关闭
closed:关闭 closing:期末 code:代码 column:列 company:公司 comparable:可比 complete:齐全 completed:完成 confirmation:签收 confirmed:确认
contract:合同 contradicts:相反 convention:惯例 convertible:可换算 corrected:更正 cost:成本 count:数 counted:盘点 country:国家 covered:覆盖 created:创建
creation:创建 credit:贷项 credited:已冲减 crosses:跨 crossing:跨期情况 cumulative:累计 currency:币种 cut:截止 cycle:流程 daily:日均 damage:损坏 date:日期
dated:有日期 day:日 days:天数 decided:判定 decision:审批 declared:申报 deductible:可抵扣 delegation:授权 delivered:交付 demand:需求
deviating:偏离惯用 deviation:偏差 difference:差额 differs:不同 digit:数字 discount:折扣 disputed:有争议 distance:间隔 document:单据 due:到期 duties:职责
duty:职责 earlier:较早 early:提前 effective:有效 emergency:紧急 employee:员工 end:期末 entry:录入 error:错误 estimated:暂估 event:事项
excess:超出 expected:应有 exposure:敞口 factor:因子 feed:数据来源 field:字段 final:最终 first:首次 format:格式 from:自 fulfilled:收发货 fulfilment:收发货
full:全部 fx:外汇 gap:间隔 goods:货物 gross:含税 group:组 guarded:所控制 hand:人工 has:是否有 header:表头 history:历史 hold:冻结 holds:成立
hours:小时数 id:编号 in:在 inactive:停用 inbound:在途 incomplete:不完整 incoterm:贸易术语 inspected:检验 inspection:检验 invoice:发票
invoiced:已开票 is:是否 issue:发出 item:物料 kind:类型 beginning:起用 begins:起用 kept:留存 known:已知 larger:较大 largest:最大 last:最近 late:逾期 lateness:逾期 lead:交货 least:最短
leaving:离职 left:离开 length:长度 level:层级 limit:限额 line:行 link:关联 linked:关联 list:清单 listed:在列 live:有效 local:当地 login:账号 loop:循环
loss:损耗 made:所做 manual:手工 master:主数据 match:匹配 matched:匹配 max:最大 mean:平均 member:成员 missed:错失 missing:缺少 most:最长 movement:移动
name:名称 named:写明 names:写明 nearest:最近 need:需求 needs:是否需要 net:不含税 next:下次 no:编号 note:凭证 number:号码 of:之 off:付清 offered:给予
official:法定 on:按 only:仅 open:未清 order:订单 ordered:订购 origin:来源 other:其他 out:失 outside:之外 over:超过 override:超额批准 overdue:逾期 p90:九成分位 p95:九成五分位
pack:包装 paid:已付 pair:成对 party:往来单位 payment:付款 peer:同行 per:每 performed:执行 period:期间 person:人员 persons:人员 plan:计划
planned:计划 population:总体 posted:过账 posting:过账 previous:上次 price:价格 promised:承诺 quantity:数量 rank:排名 rate:率 ratio:比率
reason:原因 receipt:收货 received:收到 recorded:登记 recurring:定期 regular:规律 red:红字 reference:参考 referenced:被引用 refused:拒收 registered:已登记
rejected:拒收 relation:关系 release:放行 released:放行 repeat:重复 requested:要求 required:是否必需 requisition:请购 reset:重置
resolves:可查到 result:结果 returned:退回 reverse:冲回 robust:稳健 round:整数 row:行 rows:行 rule:规则 run:运行 runs:批次 safety:安全 same:相同
score:得分 searched:搜寻 second:第二 seconds:秒数 seller:销售方 service:服务 set:集合 settled:结清 share:比例 similarity:相似度 since:至今
size:规格 smaller:较小 span:跨度 square:统计量 stale:过旧 started:开始 state:状态 stated:列明 status:状态 step:步骤 stock:库存 stood:冻结 sums:加总 surplus:溢余
table:表 tail:尾差 tax:税 taxed:计税 term:账期 terms:条件 tested:测试 time:时间 timed:有时刻 to:至 tolerated:容许 total:合计 type:类型
unapplied:未核销 unconfirmed:未签收 unconverted:未换算 uncredited:未冲减 under:在内 unexplained:未解释 unit:单位 unjustified:无依据
unknown:未知 unlimited:无限额 unnamed:未注明 untested:未测试 uom:计量单位 usual:通常 valid:有效 value:值 variance:差异 verification:查验 volume:采购额
wait:等待 waiting:等待 watched:受关注 waiver:豁免 waybill:运单 wide:跨度足够 window:期间 word:词 working:工作 written:核销 youngest:最新 z:标准分
"""
_ZH: Final = dict(pair.split(":") for pair in _WORDS.split())
#: Names whose words in order would mislead.
_WHOLE: Final = {
    "overdue_30_amount_base": ("overdue by 1 to 30 days (company currency)", "逾期 1 至 30 天（本位币）"),
    "overdue_60_amount_base": ("overdue by 31 to 60 days (company currency)", "逾期 31 至 60 天（本位币）"),
    "overdue_90_amount_base": ("overdue by 61 to 90 days (company currency)", "逾期 61 至 90 天（本位币）"),
    "overdue_older_amount_base": ("overdue by more than 90 days (company currency)", "逾期 90 天以上（本位币）"),
    "allowance_amount_base": ("what is set aside for bad debts (company currency)", "坏账准备（本位币）"),
    "stated_quantity": ("quantity in the base unit, by the document", "单据所列基本单位数量"),
    "master_quantity": ("quantity in the base unit, by the master", "按主数据换算的基本单位数量"),
    "deviation_quantity": ("difference between the two quantities", "两数量之差"),
    "billed_amount": ("part of the estimate that was billed since", "暂估中其后已开票部分"),
    "reversed_amount": ("amount reversed", "已冲回金额"),
    "next_reversed_amount": ("amount reversed in the next period", "下一期间冲回金额"),
    "is_auto_reversed": ("whether the ledger reverses it by itself", "是否由总账自动冲回"),
    "unsaid_days_apart": ("days from a like order of which nobody says whose wish it was", "与无从判断来源的相同订单相隔天数"),
    "common_prefix_count": ("digits in which the two tax classes begin alike", "两个税收分类编码开头相同的位数"),
    "is_prefix": ("whether one class is the beginning of the other", "一个编码是否为另一个的开头"),
    "unclassed_item_count": ("lines of the bill of whose item no tax class is known", "物料无税收分类编码的发票行数"),
    "superior_depth": ("how far above the superior stands", "上级相隔层数"),
    "raised_from_amount": ("limit before it was raised", "上调前额度"),
    "raise_hours": ("hours since the limit was raised", "额度上调后小时数"),
    "lowered_after_days": ("days until the limit was lowered again", "额度回调前天数"),
    "role_pair": ("the two roles", "两个角色"),
    "turned_role_pair": ("the two roles, turned round", "两个角色（对调）"),
    "crossing": ("on which side of the period end goods and bill lie", "货物与发票各在期末哪一侧"),
    "period_is_on_file": ("whether the period is on file", "会计期间是否已提供"),
    "rows_set_aside": ("rows set aside", "剔除行数"),
    "checkoff_period_count": ("in how many periods it was checked off", "勾选期间数"),
    "is_bill_and_hold": ("whether it is bill-and-hold", "是否开票后代管"),
    "days_from_end": ("days from the end of the period", "距期末天数"),
    "days_after_end": ("days after the end of the period", "期末后天数"),
    "other_count": ("how many others there are", "其他单位的数量"),
    "match_count": ("how many matches there are", "匹配数量"),
    "country_pair": ("the two countries", "两个国家"),
    "has_authority": ("whether the approver had authority", "审批人是否有权限"),
    "is_taxed_by_group": ("whether tax is stated for a group of lines", "是否按行组计税"),
    "invoice_unit_price": ("unit price of the invoice", "发票单价"),
    "order_unit_price": ("unit price of the order", "订单单价"),
    "agreed_unit_price": ("agreed unit price", "约定单价"),
    "last_unit_price": ("last unit price", "最近单价"),
    "tax_rate": ("tax rate", "税率"),
    "order_tax_rate": ("tax rate of the order", "订单税率"),
    "fx_rate": ("exchange rate", "汇率"),
    "order_fx_rate": ("exchange rate of the order", "订单汇率"),
    "receipt_fx_rate": ("exchange rate of the receipt", "收货日汇率"),
    "receipt_fx_variance": ("difference to the rate of the receipt", "与收货日汇率的差异"),
    "tax_id_state": ("state of the tax number", "税号状态"),
}
_BASE: Final = ("company currency", "本位币")
_EXCLUDED: Final = UNTESTED["excluded from the test: "]
#: After these words a sentence of `evaluate` lists the tables that a run was not given, and ends.
_TABLES_FOLLOW: Final = ("the run was given no ", "本次未提供：")
#: A name of a column, table or other code in a sentence of ours, its table before it where it is named; names of files are none.
_NAME: Final = re.compile(r"(?<![\w.])([a-z_]+\.)?([a-z][a-z0-9]*(?:_[a-z0-9]+)+)(?![\w.]\w|\w)")


@cache
def _column(name: str, language: str) -> str:
    place = int(language == "zh")
    if name in _WHOLE:
        return _WHOLE[name][place]
    stem = name.removesuffix("_base")
    in_base = stem != name
    if not place:
        asked = {"is": "whether ", "has": "whether there is ", "needs": "whether it needs "}
        first, _, rest = stem.partition("_")
        spoken = asked[first] + rest.replace("_", " ") if first in asked and rest else stem.replace("_", " ")
        return f"{spoken} ({_BASE[0]})" if in_base else spoken
    words = [_ZH.get(word) for word in stem.split("_")]
    if None in words:
        return name
    spoken = "".join(word for word in words if word)
    return f"{spoken}（{_BASE[1]}）" if in_base else spoken


def columns_in(text: str, words: Words) -> str:
    """A list of columns, parted by commas, in the reader's language."""
    return ("、" if words.language == "zh" else ", ").join(_column(name.strip(), words.language) for name in text.split(", "))


def names_in(text: str | None, words: Words) -> str | None:
    """A sentence with the names of tables and columns in it replaced by words; single words are left, since they may be none.

    Where a list of tables ends the sentence, each of them is one, whatever it is called.
    """
    if text is None:
        return None
    for start in _TABLES_FOLLOW:
        before, found, listed = text.rpartition(start)
        if found:
            tables = ", ".join(words(TABLES.get(name, name)) for name in listed.split(", "))
            return f"{names_in(before, words)}{found}{tables}"
    return _NAME.sub(lambda found: _spoken(found[1] or "", found[2], words), text)


def _spoken(table: str, name: str, words: Words) -> str:
    of = table.removesuffix(".")
    if of and of not in TABLES:
        return f"{table}{name}"
    said = words(TABLES[name]) if name in TABLES else _column(name, words.language)
    return f"{words(TABLES[of])}: {said}" if of else said


def about_the_run(exceptions: pl.DataFrame, column: str, words: Words) -> pl.DataFrame:
    """Exceptions whose sentences about controls of this run name tables and columns: those names in words."""
    is_one = pl.col("document_type") == "control"
    sentences = exceptions.filter(is_one)[column].drop_nulls().unique().to_list()
    told = {sentence: names_in(sentence, words) for sentence in sentences}
    return exceptions.with_columns(pl.when(is_one).then(pl.col(column).replace(told)).otherwise(column).alias(column)) if told else exceptions


def reasons(untested: pl.DataFrame, controls: Sequence[Control], words: Words) -> pl.DataFrame:
    """Rows that could not be tested, their `reason` in the reader's language: the control's own words, or the columns nobody knows.

    A condition that its control does not put into words stays as it is.
    """
    because = {control.id: getattr(control.not_testable_because, words.language) for control in controls if control.not_testable_because}
    codes = untested.select("control_id", "reason").unique()
    pairs = zip(codes["control_id"].to_list(), codes["reason"].to_list(), strict=True)
    spoken = [_reason(control_id, reason, because, words) for control_id, reason in pairs]
    told = codes.with_columns(spoken=pl.Series(spoken, dtype=pl.String))
    joined = untested.join(told, on=["control_id", "reason"], how="left", validate="m:1", maintain_order="left", nulls_equal=True)
    return joined.with_columns(reason="spoken").drop("spoken")


def _reason(control_id: str, reason: str | None, because: Mapping[str, str], words: Words) -> str | None:
    for start, text in UNTESTED.items():
        if reason is not None and reason.startswith(start):
            rest = reason[len(start) :]
            if text == _EXCLUDED:
                return because[control_id] if control_id in because else words(text) + rest
            return words(text) + columns_in(rest, words) if rest else words(text)
    return reason
