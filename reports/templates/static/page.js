// The page: grids and tables are unpacked, links lead into them, the address keeps what the reader asked for.
let restoring = false;

function remember(grid) {
  if (restoring) return;
  const state = grid.state();
  const name = grid.host.id.replace("grid-", "");
  history.replaceState(null, "", `#${name}${state ? `?${state}` : ""}`);
}

function follow() {
  const address = location.hash.slice(1);
  const [kind, rest] = [address.split(/[/?]/)[0], address.slice(address.split(/[/?]/)[0].length + 1)];
  restoring = true;
  if (kind === "exception") {
    const grid = grids.get("grid-exceptions");
    const row = grid?.rowsOf("exception_id", decodeURIComponent(rest))[0];
    if (row !== undefined) details.show(grid, row);
  } else if (kind === "order") {
    const order = decodeURIComponent(rest);
    if (tables.get("events")?.rowsOf("order", order).length) {
      details.back = grids.get("grid-orders")?.pane;
      details.open(timeline(order, true), true);
    }
  } else if (address.includes("?")) {
    const grid = grids.get(`grid-${kind}`);
    grid?.restore(rest);
    grid?.host.closest("section").scrollIntoView();
  } else {
    const target = document.getElementById(kind);
    if (target?.tagName === "DETAILS") target.open = true;
    target?.scrollIntoView(); // the browser went there before the tables had their height
  }
  restoring = false;
}

async function start() {
  document.getElementById("theme")?.addEventListener("click", () => {
    const dark = getComputedStyle(document.documentElement).colorScheme === "dark";
    document.documentElement.dataset.theme = dark ? "light" : "dark";
  });
  addEventListener("beforeprint", () => document.querySelectorAll("main details:not(.picker)").forEach((element) => (element.open = true)));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-grid]");
    if (!link) return;
    restoring = true;
    const { grid, column, key, beside, besideKey } = link.dataset;
    grids.get(grid)?.only({ [column]: key, ...(beside && { [beside]: besideKey }) });
    restoring = false;
  });
  if (typeof DecompressionStream === "undefined") return; // the plain tables stay
  for (const host of document.querySelectorAll(".grid")) {
    const block = document.getElementById(host.dataset.block);
    grids.set(host.id, new Grid(host, await unpack(block)));
    host.parentElement.classList.add("ready");
    grids.get(host.id).draw();
  }
  for (const name of ["events", "lines"]) {
    const block = document.getElementById(`block-${name}`);
    if (block) tables.set(name, new Table(await unpack(block)));
  }
  addEventListener("hashchange", follow);
  follow();
  document.documentElement.dataset.ready = "yes";
}
start();
