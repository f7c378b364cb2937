-- The same job as a good engineer would write it by hand for this one company: DuckDB, sets and windows, exact decimals.
-- Statements are run in order by peer.py. $as_of is the day; the raw tables are views over Parquet or CSV; `kept_*` are the
-- document tables without rows said twice and without keys whose rows disagree.

create macro over_div(x, d) as case when d = 1 then x::decimal(38, 7) else ((x::decimal(38, 7) * 10000000)::hugeint // d)::decimal(38, 7) * 0.0000001::decimal(8, 7) end;

-- ── order lines ─────────────────────────────────────────────────────────────────────────────────────────────────────────
create temp table o as
with stacked as (
  select 'procure_to_pay' as cycle, company_code, po_number as order_number, po_line_no as order_line_no, po_date as order_date, supplier_id as party_id,
         item_id, quantity, uom, unit_price_net, price_per, currency, fx_rate, promised_date, match_level, created_by, created_at, sent_at, line_amount_net
  from kept_purchase_order_line
  union all
  select 'order_to_cash', company_code, so_number, so_line_no, so_date, customer_id,
         item_id, quantity, uom, unit_price_net, price_per, currency, fx_rate, promised_date, match_level, created_by, created_at, sent_at, line_amount_net
  from kept_sales_order_line
)
select (row_number() over ())::integer as oid, s.*, t.base_uom, coalesce(t.is_service, false) as is_service,
       match_level in ('3way', '4way') and not coalesce(t.is_service, false) as needs_fulfilment,
       case when s.uom = t.base_uom then 1 else c.factor::integer end as factor,
       (s.quantity * case when s.uom = t.base_uom then 1 else c.factor::integer end)::decimal(18, 3) as ordered,
       s.price_per::integer * case when s.uom = t.base_uom then 1 else c.factor::integer end as price_div
from stacked s
left join item t using (item_id)
left join uom_conversion c on c.item_id = s.item_id and c.from_uom = s.uom and c.to_uom = t.base_uom;

-- ── fulfilments: receipts and shipments; returns reduce the line they name ──────────────────────────────────────────────
create temp table fulfilment_row as
with stacked as (
  select 'procure_to_pay' as cycle, company_code, receipt_number as number, receipt_line_no as line_no, receipt_date as on_date, posting_date,
         po_number as order_number, po_line_no as order_line_no, supplier_id as party_id, item_id, quantity, quantity_rejected, uom, receipt_kind as kind,
         origin_receipt_number as origin_number, origin_receipt_line_no as origin_line_no, created_by, created_at, null as incoterm
  from kept_goods_receipt_line
  union all
  select 'order_to_cash', company_code, shipment_number, shipment_line_no, shipment_date, posting_date,
         so_number, so_line_no, customer_id, item_id, quantity, 0, uom, shipment_kind,
         origin_shipment_number, origin_shipment_line_no, created_by, created_at, incoterm
  from kept_shipment_line
)
select (row_number() over ())::integer as fid, s.*, o.oid, coalesce(o.match_level = '4way', false) as inspected,
       (s.quantity * case when s.uom = t.base_uom then 1 else c.factor::integer end)::decimal(18, 3) as base_quantity
from stacked s
left join o using (cycle, company_code, order_number, order_line_no)
left join item t on t.item_id = s.item_id
left join uom_conversion c on c.item_id = s.item_id and c.from_uom = s.uom and c.to_uom = t.base_uom;

create temp table f as
with returned as (
  select r.fid, sum(b.base_quantity) as quantity
  from fulfilment_row b join fulfilment_row r on r.cycle = b.cycle and r.company_code = b.company_code and r.number = b.origin_number and r.line_no = b.origin_line_no
  where b.kind = 'return' group by all
)
select f.*, (case when f.kind = 'return' then 0 else f.base_quantity + coalesce(returned.quantity, 0) end)::decimal(18, 3) as live,
       (case when f.kind = 'return' then 0 else f.base_quantity + coalesce(returned.quantity, 0) - case when f.inspected then coalesce(f.quantity_rejected, 0) else 0 end end)::decimal(18, 3) as billable
from fulfilment_row f left join returned using (fid);

-- ── invoices: named fulfilment line, else order line, else order and item; credits reduce the line they name ────────────
create temp table invoice_row as
with stacked as (
  select 'procure_to_pay' as cycle, company_code, invoice_number as number, invoice_line_no as line_no, internal_number, invoice_date as on_date, posting_date,
         supplier_id as party_id, invoice_kind as kind, line_kind, po_number as order_number, po_line_no as order_line_no, receipt_number as fulfilment_number,
         receipt_line_no as fulfilment_line_no, item_id, quantity, uom, unit_price_net, price_per, line_amount_net, line_tax_amount, line_amount_gross, tax_rate,
         currency, fx_rate, origin_invoice_number as origin_number, origin_invoice_line_no as origin_line_no, created_by, created_at
  from kept_supplier_invoice_line
  union all
  select 'order_to_cash', company_code, invoice_number, invoice_line_no, internal_number, invoice_date, posting_date,
         customer_id, invoice_kind, line_kind, so_number, so_line_no, shipment_number,
         shipment_line_no, item_id, quantity, uom, unit_price_net, price_per, line_amount_net, line_tax_amount, line_amount_gross, tax_rate,
         currency, fx_rate, origin_invoice_number, origin_invoice_line_no, created_by, created_at
  from kept_customer_invoice_line
),
by_item as (
  select cycle, company_code, order_number, item_id, any_value(oid) as oid from o group by all having count(*) = 1
)
select (row_number() over ())::integer as iid, s.*, f.fid, coalesce(f.oid, o.oid, by_item.oid) as oid,
       case when f.oid is not null then 'fulfilment_line' when o.oid is not null then 'order_line' when by_item.oid is not null then 'order_item' end as link_pass,
       (s.quantity * case when s.uom = t.base_uom then 1 else c.factor::integer end)::decimal(18, 3) as base_quantity,
       s.price_per::integer * case when s.uom = t.base_uom then 1 else c.factor::integer end as price_div
from stacked s
left join f on f.cycle = s.cycle and f.company_code = s.company_code and f.number = s.fulfilment_number and f.line_no = s.fulfilment_line_no
left join o on o.cycle = s.cycle and o.company_code = s.company_code and o.order_number = s.order_number and o.order_line_no = s.order_line_no
left join by_item on s.order_line_no is null and by_item.cycle = s.cycle and by_item.company_code = s.company_code and by_item.order_number = s.order_number and by_item.item_id = s.item_id
left join item t on t.item_id = s.item_id
left join uom_conversion c on c.item_id = s.item_id and c.from_uom = s.uom and c.to_uom = t.base_uom;

create temp table i as
with credited as (
  select iid, sum(quantity) as quantity
  from (  -- of two bills under the number that the credit names, the later one is meant
    select b.iid as credit, max_by(r.iid, (r.posting_date, r.created_at, r.internal_number)) as iid, any_value(b.base_quantity) as quantity
    from invoice_row b join invoice_row r on r.cycle = b.cycle and r.company_code = b.company_code and r.party_id = b.party_id and r.number = b.origin_number and r.line_no = b.origin_line_no
    where b.kind = 'credit' group by b.iid
  ) group by iid
)
select i.*, (case when i.kind = 'credit' then 0 else i.base_quantity + coalesce(credited.quantity, 0) end)::decimal(18, 3) as live
from invoice_row i left join credited using (iid);

-- ── allocation: what is named first, then the rest of an order line first in first out, as overlaps on one line ─────────
create temp table part_named as
with placed as (
  select i.iid, i.fid, i.oid, f.billable as capacity, i.live,
         sum(i.live) over (partition by i.fid order by i.posting_date, i.on_date, i.created_at, i.number, i.line_no, i.internal_number) as upto
  from i join f on f.fid = i.fid and f.oid = i.oid where i.live > 0 and f.billable > 0
)
select oid, fid, iid, (least(upto, capacity) - (upto - live))::decimal(18, 3) as quantity from placed where upto - live < capacity;

create temp table part as
with f_rest as (
  select f.oid, f.fid, f.billable - coalesce(n.quantity, 0) as rest, f.posting_date, f.on_date, f.created_at, f.number, f.line_no
  from f left join (select fid, sum(quantity) as quantity from part_named group by fid) n using (fid)
  where f.oid is not null and f.billable > coalesce(n.quantity, 0)
),
i_rest as (
  select i.oid, i.iid, i.live - coalesce(n.quantity, 0) as rest, i.posting_date, i.on_date, i.created_at, i.number, i.line_no, i.internal_number
  from i left join (select iid, sum(quantity) as quantity from part_named group by iid) n using (iid)
  where i.oid is not null and i.live > 0 and i.live > coalesce(n.quantity, 0)
),
f_span as (
  select oid, fid, rest, sum(rest) over (partition by oid order by posting_date, on_date, created_at, number, line_no) as upto from f_rest
),
i_span as (
  select oid, iid, rest, sum(rest) over (partition by oid order by posting_date, on_date, created_at, number, line_no, internal_number) as upto from i_rest
)
select oid, fid, iid, quantity from part_named
union all
select f.oid, f.fid, i.iid, (least(f.upto, i.upto) - greatest(f.upto - f.rest, i.upto - i.rest))::decimal(18, 3)
from f_span f join i_span i on i.oid = f.oid and f.upto - f.rest < i.upto and i.upto - i.rest < f.upto;

-- ── what happened to each order line ────────────────────────────────────────────────────────────────────────────────────
create temp table order_line as
with ff as (
  select oid, sum(live)::decimal(18, 3) as fulfilled, sum(case when kind = 'return' then 0 else live - coalesce(quantity_rejected, 0) end)::decimal(18, 3) as accepted,
         min(on_date) filter (where kind <> 'return') as first_fulfilled, count(*) filter (where live is null) as unknown_units
  from f where oid is not null group by oid
),
ii as (
  select oid, sum(live)::decimal(18, 3) as invoiced, sum(line_amount_net) as invoiced_amount, min(posting_date) as first_invoice, min(on_date) as first_invoice_date,
         sum((line_amount_net * fx_rate)::decimal(38, 6)) as invoiced_base
  from i where oid is not null group by oid
)
select o.*, coalesce(ff.fulfilled, 0) as fulfilled, coalesce(ff.accepted, 0) as accepted, coalesce(ii.invoiced, 0) as invoiced, ff.first_fulfilled, ii.first_invoice,
       ii.first_invoice_date, coalesce(ff.unknown_units, 0) as unknown_units, coalesce(ii.invoiced_amount, 0) as invoiced_amount, coalesce(ii.invoiced_base, 0) as invoiced_base, over_div(o.ordered * o.unit_price_net, o.price_div)::decimal(38, 2) as ordered_amount
from o left join ff using (oid) left join ii using (oid);

-- ── each invoice line against what may be billed; the variances add up to billed less due ───────────────────────────────
create temp table invoice_line as
with by_name as (select iid, sum(quantity) as quantity from part_named group by iid),
running as (  -- what named goods cover comes first, then what they cover in part, then the rest in turn
  select i.iid, oid, live, base_quantity, kind, unit_price_net, price_div, fx_rate, line_amount_net, line_tax_amount, tax_rate,
         sum(live) over (partition by oid order by case when n.quantity >= live then 0 when n.quantity > 0 then 1 else 2 end,
                   posting_date, on_date, created_at, number, line_no, internal_number)::decimal(18, 3) as to_date
  from i left join by_name n using (iid) where oid is not null
),
measured as (
  select r.*, l.ordered, l.fulfilled, l.accepted, l.match_level, l.needs_fulfilment, l.unknown_units, l.unit_price_net as order_price, l.price_div as order_div, l.fx_rate as order_rate,
         (case l.match_level when '4way' then least(l.accepted, l.ordered) when '3way' then least(l.fulfilled, l.ordered) else l.ordered end) - (r.to_date - r.live) as cap
  from running r join order_line l using (oid)
),
billed as (
  select *, greatest(0, least(live, cap))::decimal(18, 3) as billable, over_div(live * order_price, order_div) as ordered_value,
         over_div(live * unit_price_net, price_div) as own_value
  from measured
)
select iid, oid, live, to_date, ordered, fulfilled, accepted, match_level, needs_fulfilment, unknown_units, billable, order_price, order_div, order_rate,
       (ordered_value * order_rate)::decimal(38, 6) as at_order_price,
       case when live = billable then 0 else (over_div((live - billable) * order_price, order_div) * order_rate)::decimal(38, 6) end as quantity_variance,
       case when own_value = ordered_value then 0 else ((own_value - ordered_value) * order_rate)::decimal(38, 6) end as price_variance,
       case when fx_rate = order_rate then 0 else (own_value * (fx_rate - order_rate))::decimal(38, 6) end as fx_variance,
       case when kind = 'credit' or live <> base_quantity then 0 else ((line_amount_net - own_value) * fx_rate)::decimal(38, 6) end as rounding_variance,
       line_tax_amount - (line_amount_net * tax_rate)::decimal(18, 2) as tax_variance
from billed;

-- ── open layers ─────────────────────────────────────────────────────────────────────────────────────────────────────────
create temp table open_layer as
with f_used as (select fid, sum(quantity) as quantity from part group by fid), i_used as (select iid, sum(quantity) as quantity from part group by iid)
select 'fulfilled_not_invoiced' as kind, f.cycle, o.oid, f.company_code, f.party_id, o.order_number, o.order_line_no, f.number, f.line_no, f.posting_date,
       (f.billable - coalesce(u.quantity, 0))::decimal(18, 3) as quantity, date_diff('day', f.posting_date, $as_of) as age_days, o.currency,
       (over_div((f.billable - coalesce(u.quantity, 0)) * o.unit_price_net, o.price_div) * o.fx_rate)::decimal(38, 6) as amount_base, o.needs_fulfilment
from f join o using (oid) left join f_used u using (fid) where f.billable > coalesce(u.quantity, 0)
union all
select 'fulfilled_not_invoiced', cycle, null, company_code, party_id, null, null, number, line_no, posting_date, live,
       date_diff('day', posting_date, $as_of), null, null, true
from f where oid is null and live > 0
union all
select 'invoiced_not_fulfilled', i.cycle, o.oid, i.company_code, i.party_id, o.order_number, o.order_line_no, i.number, i.line_no, i.posting_date,
       (i.live - coalesce(u.quantity, 0))::decimal(18, 3), date_diff('day', i.posting_date, $as_of), i.currency,
       (over_div((i.live - coalesce(u.quantity, 0)) * o.unit_price_net, o.price_div) * o.fx_rate)::decimal(38, 6), o.needs_fulfilment
from i join o using (oid) left join i_used u using (iid) where i.live > coalesce(u.quantity, 0) and o.needs_fulfilment;

create temp table invoice_document as
with bills as (
  select cycle, company_code, party_id, number, internal_number, kind, on_date, currency, any_value(fx_rate) as fx_rate, min(created_at) as created_at,
         sum(line_amount_net) as net, sum(line_amount_gross) as gross
  from i group by all
),
paid as (
  select 'procure_to_pay' as cycle, company_code, supplier_id as party_id, invoice_number as number, sum(amount_applied) as paid from supplier_payment_allocation group by all
  union all
  select 'order_to_cash', company_code, customer_id, invoice_number, sum(amount_applied) from cash_receipt_allocation group by all
)
select b.*, coalesce(p.paid, 0) as paid, b.gross - coalesce(p.paid, 0) as open_amount,
       regexp_replace(regexp_replace(upper(number), '[-/._ ]', '', 'g'), '(^|[^0-9])0+([0-9])', '\1\2', 'g') as normalised
from bills b left join paid p using (cycle, company_code, party_id, number);

-- ── approvals and time ──────────────────────────────────────────────────────────────────────────────────────────────────
create temp table order_document as
with heads as (
  select cycle, company_code, order_number, any_value(party_id) as party_id, any_value(created_by) as created_by, min(created_at) as created_at, min(sent_at) as sent_at,
         sum((line_amount_net * fx_rate)::decimal(38, 6)) as net_base, any_value(fx_rate) as fx_rate, min(first_fulfilled) as first_fulfilled, min(first_invoice_date) as first_invoice
  from order_line group by all
),
decisions as (
  select document_type, company_code, document_number as order_number, min(action_at) as first_approval, max(action_at) as last_approval
  from approval_event where action = 'approve' and action_at::date <= $as_of group by all
)
select h.*, d.first_approval, d.last_approval
from heads h left join decisions d on d.company_code = h.company_code and d.order_number = h.order_number
 and d.document_type = case h.cycle when 'procure_to_pay' then 'purchase_order' else 'sales_order' end;

-- ── controls at their default limits ────────────────────────────────────────────────────────────────────────────────────
create temp table exception as
select 'MIS-01' as control_id, i.cycle, i.company_code, i.number as document_number, i.line_no as document_line_no, (i.line_amount_gross * i.fx_rate)::decimal(38, 6) as at_risk
from i where cycle = 'procure_to_pay' and kind = 'invoice' and line_kind = 'item' and oid is null
union all
select 'MIS-02', cycle, company_code, order_number, order_line_no, invoiced_base
from order_line where cycle = 'procure_to_pay' and needs_fulfilment and invoiced > 0 and fulfilled = 0 and unknown_units = 0 and date_diff('day', first_invoice, $as_of) > 5
union all
select 'MIS-03', cycle, company_code, number, line_no, amount_base from open_layer
where cycle = 'procure_to_pay' and kind = 'fulfilled_not_invoiced' and age_days > 30
union all
select 'MIS-04', cycle, company_code, order_number, order_line_no, (over_div((ordered - fulfilled) * unit_price_net, price_div) * fx_rate)::decimal(38, 6)
from order_line where cycle = 'procure_to_pay' and needs_fulfilment and fulfilled < ordered and unknown_units = 0 and date_diff('day', promised_date, $as_of) > 3
union all
select 'MIS-05', cycle, company_code, number, line_no, 0 from f
where cycle = 'procure_to_pay' and kind = 'receipt' and oid is null and date_diff('hour', created_at, $as_of::timestamptz) > 24
union all
select 'MIS-09', cycle, company_code, number, line_no, amount_base from open_layer
where cycle = 'order_to_cash' and kind = 'fulfilled_not_invoiced' and age_days > 3
union all
select 'MIS-10', cycle, company_code, order_number, order_line_no, invoiced_base
from order_line where cycle = 'order_to_cash' and needs_fulfilment and invoiced > 0 and fulfilled = 0 and unknown_units = 0 and date_diff('day', first_invoice_date, $as_of) > 0
union all
select 'MIS-11', f.cycle, f.company_code, f.number, f.line_no, 0
from f anti join delivery_confirmation_line d on d.company_code = f.company_code and d.shipment_number = f.number and d.shipment_line_no = f.line_no
where f.cycle = 'order_to_cash' and f.kind = 'shipment' and f.incoterm = 'DAP' and date_diff('day', f.on_date, $as_of) > 7
union all
select case cycle when 'procure_to_pay' then 'QTY-01' else 'QTY-12' end, cycle, company_code, number, line_no,
       (over_div(least(to_date - fulfilled, i.live) * order_price, order_div) * order_rate)::decimal(38, 6)
from invoice_line join i using (iid) where i.live > 0 and fulfilled > 0 and unknown_units = 0 and to_date > fulfilled and case cycle when 'procure_to_pay' then match_level in ('3way', '4way') else needs_fulfilment end
union all
select 'QTY-02', cycle, company_code, number, line_no, quantity_variance
from invoice_line join i using (iid) where i.live > 0 and cycle = 'procure_to_pay' and to_date > ordered
union all
select 'QTY-03', cycle, company_code, number, line_no, quantity_variance
from invoice_line join i using (iid) where i.live > 0 and cycle = 'procure_to_pay' and match_level = '4way' and to_date > accepted and to_date <= fulfilled and unknown_units = 0
union all
select case cycle when 'procure_to_pay' then 'QTY-05' else 'QTY-14' end, cycle, company_code, order_number, order_line_no, 0
from order_line where unknown_units = 0 and fulfilled - ordered > ordered * case cycle when 'procure_to_pay' then 0.05 else 0.02 end
union all
select case when price_variance > 0 then 'PRC-01' else 'PRC-02' end, cycle, company_code, number, line_no, abs(price_variance)
from invoice_line join i using (iid)
where i.live > 0 and case when at_order_price <= 1000 then abs(price_variance) > 0.02 * at_order_price and abs(price_variance) > 10
                       else abs(price_variance) > 0.02 * at_order_price or abs(price_variance) > 10 end
union all
select 'PRC-07', cycle, company_code, order_number, order_line_no, ((invoiced_amount - ordered_amount) * fx_rate)::decimal(38, 6)
from order_line l
where (invoiced_amount - ordered_amount) * fx_rate > 50 and (invoiced_amount - ordered_amount) > 0.02 * ordered_amount
  and not exists (from invoice_line v where v.oid = l.oid and v.live > 0 and v.price_variance > 0
                  and case when at_order_price <= 1000 then price_variance > 0.02 * at_order_price and price_variance > 10
                           else price_variance > 0.02 * at_order_price or price_variance > 10 end)
union all
select 'QTY-08', cycle, company_code, number, line_no, line_amount_net
from (select i.*, l.ordered, l.is_service, sum(i.live) over (partition by i.oid order by i.posting_date, i.on_date, i.created_at, i.number, i.line_no, i.internal_number) - i.live as before
      from i join order_line l using (oid) where l.is_service and l.cycle = 'procure_to_pay' and i.kind = 'invoice')
where live > 0 and before >= ordered
union all
select 'BAL-01', cycle, company_code, number, line_no, amount_base from open_layer
where cycle = 'procure_to_pay' and kind = 'fulfilled_not_invoiced' and age_days > 90 and amount_base is not null
union all
select 'DUP-01', b.cycle, b.company_code, b.number, null, b.gross
from (select *, row_number() over (partition by cycle, company_code, party_id, kind, currency, gross, on_date, normalised order by created_at, internal_number) as nth from invoice_document) b
where nth > 1
union all
select distinct 'DUP-03', cycle, company_code, number, null, gross
from (
  select b.cycle, b.company_code, b.number, b.internal_number, b.gross,
         0.45 * case when translate(a.normalised, 'OISB', '0158') = translate(b.normalised, 'OISB', '0158') then 0.95
                     when starts_with(b.normalised, a.normalised) or starts_with(a.normalised, b.normalised) or ends_with(b.normalised, a.normalised) or ends_with(a.normalised, b.normalised)
                       or (length(regexp_extract(a.normalised, '[0-9]{4,}')) > 0 and regexp_extract(a.normalised, '[0-9]{4,}') = regexp_extract(b.normalised, '[0-9]{4,}')) then 0.85
                     when damerau_levenshtein(a.normalised, b.normalised) = 1 and (levenshtein(a.normalised, b.normalised) = 2 or length(a.normalised) <> length(b.normalised)) then 0.6
                     when damerau_levenshtein(a.normalised, b.normalised) = 1 then 0.3 else 0 end
         + 0.30 + 0.15 * case when a.on_date = b.on_date then 1 when abs(date_diff('day', a.on_date, b.on_date)) <= 5 then 0.5 when abs(date_diff('day', a.on_date, b.on_date)) <= 30 then 0.25 else 0 end
         + 0.10 as score
  from invoice_document a join invoice_document b
    on a.cycle = b.cycle and a.company_code = b.company_code and a.party_id = b.party_id and a.currency = b.currency and a.gross = b.gross and a.kind = b.kind
  where (a.created_at, a.number, a.internal_number) < (b.created_at, b.number, b.internal_number) and not (a.normalised = b.normalised and a.on_date = b.on_date)
) where score >= 0.80
union all
select 'APR-01', cycle, company_code, order_number, null, net_base from order_document where first_approval is null and (sent_at::date <= $as_of or first_fulfilled is not null)
union all
select 'APR-02', cycle, company_code, order_number, null, net_base from order_document
where last_approval::date > first_fulfilled or (cycle = 'procure_to_pay' and last_approval > sent_at)
union all
select 'APR-03', d.cycle, d.company_code, d.order_number, null, (e.amount_at_action * d.fx_rate)::decimal(38, 6) - u.approval_limit
from approval_event e join order_document d on d.company_code = e.company_code and d.order_number = e.document_number and e.document_type = case d.cycle when 'procure_to_pay' then 'purchase_order' else 'sales_order' end
join "user" u on u.user_id = e.actor_id where e.action = 'approve' and e.amount_at_action * d.fx_rate > u.approval_limit
union all
select 'APR-04', d.cycle, d.company_code, d.order_number, null, d.net_base
from approval_event e join order_document d on d.company_code = e.company_code and d.order_number = e.document_number and e.document_type = case d.cycle when 'procure_to_pay' then 'purchase_order' else 'sales_order' end
join "user" a on a.user_id = e.actor_id join "user" b on b.user_id = d.created_by where e.action = 'approve' and a.person_id = b.person_id
union all
select 'TIM-05', cycle, company_code, order_number, null, net_base from order_document
where created_at::date > least(coalesce(first_fulfilled, first_invoice), coalesce(first_invoice, first_fulfilled))
union all
select 'DAT-08', cycle, company_code, order_number, order_line_no, 0 from o where factor is null
union all
select 'DAT-08', cycle, company_code, number, line_no, 0 from f where base_quantity is null
union all
select 'DAT-08', cycle, company_code, number, line_no, 0 from i where base_quantity is null and quantity is not null
union all
select 'DAT-10', s.cycle, s.company_code, s.number, s.line_no, 0 from (select * from i where order_number is not null) s
anti join (select distinct cycle, company_code, order_number from o) d using (cycle, company_code, order_number)
union all
select 'DAT-10', s.cycle, s.company_code, s.number, s.line_no, 0 from (select * from f where order_number is not null) s
anti join (select distinct cycle, company_code, order_number from o) d using (cycle, company_code, order_number)
union all
select 'DAT-10', s.cycle, s.company_code, s.number, s.line_no, 0 from (select * from i where fulfilment_number is not null) s
anti join (select distinct cycle, company_code, number as fulfilment_number from f) d using (cycle, company_code, fulfilment_number)
union all
select 'DAT-10', s.cycle, s.company_code, s.number, s.line_no, 0 from (select * from i where origin_number is not null) s
anti join (select distinct cycle, company_code, party_id, number as origin_number from i) d using (cycle, company_code, party_id, origin_number)
union all
select 'DAT-10', s.cycle, s.company_code, s.number, s.line_no, 0 from (select * from f where origin_number is not null) s
anti join (select distinct cycle, company_code, number as origin_number from f) d using (cycle, company_code, origin_number)
union all
select 'DAT-10', 'order_to_cash', company_code, confirmation_number, shipment_line_no, 0 from delivery_confirmation_line
anti join (select distinct company_code, number as shipment_number from f where cycle = 'order_to_cash') d using (company_code, shipment_number)
union all
select 'DAT-10', 'procure_to_pay', company_code, payment_number, null, 0 from supplier_payment_allocation
anti join (select distinct company_code, supplier_id, number as invoice_number from (select *, party_id as supplier_id from i where cycle = 'procure_to_pay')) d
using (company_code, supplier_id, invoice_number)
union all
select 'DAT-10', 'order_to_cash', company_code, cash_receipt_number, null, 0 from cash_receipt_allocation
anti join (select distinct company_code, number as invoice_number from i where cycle = 'order_to_cash') d using (company_code, invoice_number)
union all
select case kinds when 1 then 'DAT-13' else 'DAT-14' end, cycle, company_code, number, line_no, 0 from said_again;
