// A table the reader can sort, filter, search, narrow to columns, copy and download; only the rows in sight are drawn.
const ROW_PIXELS = 34;
const SPARE_ROWS = 12;
const CHOICES_MOST = 400;
const grids = new Map();
const say = (text) => (document.getElementById("said").textContent = text);

class Grid extends Table {
  constructor(host, block) {
    super(block);
    this.host = host;
    this.block = block;
    this.shown = this.columns.filter((column) => column.width);
    this.group = this.named.get(block.group);
    this.grouping = Boolean(this.group);
    this.folded = new Set();
    this.chosen = new Map();
    this.least = new Map();
    this.terms = [];
    this.marked = new Map();
    this.sorting = null;
    this.active = -1;
    this.build();
    this.refresh();
  }

  build() {
    this.search = make("input", { type: "search", placeholder: WORDS.search, ariaLabel: WORDS.search });
    this.search.addEventListener("input", () => this.find(this.search.value));
    this.selects = this.columns.filter((column) => column.choice && column.coded).map((column) => this.select(column));
    this.spans = this.columns.filter((column) => column.span).map((column) => this.span(column));
    this.count = make("output", { className: "count" });
    const clear = make("button", { type: "button", textContent: WORDS.clear });
    clear.addEventListener("click", () => this.clear());
    const tools = make("div", { className: "tools" }, this.search, ...this.selects.filter(Boolean), ...this.spans, clear);
    if (this.group) tools.append(this.toggle());
    tools.append(this.picker(), this.button(WORDS.copy, () => this.copy()), this.button(WORDS.download, () => this.download()), this.count);

    this.head = make("thead");
    this.body = make("tbody");
    this.table = make("table", {}, this.head, this.body);
    this.pane = make("div", { className: "pane", tabIndex: 0, role: "region", ariaLabel: this.host.dataset.title }, this.table);
    this.frame();
    this.pane.addEventListener("scroll", () => this.draw(), { passive: true });
    this.pane.addEventListener("keydown", (event) => this.press(event));
    this.body.addEventListener("click", (event) => this.click(event));
    this.host.replaceChildren(tools, this.pane);
  }

  button(word, act) {
    const button = make("button", { type: "button", textContent: word });
    button.addEventListener("click", act);
    return button;
  }

  // The column by which rows are grouped stands in the heads of the groups.
  get inSight() {
    return this.grouping ? this.shown.filter((column) => column !== this.group) : this.shown;
  }

  // Column heads and widths; anew when the reader picks other columns.
  frame() {
    const columns = this.inSight.map((column) => {
      const col = make("col");
      if (column.width !== -1) col.style.width = `${column.width || 130}px`;
      return col;
    });
    this.table.querySelector("colgroup")?.remove();
    this.table.prepend(make("colgroup", {}, ...columns));
    this.head.replaceChildren(make("tr", {}, ...this.inSight.map((column) => this.header(column))));
    const wide = this.inSight.reduce((sum, column) => sum + (column.width > 0 ? column.width : column.width < 0 ? 240 : 130), 0);
    this.table.style.minWidth = `${wide}px`;
  }

  picker() {
    const boxes = this.columns.map((column) => {
      const box = make("input", { type: "checkbox", checked: this.shown.includes(column) });
      box.addEventListener("change", () => {
        this.shown = this.columns.filter((one, place) => boxes[place].firstChild.checked);
        this.frame();
        this.refresh();
      });
      return make("label", {}, box, ` ${column.title}`);
    });
    return make("details", { className: "picker" }, make("summary", { textContent: WORDS.columns }), make("div", {}, ...boxes));
  }

  select(column) {
    const counts = new Map();
    for (const code of column.codes) if (code !== null) counts.set(code, (counts.get(code) ?? 0) + 1);
    if (counts.size < 2 || counts.size > CHOICES_MOST) return null;
    const options = column.words
      .map((word, code) => [word, code])
      .filter(([, code]) => counts.has(code))
      .map(([word, code]) => make("option", { value: code, textContent: `${word} (${grouped(counts.get(code))})` }));
    const select = make("select", { ariaLabel: column.title }, make("option", { value: "", textContent: `${column.title}: ${WORDS.all}` }), ...options);
    select.addEventListener("change", () => this.choose(column, select.value));
    column.select = select;
    return select;
  }

  span(column) {
    const words = fill(WORDS.least, { column: column.title });
    const input = make("input", { type: "number", placeholder: words, ariaLabel: words, step: "any" });
    input.addEventListener("input", () => {
      if (input.value === "") this.least.delete(column);
      else this.least.set(column, Number(input.value));
      this.refresh();
    });
    column.input = input;
    return input;
  }

  toggle() {
    this.box = make("input", { type: "checkbox", checked: true });
    this.box.addEventListener("change", () => {
      this.grouping = this.box.checked;
      this.frame();
      this.refresh();
    });
    return make("label", { className: "toggle" }, this.box, WORDS.group);
  }

  header(column) {
    const button = make("button", { type: "button", textContent: column.title });
    const cell = make("th", { scope: "col", className: column.kind }, button);
    button.addEventListener("click", () => {
      const down = column.kind === "number"; // figures begin with the largest
      if (this.sorting?.column !== column) this.sorting = { column, down };
      else this.sorting = this.sorting.down === down ? { column, down: !down } : null;
      this.refresh();
    });
    column.cell = cell;
    return cell;
  }

  // ── what the reader asks for ──
  find(text) {
    this.terms = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.refresh();
  }

  choose(column, code) {
    if (code === "") this.chosen.delete(column);
    else this.chosen.set(column, Number(code));
    this.refresh();
  }

  // Set these filters alone, from a link elsewhere on the page: name of a column -> its word.
  only(words) {
    this.reset();
    for (const [name, key] of Object.entries(words)) {
      const column = this.named.get(name);
      const code = column.keys.indexOf(key);
      if (column.select) column.select.value = String(code);
      this.choose(column, code);
    }
  }

  reset() {
    this.search.value = "";
    this.terms = [];
    this.chosen.clear();
    this.least.clear();
    for (const column of this.columns) {
      if (column.select) column.select.value = "";
      if (column.input) column.input.value = "";
    }
  }

  clear() {
    this.reset();
    this.refresh();
  }

  // The filters as text for the address of the page, and back.
  state() {
    const parts = new URLSearchParams();
    if (this.terms.length) parts.set("q", this.terms.join(" "));
    for (const [column, code] of this.chosen) parts.set(column.name, column.keys[code]);
    for (const [column, value] of this.least) parts.set(`${column.name}.least`, value);
    return parts.toString();
  }

  restore(text) {
    this.reset();
    for (const [name, value] of new URLSearchParams(text)) {
      const column = this.named.get(name.replace(/\.least$/, ""));
      if (name === "q") {
        this.search.value = value;
        this.terms = value.toLowerCase().split(/\s+/).filter(Boolean);
      } else if (column && name.endsWith(".least") && column.input) {
        column.input.value = value;
        this.least.set(column, Number(value));
      } else if (column?.coded && column.keys.includes(value)) {
        const code = column.keys.indexOf(value);
        if (column.select) column.select.value = String(code);
        this.chosen.set(column, code);
      }
    }
    this.refresh();
  }

  // ── which rows, in which order ──
  refresh() {
    this.found = this.sorted(this.filtered());
    this.items = this.grouping ? this.inGroups(this.found) : this.found;
    this.count.textContent = fill(WORDS.rows, { shown: grouped(this.found.length), all: grouped(this.rows) });
    for (const column of this.inSight) {
      const direction = this.sorting?.column === column ? (this.sorting.down ? "descending" : "ascending") : "none";
      column.cell.setAttribute("aria-sort", direction);
    }
    this.table.setAttribute("aria-rowcount", String(this.items.length + 1));
    this.active = -1;
    this.pane.scrollTop = 0;
    this.draw();
    if (this.asked) remember(this);
    this.asked = true;
  }

  // Rows that say a term, in any column; kept, since the next letter asks again for the words before it.
  hits(term) {
    if (!this.marked.has(term)) {
      if (this.marked.size > 12) this.marked.clear();
      const hits = new Uint8Array(this.rows);
      for (const column of this.columns) column.mark(term, hits);
      this.marked.set(term, hits);
    }
    return this.marked.get(term);
  }

  filtered() {
    const filters = [...this.chosen].map(([column, code]) => [column.codes, code]);
    const least = [...this.least].map(([column, value]) => [column.ranks(), value]);
    const wanted = this.terms.filter((term) => term[0] !== "-" || term.length === 1).map((term) => this.hits(term));
    const unwanted = this.terms.filter((term) => term[0] === "-" && term.length > 1).map((term) => this.hits(term.slice(1)));
    const rows = [];
    for (let row = 0; row < this.rows; row++) {
      if (!filters.every(([codes, code]) => codes[row] === code)) continue;
      if (!least.every(([ranks, value]) => ranks[row] >= value)) continue;
      if (!wanted.every((hits) => hits[row]) || unwanted.some((hits) => hits[row])) continue;
      rows.push(row);
    }
    return rows;
  }

  sorted(rows) {
    if (!this.sorting) return rows;
    const ranks = this.sorting.column.ranks();
    const sign = this.sorting.down ? -1 : 1;
    return rows.sort((a, b) => (ranks[a] < ranks[b] ? -sign : ranks[a] > ranks[b] ? sign : a - b));
  }

  // Items below zero are the heads of groups.
  inGroups(rows) {
    const groups = new Map();
    for (const row of rows) {
      const code = this.group.codes[row];
      if (!groups.has(code)) groups.set(code, []);
      groups.get(code).push(row);
    }
    const place = (code) => this.block.groups[this.group.keys[code]].place;
    this.sizes = new Map([...groups].map(([code, members]) => [code, members.length]));
    const items = [];
    for (const code of [...groups.keys()].sort((a, b) => place(a) - place(b))) {
      items.push(-1 - code);
      if (!this.folded.has(code)) for (const row of groups.get(code)) items.push(row);
    }
    return items;
  }

  // ── drawing ──
  draw() {
    const first = Math.max(0, Math.floor(this.pane.scrollTop / ROW_PIXELS) - SPARE_ROWS);
    const last = Math.min(this.items.length, first + Math.ceil((this.pane.clientHeight || 640) / ROW_PIXELS) + 2 * SPARE_ROWS);
    const rows = [this.space(first)];
    for (let place = first; place < last; place++) rows.push(this.line(place));
    rows.push(this.space(this.items.length - last));
    this.body.replaceChildren(...rows);
  }

  space(rows) {
    const line = make("tr", { className: "space", ariaHidden: "true" }, make("td", { colSpan: this.inSight.length || 1 }));
    line.firstChild.style.height = `${rows * ROW_PIXELS}px`;
    line.hidden = rows === 0;
    return line;
  }

  line(place) {
    const item = this.items[place];
    const line = make("tr");
    line.dataset.place = place;
    line.setAttribute("aria-rowindex", String(place + 2));
    if (place === this.active) line.className = "active";
    if (item < 0) {
      line.classList.add("group");
      line.append(this.groupCell(-1 - item));
      return line;
    }
    for (const column of this.inSight) {
      const text = column.text(item);
      const cell = make("td", { className: column.kind, title: text });
      if (column.toned) cell.append(make("span", { className: column.tone(item), textContent: text }));
      else cell.textContent = text;
      line.append(cell);
    }
    return line;
  }

  groupCell(code) {
    const facts = this.block.groups[this.group.keys[code]];
    const sign = this.folded.has(code) ? "▸" : "▾";
    const found = fill(WORDS.rows, { shown: grouped(this.sizes.get(code)), all: facts.count });
    return make(
      "th",
      { colSpan: this.inSight.length, scope: "rowgroup" },
      make("span", { className: "fold", textContent: sign }),
      make("b", { textContent: this.group.words[code] }),
      make("span", { textContent: facts.title }),
      make("span", { className: "note", textContent: `${found} · ${facts.amount}` }),
    );
  }

  // ── the reader's hands ──
  click(event) {
    const line = event.target.closest("tr[data-place]");
    if (line) this.open(Number(line.dataset.place));
  }

  open(place) {
    const item = this.items[place];
    this.active = place;
    if (item < 0) {
      const code = -1 - item;
      if (!this.folded.delete(code)) this.folded.add(code);
      const top = this.pane.scrollTop;
      this.refresh();
      this.active = this.items.indexOf(item);
      this.pane.scrollTop = top;
      this.draw();
      return;
    }
    this.draw();
    details.show(this, item);
  }

  press(event) {
    const room = Math.max(1, Math.floor(this.pane.clientHeight / ROW_PIXELS) - 2);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: room, PageUp: -room, Home: -Infinity, End: Infinity };
    if (event.target !== this.pane) return;
    if (event.key === "Enter" && this.active >= 0) {
      event.preventDefault(); // or the button that gets the focus would be pressed as well
      this.open(this.active);
    } else if (event.key in steps) {
      event.preventDefault();
      this.active = Math.min(this.items.length - 1, Math.max(0, this.active + steps[event.key]));
      const top = this.active * ROW_PIXELS;
      if (top < this.pane.scrollTop) this.pane.scrollTop = top;
      else if (top > this.pane.scrollTop + (room - 1) * ROW_PIXELS) this.pane.scrollTop = top - (room - 1) * ROW_PIXELS;
      this.draw();
    }
  }

  // ── taking rows away: exactly the filtered ones, in the order shown, every column ──
  written(separator, quote) {
    const lines = [this.columns.map((column) => quote(column.title, column)).join(separator)];
    for (const row of this.found) lines.push(this.columns.map((column) => quote(column.date ? column.key(row) : column.text(row), column)).join(separator));
    return lines.join("\r\n");
  }

  async copy() {
    const text = this.written("\t", (value) => String(value).replace(/[\t\r\n]+/g, " "));
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say(fill(WORDS.copied, { count: grouped(this.found.length) }));
  }

  // A text that a spreadsheet would take for a formula gets an apostrophe before it.
  download() {
    const guarded = (value, column) => (column.kind !== "number" && /^[\s]*[=+\-@＝＋－＠\t\r]/.test(value) ? `'${value}` : value);
    const quote = (value, column) => `"${guarded(column.kind === "number" ? value.replaceAll(",", "") : String(value), column).replaceAll('"', '""')}"`;
    const blob = new Blob(["\ufeff", this.written(",", quote)], { type: "text/csv" });
    const link = make("a", { href: URL.createObjectURL(blob), download: `${this.host.id.replace("grid-", "")}.csv` });
    link.click();
    URL.revokeObjectURL(link.href);
  }
}
