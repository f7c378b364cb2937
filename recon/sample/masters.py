"""Who and what the company deals with: suppliers, customers, items, users, units, rates, policies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.sample.book import AS_OF, CENT, FIRST_DAY, Row, rounded

if TYPE_CHECKING:
    from random import Random

COMPANIES: Final = ("C10", "C20")

_CITIES: Final = ("上海", "苏州", "宁波", "深圳", "青岛", "武汉", "成都", "无锡", "佛山", "厦门", "天津", "长沙")
_WORDS: Final = ("恒信", "东方", "金桥", "华瑞", "宏达", "联创", "新海", "永盛", "瑞丰", "嘉禾", "启明", "正泽", "安顺", "广源", "博远", "中联")
_TRADES: Final = ("精密机械有限公司", "电子科技有限公司", "包装材料有限公司", "化工有限公司", "贸易有限公司", "五金制品有限公司", "物流设备有限公司")
_NAMES: Final = ("Northern", "Harbour", "Riverside", "Summit", "Cedar", "Atlas", "Meridian", "Falcon", "Orchard", "Granite", "Beacon", "Lakeland")
_BUSINESSES: Final = ("Bearings", "Plastics", "Instruments", "Packaging", "Fasteners", "Tooling", "Chemicals", "Trading")
_ABROAD: Final = (("US", "USD", "Inc."), ("DE", "EUR", "GmbH"), ("JP", "JPY", "K.K."), ("HK", "USD", "Limited"))

#: company-currency units per unit on the first of the first month; each month moves by some thousandths
_RATES: Final = {"USD": Decimal("7.1200"), "EUR": Decimal("7.8300"), "JPY": Decimal("0.0478")}

#: A buying lead who left the company, and the last day he was there.
LEAVER: Final = "BUYL9"
LEFT_ON: Final = date(2026, 3, 31)
#: role -> the login to whom who has it reports; the heads report to the chief executive, who reports to nobody
_MANAGERS: Final = {
    **dict.fromkeys(("BUYER", "REQUESTER"), "BUYL1"), **dict.fromkeys(("BUYING_LEAD", "BUYING_DEPUTY"), "BUYM1"), "BUYING_MANAGER": "CPO01",
    **dict.fromkeys(("STOREKEEPER", "SHIPPING"), "SAM01"), **dict.fromkeys(("AP_CLERK", "CASHIER", "MASTER_DATA"), "APM01"),
    **dict.fromkeys(("BILLING", "CASH_DESK", "SALES"), "SAM01"), "SALES_MANAGER": "SAD01", **dict.fromkeys(("AP_MANAGER", "TREASURER"), "CFO01"),
    **dict.fromkeys(("PURCHASING_DIRECTOR", "FINANCE_DIRECTOR", "SALES_DIRECTOR"), "CEO01"),
}  # fmt: skip
_USERS: Final = """
BUY01 P101 陈静 BUYER
BUY02 P102 王磊 BUYER
BUY03 P103 Laura_Berg BUYER
BUY04 P104 孙浩 BUYER
BUYL9 P199 钱进 BUYING_LEAD 50000
REQ01 P111 李娜 REQUESTER
REQ02 P112 周杰 REQUESTER
REQ03 P113 Tom_Hughes REQUESTER
STO01 P121 赵强 STOREKEEPER
STO02 P122 黄敏 STOREKEEPER
STO03 P123 吴刚 STOREKEEPER
APC01 P131 刘洋 AP_CLERK
APC02 P132 郑雪 AP_CLERK
CAS01 P141 何丽 CASHIER
CAS02 P142 马超 CASHIER
MDM01 P151 林峰 MASTER_DATA
SAL01 P161 徐婷 SALES
SAL02 P162 Emma_Clarke SALES
SAL03 P163 高翔 SALES
SHP01 P171 罗勇 SHIPPING
SHP02 P172 梁伟 SHIPPING
BIL01 P181 宋佳 BILLING
BIL02 P182 唐宁 BILLING
CSH01 P191 韩梅 CASH_DESK
BUYL1 P201 谢军 BUYING_LEAD 50000
BUYL2 P104 孙浩 BUYING_LEAD 50000
BUYM1 P211 Daniel_Roth BUYING_MANAGER 500000
BUYD1 P212 邓超 BUYING_DEPUTY 50000
CPO01 P221 曹颖 PURCHASING_DIRECTOR 50000000
CFO01 P222 沈悦 FINANCE_DIRECTOR 50000000
APM01 P231 彭丽 AP_MANAGER 5000000
TRE01 P241 Sophie_Martin TREASURER 20000000
SAM01 P251 蒋涛 SALES_MANAGER 1000000
SAD01 P252 蔡明 SALES_DIRECTOR 50000000
CEO01 P261 顾远 CHIEF_EXECUTIVE
"""

#: Goods that come with the tanker, up to three days after the day, and are billed once a quarter.
GASES: Final = "GASES"
#: A carrier who numbers his bills anew every half-year.
CARRIER: Final = "SC-1"

#: Where one of the requesters lives: twenty-five characters.
STAFF_ADDRESS: Final = "上海市浦东新区张江镇碧波路690弄12号1503室"

_ITEMS: Final = """
轴承|Ball bearing|MECHANICAL|PCS|18.60
联轴器|Coupling|MECHANICAL|PCS|142.00
齿轮|Spur gear|MECHANICAL|PCS|76.50
液压泵|Hydraulic pump|MECHANICAL|PCS|1280.00
减速机|Gear reducer|MECHANICAL|PCS|2350.00
密封圈|Seal ring|MECHANICAL|PCS|3.20
传感器|Proximity sensor|ELECTRONIC|PCS|96.00
控制板|Control board|ELECTRONIC|PCS|415.00
继电器|Relay|ELECTRONIC|PCS|27.40
电机|Servo motor|ELECTRONIC|PCS|1860.00
显示屏|Display panel|ELECTRONIC|PCS|640.00
线束|Wiring harness|ELECTRONIC|PCS|54.80
螺栓|Hex bolt|FASTENER|PCS|0.35
螺母|Hex nut|FASTENER|PCS|0.18
垫圈|Washer|FASTENER|PCS|0.09
铆钉|Rivet|FASTENER|PCS|0.12
纸箱|Carton|PACKAGING|PCS|4.60
托盘|Pallet board|PACKAGING|PCS|58.00
缠绕膜|Stretch film|PACKAGING|PCS|32.50
标签|Label roll|PACKAGING|PCS|12.80
聚乙烯|Polyethylene granulate|BULK|KG|9.40
钢板|Steel plate|BULK|KG|5.60
铝锭|Aluminium ingot|BULK|KG|19.80
环氧树脂|Epoxy resin|BULK|KG|24.50
镜头|Optical lens|INSPECTED|PCS|210.00
阀体|Valve body|INSPECTED|PCS|185.00
铸件|Casting|INSPECTED|PCS|64.00
轴|Ground shaft|INSPECTED|PCS|92.00
设备维护|Equipment maintenance|SERVICES|DAY|1500.00
软件开发|Software development|SERVICES|DAY|2200.00
清洁服务|Cleaning|SERVICES|DAY|480.00
设计咨询|Design consulting|SERVICES|DAY|1850.00
整机A型|Packing machine A|FINISHED|PCS|8600.00
整机B型|Packing machine B|FINISHED|PCS|12400.00
输送带|Conveyor unit|FINISHED|PCS|3150.00
备件包|Spare parts kit|FINISHED|PCS|468.00
称重模块|Weighing module|FINISHED|PCS|925.00
封口机|Sealing machine|FINISHED|PCS|1740.00
应急备件|Emergency spare part|SPARES|PCS|29.00
"""


#: characters of a unified social credit code, worth their place
_CODE_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Party:
    """A supplier or customer; those under a framework agreement have agreed prices."""

    party_id: str
    name: str
    currency: str
    country: str
    term_days: int
    framework: bool
    series: str  # how the party numbers its invoices
    level: Decimal  # its prices against the usual ones


@dataclass(frozen=True)
class Item:
    """A good or service with its usual price per base unit in company currency."""

    item_id: str
    group: str
    base_uom: str
    price: Decimal
    names: str


@dataclass(frozen=True)
class Masters:
    """Everything that documents refer to."""

    suppliers: tuple[Party, ...]
    customers: tuple[Party, ...]
    items: dict[str, tuple[Item, ...]]  # by group
    rates: dict[tuple[str, date], Decimal]
    tables: dict[str, list[Row]]

    def rate(self, currency: str, day: date) -> Decimal:
        """Company-currency units per unit of the currency on that day."""
        return Decimal(1) if currency == "CNY" else self.rates[currency, day.replace(day=1)]

    def price(self, party: Party, item: Item) -> Decimal:
        """The price agreed between the two, per base unit in the party's currency; it holds the whole year."""
        return price_of(party, item)


def price_of(party: Party, item: Item) -> Decimal:
    """Usual price, moved by the party's level, in the party's currency, in its smallest unit."""
    amount = item.price * party.level
    if party.currency != "CNY":
        amount /= _RATES[party.currency]
    return max(rounded(amount, party.currency), Decimal(1) if party.currency == "JPY" else CENT)


def build(rng: Random, lines: int) -> Masters:
    """Masters of a company with so many order lines a year."""
    size = 18 + lines // 100
    suppliers = tuple(_party(rng, "S", i) for i in range(size))
    customers = tuple(_party(rng, "K", i) for i in range(size))
    items = _items()
    rates = _rates(rng)
    tables: dict[str, list[Row]] = {
        "supplier": [party_row(p) for p in suppliers],
        "customer": [party_row(p) | {"credit_limit": 5_000_000, "credit_currency": "CNY"} for p in customers],
        "item": [item_row(i) for group in items.values() for i in group],
        "user": _user_rows(),
        "company": [
            {"company_code": code, "company_name": f"示例实业（{code}）", "tax_id": company_tax_id(code), "country": "CN"} for code in COMPANIES
        ],
        "uom_conversion": _conversions(items),
        "party_screening_list": _screening_rows(),
        "fx_rate": [{"rate_date": d, "from_currency": c, "to_currency": "CNY", "rate": r} for (c, d), r in rates.items()],
        "price_list_line": [
            *(_list_row(p, i) for p in suppliers if p.framework for g in ("MECHANICAL", "ELECTRONIC") for i in items[g]),
            *(_list_row(p, i) for p in customers if p.framework for i in items["FINISHED"]),
        ],
    }
    return Masters(suppliers, customers, items, rates, tables)


def _party(rng: Random, letter: str, index: int) -> Party:
    party_id = f"{letter}{1001 + index}"
    level = Decimal(rng.randint(90, 112)) / 100
    terms = rng.choice((30, 45, 60))
    initials = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(2))
    series = rng.choice(("{}", initials + "-{}", "INV-{}", initials + "/{}"))
    if index % 6 == 5:
        country, currency, form = _ABROAD[index // 6 % len(_ABROAD)]
        name = f"{rng.choice(_NAMES)} {rng.choice(_BUSINESSES)} {form}"
        return Party(party_id, name, currency, country, terms, framework=False, series=series, level=level)
    name = rng.choice(_CITIES) + rng.choice(_WORDS) + rng.choice(_TRADES)
    return Party(party_id, name, "CNY", "CN", terms, framework=index % 6 == 2, series=series, level=level)


def party_row(party: Party) -> Row:
    """The party as its master table has it."""
    return {
        "party_id": party.party_id,
        "party_name": party.name,
        "tax_id": _tax_number(party),
        "country": party.country,
        "bank_account": iban(_ordinal(party.party_id)) if party.country == "DE" else bank_account(party.party_id),
        "bank_country": party.country,
        "phone": f"021-{60_000_000 + _ordinal(party.party_id)}",
        "payment_term_days": party.term_days,
        "is_active": "true",
        "is_blocked": "false",
        "created_by": "MDM01",
        "created_at": "2025-11-01T08:00:00+08:00",
    }


def bank_account(party_id: str) -> str:
    """The account to which a party is paid, unless its master was written with another one."""
    return f"62220212{_ordinal(party_id):011d}"


def iban(ordinal: int) -> str:
    """A German account with its check digits (ISO 13616)."""
    account = f"50070010{ordinal:010d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def _tax_number(party: Party) -> str:
    """A number as the country of the party gives them, with its check digit where it has one."""
    ordinal = _ordinal(party.party_id)
    if party.country == "DE":
        return german_vat(ordinal)
    if party.country == "JP":
        body = f"{100_000_000_000 + ordinal}"
        return str(9 - sum(int(digit) * (2, 1)[place % 2] for place, digit in enumerate(body)) % 9) + body
    return {"US": f"77-{ordinal:07d}", "HK": f"{ordinal:08d}"}.get(party.country) or tax_id(ordinal)


def german_vat(ordinal: int) -> str:
    """A German VAT number with its check digit (ISO 7064 MOD 11,10)."""
    body, rest = f"{10_000_000 + ordinal}", 10
    for digit in body:
        rest = ((rest + int(digit)) % 10 or 10) * 2 % 11
    return f"DE{body}{(11 - rest) % 10}"


def _ordinal(party_id: str) -> int:
    """A number of its own for every supplier and every customer, whatever series its id belongs to."""
    series, digits = (party_id.partition("-")[0], party_id.partition("-")[2]) if "-" in party_id else (party_id[0], party_id[1:])
    return int(digits) + 7_000 * sum(ord(sign) - ord("A") for sign in series[1:])


def tax_id(ordinal: int) -> str:
    """An 18-character unified social credit code with its check character (GB 32100-2015)."""
    body = f"91{310_000 + ordinal % 600_000}MA1F{ordinal % 100_000:05d}"
    total = sum(_CODE_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return body + _CODE_SIGNS[-total % 31]


def company_tax_id(company_code: str) -> str:
    """The tax number of one of the company's own legal entities."""
    return tax_id(500_000 + int("".join(sign for sign in company_code if sign.isdigit()) or 0))


def _items() -> dict[str, tuple[Item, ...]]:
    groups: dict[str, list[Item]] = {}
    for index, text in enumerate(_ITEMS.strip().splitlines()):
        chinese, english, group, uom, price = text.split("|")
        groups.setdefault(group, []).append(Item(f"M{2001 + index}", group, uom, Decimal(price), f"{chinese} {english}"))
    return {group: tuple(items) for group, items in groups.items()}


#: Beginnings of the tax classes of machines and of services; a source may give all nineteen digits.
GOODS_CLASS, SERVICE_CLASS = "109", "304"


def item_row(item: Item) -> Row:
    """The item as the item master has it."""
    service = item.group == "SERVICES"
    return {
        "item_id": item.item_id,
        "item_name": item.names,
        "item_group": item.group,
        "base_uom": item.base_uom,
        "is_stock": "false" if service else "true",
        "is_service": "true" if service else "false",
        "standard_cost": item.price,
        "inspection_required": "true" if item.group == "INSPECTED" else "false",
        "tax_class": SERVICE_CLASS if service else GOODS_CLASS,
    }


def _user_rows() -> list[Row]:
    rows: list[Row] = []
    for text in _USERS.strip().splitlines():
        user_id, person_id, name, role, *limit = text.split()
        row: Row = {"user_id": user_id, "person_id": person_id, "user_name": name.replace("_", " "), "roles": role, "is_active": "true"}
        row |= {"bank_account": f"6217990000{int(person_id[1:]):09d}", "phone": f"139{int(person_id[1:]):08d}"}
        row |= {"email": f"{user_id.lower()}@staff.example", **({"address": STAFF_ADDRESS} if user_id == "REQ01" else {})}
        row["manager_id"] = _MANAGERS.get(role)
        if limit:
            row |= {"approval_limit": Decimal(limit[0]), "limit_currency": "CNY"}
        if user_id == LEAVER:
            row |= {"is_active": "false", "active_to": LEFT_ON}
        rows.append(row)
    return rows


def _screening_rows() -> list[Row]:
    """A list issued on the last day of the books: two countries, a firm, and a firm that was taken off."""
    entries: tuple[Row, ...] = (
        {"entry_id": "C-KP", "entry_kind": "country", "country": "KP"},
        {"entry_id": "C-SY", "entry_kind": "country", "country": "SY"},
        {"entry_id": "E-001", "entry_kind": "party", "name": "Orient Tidewater Shipping Ltd", "country": "SY"},
        {"entry_id": "E-002", "entry_kind": "party", "name": "北港远航贸易有限公司", "tax_id": tax_id(590_001), "valid_to": date(2026, 6, 30)},
    )
    return [{"list_version": "2026-10", "list_date": AS_OF, **entry} for entry in entries]


def _conversions(items: dict[str, tuple[Item, ...]]) -> list[Row]:
    boxes: list[Row] = [{"item_id": i.item_id, "from_uom": "BOX", "to_uom": "PCS", "factor": 12} for i in items["PACKAGING"]]
    return [{"item_id": None, "from_uom": "TON", "to_uom": "KG", "factor": 1000}, *boxes]


def _rates(rng: Random) -> dict[tuple[str, date], Decimal]:
    rates = {}
    for currency, first in _RATES.items():
        rate = first
        for month in range(14):
            day = date(FIRST_DAY.year + (9 + month) // 12, (9 + month) % 12 + 1, 1)
            rates[currency, day] = rate
            rate = (rate * (1000 + rng.randint(-9, 9)) / 1000).quantize(Decimal("0.0001"))
    return rates


def _list_row(party: Party, item: Item) -> Row:
    return {
        "contract_id": f"FA-{party.party_id}",
        "party_id": party.party_id,
        "item_id": item.item_id,
        "valid_from": date(2025, 7, 1),
        "valid_to": date(2027, 6, 30),
        "uom": item.base_uom,
        "unit_price_net": price_of(party, item),
        "currency": party.currency,
        "price_per": 1,
        "created_by": "MDM01",
        "created_at": "2025-06-15T10:00:00+08:00",
    }
