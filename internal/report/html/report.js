"use strict";
// Tables sort by the column whose heading is clicked: numbers by value, 1.23(45)e−4 by what
// stands before its error, others as text; empty cells come last either way.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const order = [...body.rows];
  const number = /^\s*(?:max )?([-−]?[0-9]*\.?[0-9]+)(?:\([0-9.]+\))?(?:e([-−+]?[0-9]+))?/;
  const key = (cell) => {
    const text = (cell.dataset.v ?? cell.textContent).trim();
    if (text === "" || text === "–") return null;
    const m = number.exec(text);
    return m ? Number(m[1].replace("−", "-") + (m[2] ? "e" + m[2].replace("−", "-") : "")) : text;
  };
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const now = head.getAttribute("aria-sort");
    const up = now !== "ascending";
    heads.forEach((h) => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const keyed = order.map((row, i) => ({ row, i, k: row.cells[column] ? key(row.cells[column]) : null }));
    keyed.sort((a, b) => {
      if (a.k === null || b.k === null) return (a.k === null) - (b.k === null) || a.i - b.i;
      if (typeof a.k !== typeof b.k) return typeof a.k === "number" ? -1 : 1;
      const d = typeof a.k === "number" ? a.k - b.k : a.k.localeCompare(b.k);
      return (up ? d : -d) || a.i - b.i;
    });
    body.append(...keyed.map((x) => x.row));
  }));
}
