"use strict";
// Tables of the page: unpacked from the page itself, sorted, filtered, searched and scrolled here. Nothing is fetched.
(() => {
  const WORDS = JSON.parse(document.getElementById("words").textContent);
  const ROW_PIXELS = 34;
  const SPARE_ROWS = 12;
  const grids = new Map();

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
  const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  async function unpack(element) {
    const text = atob(JSON.parse(element.textContent));
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  // ── a column ──────────────────────────────────────────────────────────────────────────────────────────────
  class Column {
    constructor(facts) {
      Object.assign(this, facts);
      this.coded = this.kind === "code";
    }
    text(row) {
      const value = this.coded ? this.words[this.codes[row] ?? -1] : this.values[row];
      return value ?? "";
    }
    key(row) {
      return this.coded ? this.keys[this.codes[row] ?? -1] : this.values[row];
    }
    // What rows are ordered by; nothing comes before everything.
    ranks() {
      if (!this.ranked) {
        if (this.coded) this.ranked = this.codes.map((code) => code ?? -1);
        else if (this.kind === "number") this.ranked = this.values.map((v) => (v === null ? -Infinity : Number(v.replaceAll(",", ""))));
        else this.ranked = this.values.map((v) => v ?? "");
      }
      return this.ranked;
    }
    tone(row) {
      return this.toned ? `tone ${this.keys[this.codes[row]] ?? ""}` : "";
    }
  }

  // ── a table ───────────────────────────────────────────────────────────────────────────────────────────────
  class Grid {
    constructor(host, block) {
      this.host = host;
      this.block = block;
      this.columns = block.columns.map((facts) => new Column(facts));
      this.shown = this.columns.filter((column) => column.width);
      this.group = this.columns.find((column) => column.name === block.group);
      this.grouping = Boolean(this.group);
      this.folded = new Set();
      this.chosen = new Map();
      this.terms = [];
      this.sorting = null;
      this.active = -1;
      this.build();
      this.refresh();
    }

    build() {
      this.search = make("input", { type: "search", placeholder: WORDS.search, ariaLabel: WORDS.search });
      this.search.addEventListener("input", () => {
        this.terms = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
        this.refresh();
      });
      this.selects = this.columns.filter((column) => column.choice).map((column) => this.select(column));
      this.count = make("output", { className: "count" });
      const clear = make("button", { type: "button", textContent: WORDS.clear });
      clear.addEventListener("click", () => this.clear());
      const tools = make("div", { className: "tools" }, this.search, ...this.selects, clear);
      if (this.group) tools.append(this.toggle());
      tools.append(this.count);

      this.head = make("thead");
      this.head.append(make("tr", {}, ...this.shown.map((column) => this.header(column))));
      this.body = make("tbody");
      this.table = make("table", {}, this.widths(), this.head, this.body);
      this.pane = make("div", { className: "pane", tabIndex: 0 }, this.table);
      this.pane.addEventListener("scroll", () => this.draw(), { passive: true });
      this.pane.addEventListener("keydown", (event) => this.press(event));
      this.body.addEventListener("click", (event) => this.click(event));
      this.host.replaceChildren(tools, this.pane);
    }

    widths() {
      const columns = this.shown.map((column) => {
        const col = make("col");
        if (column.width > 0) col.style.width = `${column.width}px`;
        return col;
      });
      return make("colgroup", {}, ...columns);
    }

    select(column) {
      const counts = new Map();
      for (const code of column.codes) counts.set(code, (counts.get(code) ?? 0) + 1);
      const options = column.words
        .map((word, code) => [word, code])
        .filter(([, code]) => counts.has(code))
        .map(([word, code]) => make("option", { value: code, textContent: `${word} (${grouped(counts.get(code))})` }));
      const select = make("select", { ariaLabel: column.title }, make("option", { value: "", textContent: `${column.title}: ${WORDS.all}` }), ...options);
      select.addEventListener("change", () => this.choose(column, select.value));
      column.select = select;
      return select;
    }

    toggle() {
      const box = make("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => {
        this.grouping = box.checked;
        this.refresh();
      });
      return make("label", { className: "toggle" }, box, WORDS.group);
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

    choose(column, code) {
      if (code === "") this.chosen.delete(column);
      else this.chosen.set(column, Number(code));
      this.refresh();
    }

    // Set one filter from a link elsewhere on the page.
    only(name, key) {
      this.clear();
      const column = this.columns.find((candidate) => candidate.name === name);
      const code = column.keys.indexOf(key);
      column.select.value = String(code);
      this.choose(column, code);
    }

    clear() {
      this.search.value = "";
      this.terms = [];
      this.chosen.clear();
      for (const select of this.selects) select.value = "";
      this.refresh();
    }

    // ── which rows, in which order ──
    refresh() {
      const rows = this.sorted(this.filtered());
      this.items = this.grouping ? this.inGroups(rows) : rows;
      this.count.textContent = fill(WORDS.rows, { shown: grouped(rows.length), all: grouped(this.block.rows) });
      for (const column of this.shown) {
        const direction = this.sorting?.column === column ? (this.sorting.down ? "descending" : "ascending") : "none";
        column.cell.setAttribute("aria-sort", direction);
      }
      this.table.setAttribute("aria-rowcount", String(this.items.length + 1));
      this.active = -1;
      this.pane.scrollTop = 0;
      this.draw();
    }

    filtered() {
      const filters = [...this.chosen].map(([column, code]) => [column.codes, code]);
      const rows = [];
      const wanted = this.terms.filter((term) => term[0] !== "-" || term.length === 1);
      const unwanted = this.terms.filter((term) => term[0] === "-" && term.length > 1).map((term) => term.slice(1));
      if (this.terms.length && !this.texts) this.texts = this.searchable();
      for (let row = 0; row < this.block.rows; row++) {
        if (!filters.every(([codes, code]) => codes[row] === code)) continue;
        if (this.terms.length) {
          const text = this.texts[row];
          if (!wanted.every((term) => text.includes(term)) || unwanted.some((term) => text.includes(term))) continue;
        }
        rows.push(row);
      }
      return rows;
    }

    searchable() {
      const texts = new Array(this.block.rows);
      for (let row = 0; row < this.block.rows; row++) texts[row] = this.columns.map((column) => column.text(row)).join(" ").toLowerCase();
      return texts;
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
      const last = Math.min(this.items.length, first + Math.ceil(this.pane.clientHeight / ROW_PIXELS) + 2 * SPARE_ROWS);
      const rows = [this.space(first)];
      for (let place = first; place < last; place++) rows.push(this.line(place));
      rows.push(this.space(this.items.length - last));
      this.body.replaceChildren(...rows);
    }

    space(rows) {
      const line = make("tr", { className: "space", ariaHidden: "true" });
      line.style.height = `${rows * ROW_PIXELS}px`;
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
      for (const column of this.shown) {
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
        { colSpan: this.shown.length, scope: "rowgroup" },
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
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };
      if (event.target !== this.pane) return;
      if (event.key === "Enter" && this.active >= 0) this.open(this.active);
      else if (event.key in steps) {
        event.preventDefault();
        this.active = Math.min(this.items.length - 1, Math.max(0, this.active + steps[event.key]));
        const top = this.active * ROW_PIXELS;
        const room = this.pane.clientHeight - 3 * ROW_PIXELS;
        if (top < this.pane.scrollTop) this.pane.scrollTop = top;
        else if (top > this.pane.scrollTop + room) this.pane.scrollTop = top - room;
        this.draw();
      }
    }
  }

  // ── one row in full ───────────────────────────────────────────────────────────────────────────────────────
  const details = {
    element: document.getElementById("details"),
    show(grid, row) {
      const list = make("dl");
      for (const column of grid.columns) {
        const text = column.text(row);
        if (text !== "") list.append(make("dt", { textContent: column.title }), make("dd", { className: column.kind, textContent: text }));
      }
      const facts = grid.group && grid.block.groups[grid.group.key(row)];
      const close = make("button", { type: "button", className: "close", textContent: "×", ariaLabel: WORDS.close });
      close.addEventListener("click", () => this.hide(grid));
      this.element.replaceChildren(close, make("h3", { textContent: facts ? facts.title : WORDS.row }), list);
      if (facts) this.element.append(make("p", { className: "action" }, make("b", { textContent: WORDS.action }), ` ${facts.action}`));
      this.element.hidden = false;
      this.element.onkeydown = (event) => event.key === "Escape" && this.hide(grid);
      close.focus();
    },
    hide(grid) {
      this.element.hidden = true;
      grid.pane.focus();
    },
  };

  async function start() {
    document.getElementById("theme").addEventListener("click", () => {
      const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
      document.documentElement.dataset.theme = dark ? "light" : "dark";
    });
    addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((element) => (element.open = true)));
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-grid]");
      if (link) grids.get(link.dataset.grid)?.only(link.dataset.column, link.dataset.key);
    });
    if (typeof DecompressionStream === "undefined") return; // the plain tables stay
    for (const host of document.querySelectorAll(".grid")) {
      grids.set(host.id, new Grid(host, await unpack(document.getElementById(host.dataset.block))));
      host.parentElement.classList.add("ready");
      grids.get(host.id).draw();
    }
    document.documentElement.dataset.ready = "yes";
  }
  start();
})();
