// One row in full, and the timeline of its order.
const tables = new Map();

const described = (column, text) => [
  make("dt", { textContent: column.title }),
  make("dd", { className: `${column.kind}${text.length > 48 ? " long" : ""}`, textContent: text }),
];

const details = {
  element: document.getElementById("details"),
  show(grid, row) {
    this.back = grid.pane;
    const list = make("dl");
    for (const column of grid.columns) {
      const text = column.text(row);
      if (text !== "" && !["order", "page"].includes(column.name)) list.append(...described(column, text));
    }
    const facts = grid.group && grid.block.groups[grid.group.key(row)];
    const parts = [make("h3", { textContent: facts ? facts.title : WORDS.row })];
    const order = grid.named.get("order")?.key(row);
    if (grid.host.id === "grid-orders") parts.splice(0, 1, ...timeline(order, true));
    else parts.push(list);
    if (facts) parts.push(make("p", { className: "action" }, make("b", { textContent: WORDS.action }), ` ${facts.action}`));
    const id = grid.named.get("exception_id")?.key(row);
    if (grid.host.id === "grid-exceptions") {
      parts.push(make("p", {}, make("a", { href: `#exception/${encodeURIComponent(id)}`, textContent: WORDS.link })));
      if (order) parts.push(...timelineOrLink(grid, row, order));
    }
    this.open(parts, grid.host.id === "grid-orders" || Boolean(order));
  },
  open(parts, wide) {
    const close = make("button", { type: "button", className: "close", textContent: "×", ariaLabel: WORDS.close });
    close.addEventListener("click", () => this.hide());
    this.element.replaceChildren(close, ...parts);
    this.element.classList.toggle("wide", wide);
    this.element.hidden = false;
    this.element.scrollTop = 0;
    this.element.onkeydown = (event) => event.key === "Escape" && this.hide();
    close.focus();
  },
  hide() {
    this.element.hidden = true;
    this.back?.focus();
  },
};

function timelineOrLink(grid, row, order) {
  if (tables.get("events")?.rowsOf("order", order).length) return timeline(order, false);
  const page = grid.named.get("page")?.key(row);
  const text = fill(WORDS.open_timeline, { order: grid.named.get("order_number")?.text(row) || shortOrder(order) });
  return page ? [make("p", {}, make("a", { href: `${page}#order/${encodeURIComponent(order)}`, textContent: text }))] : [];
}

// cycle/company/number, slashes inside a part doubled
const shortOrder = (order) => order.replaceAll("//", "\u0000").split("/").at(-1).replaceAll("\u0000", "/");

function timeline(order, inFull) {
  const events = tables.get("events");
  const rows = events?.rowsOf("order", order) ?? [];
  const parts = [make("h3", { textContent: fill(WORDS.timeline, { order: shortOrder(order) }) })];
  if (inFull) parts.push(...summary(order));
  if (!rows.length) return [...parts, make("p", { className: "soft", textContent: WORDS.no_events })];
  const list = make("ol", { className: "timeline" });
  let before = null;
  for (const row of rows) {
    const day = events.named.get("event_date").key(row);
    if (before && day > before) {
      const days = Math.round((Date.parse(day) - Date.parse(before)) / 86400000);
      if (days > 1) list.append(make("li", { className: "gap", textContent: fill(WORDS.days_later, { count: days }) }));
    }
    before = day;
    list.append(entry(events, row));
  }
  parts.push(list);
  if (inFull) parts.push(...linesOf(order), ...findings(order));
  return parts;
}

function entry(events, row) {
  const of = (name) => events.named.get(name)?.text(row) ?? "";
  const kind = events.named.get("event").key(row);
  const detail = kind === "approval" ? (WORDS.actions[events.named.get("detail").key(row)] ?? of("detail")) : of("detail");
  const amount = of("amount") && `${of("amount")} ${of("currency")}`;
  const quantity = of("quantity") && `${of("quantity")} ${of("uom")}`;
  const who = [of("actor_id"), of("on_behalf_of") && fill(WORDS.on_behalf, { who: of("on_behalf_of") })].filter(Boolean).join(" ");
  const count = of("line_count") && of("line_count") !== "1" ? fill(WORDS.lines_count, { count: of("line_count") }) : "";
  const source = of("source_file") && fill(WORDS.source, { file: of("source_file"), row: of("source_row") });
  return make(
    "li",
    { className: kind },
    make("div", { className: "when" }, make("span", { textContent: of("event_date") }), make("span", { className: "soft", textContent: of("event_time") })),
    make(
      "div",
      { className: "what" },
      make("b", { textContent: of("event") }),
      make("span", { textContent: [detail, of("document_type"), of("document_number")].filter(Boolean).join(" · ") }),
      make("span", { className: "soft", textContent: [who, quantity, count, source].filter(Boolean).join(" · ") }),
    ),
    make("div", { className: "much", textContent: amount }),
  );
}

function summary(order) {
  const grid = grids.get("grid-orders");
  const row = grid?.rowsOf("order", order)[0];
  if (row === undefined) return [];
  const list = make("dl");
  for (const column of grid.columns) {
    const text = column.text(row);
    if (text !== "" && column.name !== "order") list.append(...described(column, text));
  }
  return [list];
}

function linesOf(order) {
  const lines = tables.get("lines");
  const rows = lines?.rowsOf("order", order) ?? [];
  if (!rows.length) return [];
  const shown = lines.columns.filter((column) => !["order", "source_file", "source_row"].includes(column.name));
  const head = make("tr", {}, ...shown.map((column) => make("th", { scope: "col", className: column.kind, textContent: column.title })));
  const body = rows.map((row) => make("tr", {}, ...shown.map((column) => make("td", { className: column.kind, textContent: column.text(row) }))));
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  return [make("h4", { textContent: WORDS.lines }), make("div", { className: "scroll", tabIndex: 0 }, table)];
}

function findings(order) {
  const grid = grids.get("grid-exceptions");
  const rows = grid?.rowsOf("order", order) ?? [];
  if (!rows.length) return [];
  const message = grid.columns.find((column) => column.name.startsWith("message"));
  const items = rows.map((row) =>
    make(
      "li",
      {},
      make("span", { className: grid.named.get("severity").tone(row), textContent: grid.named.get("control_id").text(row) }),
      " ",
      make("a", { href: `#exception/${encodeURIComponent(grid.named.get("exception_id").key(row))}`, textContent: message.text(row) }),
    ),
  );
  return [make("h4", { textContent: WORDS.findings }), make("ul", {}, ...items)];
}
