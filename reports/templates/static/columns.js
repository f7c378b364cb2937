"use strict";
// Tables of the page as columns: unpacked from the page itself. Nothing is fetched.
const WORDS = JSON.parse(document.getElementById("words").textContent);
const DAYS = new Intl.DateTimeFormat(
  document.documentElement.lang.startsWith("zh") ? "zh-CN" : "en-GB",
  document.documentElement.lang.startsWith("zh")
    ? { year: "numeric", month: "long", day: "numeric", timeZone: "UTC" }
    : { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" },
);

const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const grouped = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const numeric = (text) => Number(text.replaceAll(",", ""));

async function unpack(element) {
  const text = atob(JSON.parse(element.textContent));
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

class Column {
  constructor(facts) {
    Object.assign(this, facts);
    this.coded = this.kind === "code";
    if (this.date) this.words = this.words.map((day) => DAYS.format(new Date(`${day}T00:00:00Z`)));
  }
  text(row) {
    const value = this.coded ? this.words[this.codes[row] ?? -1] : this.values[row];
    return value ?? "";
  }
  // What a machine reads: the code word, a date as ISO, a number without separators.
  key(row) {
    if (this.coded) return this.keys[this.codes[row] ?? -1] ?? "";
    const value = this.values[row] ?? "";
    return this.kind === "number" ? value.replaceAll(",", "") : value;
  }
  // What rows are ordered by; nothing comes before everything.
  ranks() {
    if (!this.ranked) {
      if (this.coded) this.ranked = Int32Array.from(this.codes, (code) => code ?? -1);
      else if (this.kind === "number") this.ranked = Float64Array.from(this.values, (v) => (v === null ? -Infinity : numeric(v)));
      else this.ranked = this.values.map((v) => v ?? "");
    }
    return this.ranked;
  }
  tone(row) {
    return this.toned ? `tone ${this.keys[this.codes[row]] ?? ""}` : "";
  }
  // Marks every row that says the term: of a coded column only its words are read.
  mark(term, hits) {
    if (this.coded) {
      const said = this.words.map((word, code) => word.toLowerCase().includes(term) || this.keys[code].toLowerCase().includes(term));
      if (said.includes(true)) for (let row = 0; row < hits.length; row++) if (said[this.codes[row]]) hits[row] = 1;
      return;
    }
    this.lower ??= this.kind === "number" ? this.values : this.values.map((v) => (v === null ? null : v.toLowerCase()));
    for (let row = 0; row < hits.length; row++) if (!hits[row] && this.lower[row]?.includes(term)) hits[row] = 1;
  }
}

class Table {
  constructor(block) {
    this.rows = block.rows;
    this.columns = block.columns.map((facts) => new Column(facts));
    this.named = new Map(this.columns.map((column) => [column.name, column]));
  }
  // Rows whose coded column holds a key, found once for all keys.
  rowsOf(name, key) {
    const column = this.named.get(name);
    this.index ??= new Map();
    if (!this.index.has(name)) {
      const found = new Map();
      for (let row = 0; row < this.rows; row++) {
        const own = column.key(row);
        if (!found.has(own)) found.set(own, []);
        found.get(own).push(row);
      }
      this.index.set(name, found);
    }
    return this.index.get(name).get(key) ?? [];
  }
}
