// All records that are left, however many: only those in sight are in the page.
"use strict";
(() => {
  const { data, state, el } = report;
  const HEIGHT = 26, SPARE = 12, HIGHEST = 8e6; // browsers lay out no more than some 16 million pixels
  const PRINTED = 500;

  const columns = [
    ["Time", row => report.sinceStart(data.time[row])],
    ["Kind", row => data.kinds[data.kind[row]] === "other" ? data.text("sunshim", row) : data.kinds[data.kind[row]]],
    ["Process", row => data.processName(data.process[row])],
    ["Call", row => data.text("operation", row)],
    ["Socket", row => data.socketName(data.socket[row]) || data.text("name", row)],
    ["Result", report.outcome],
    ["Took", row => report.duration(data.number("duration_ns", row))],
    ["Rule", row => data.text("rules", row) || data.text("rule", row)],
  ];

  report.makeTable = panel => {
    const spacer = el("div", { class: "spacer" });
    const body = el("div", { class: "rows", role: "rowgroup" }, spacer);
    const head = el("div", { class: "row head", role: "row", "aria-rowindex": "1" },
      ...columns.map(([name]) => el("span", { role: "columnheader", class: `c-${name.toLowerCase()}` }, name)));
    const grid = el("div", { class: "grid", role: "grid", tabindex: "0", "aria-label": "Records", "aria-colcount": String(columns.length) },
      el("div", { role: "rowgroup" }, head), body);
    const pool = new Map(); // index -> element
    let current = 0, scale = 1, printing = false;

    const none = el("p", { class: "hint none" });
    body.append(none);
    panel.append(grid);
    grid.style.setProperty("--time", `${Math.max(14, report.sinceStart(data.count ? data.time[data.count - 1] : 0).length + 1)}ch`);

    function fill(element, index) {
      const row = state.rows[index];
      element.className = `row k-${data.kinds[data.kind[row]].toLowerCase()}${data.failed[row] ? " bad" : ""}`;
      element.setAttribute("aria-rowindex", String(index + 2));
      element.id = `row-${index}`;
      columns.forEach(([, value], i) => {
        const text = value(row), cell = element.children[i];
        cell.replaceChildren(...report.marked(text));
        cell.title = text;
      });
      element.dataset.index = String(index);
    }

    const make = () => el("div", { role: "row" }, ...columns.map(([name]) => el("span", { role: "gridcell", class: `c-${name.toLowerCase()}` })));
    const shownRows = () => Math.max(3, Math.floor((grid.clientHeight - head.offsetHeight) / HEIGHT));

    function render() {
      const count = state.rows.length, top = grid.scrollTop / scale;
      const from = printing ? 0 : Math.max(0, Math.floor(top / HEIGHT) - SPARE);
      const to = Math.min(count, printing ? PRINTED : from + shownRows() + 2 * SPARE);
      const unused = [];
      for (const [index, element] of pool)
        if (index < from || index >= to) {
          pool.delete(index);
          unused.push(element);
        }
      for (let index = from; index < to; index++) {
        let element = pool.get(index);
        if (!element) {
          element = unused.pop() || body.appendChild(make());
          pool.set(index, element);
          fill(element, index);
        }
        element.style.transform = `translateY(${Math.round(index * HEIGHT - top + grid.scrollTop)}px)`;
        element.classList.toggle("current", index === current);
        element.setAttribute("aria-selected", String(state.rows[index] === state.row));
      }
      for (const element of unused) element.remove();
      if (pool.has(current)) grid.setAttribute("aria-activedescendant", `row-${current}`);
    }

    function refill() {
      const height = state.rows.length * HEIGHT;
      scale = Math.min(1, HIGHEST / Math.max(height, 1));
      spacer.style.height = `${height * scale}px`;
      none.textContent = data.count ? "No record is left by the filters: Escape lets go of them." : "There are no records.";
      none.hidden = state.rows.length > 0;
      grid.setAttribute("aria-rowcount", String(state.rows.length + 1));
      for (const element of pool.values()) element.remove();
      pool.clear();
      current = Math.max(0, state.rows.indexOf(state.row));
      reveal();
      render();
    }

    function reveal() {
      const top = current * HEIGHT * scale, room = shownRows() * HEIGHT;
      if (top < grid.scrollTop) grid.scrollTop = top;
      else if (top + HEIGHT > grid.scrollTop + room) grid.scrollTop = top + HEIGHT - room;
    }

    function go(index) {
      if (!state.rows.length) return;
      current = Math.max(0, Math.min(state.rows.length - 1, index));
      reveal();
      state.set({ row: state.rows[current] });
    }

    grid.addEventListener("scroll", () => requestAnimationFrame(render), { passive: true });
    grid.addEventListener("click", event => {
      const element = event.target.closest("[data-index]");
      if (element) go(Number(element.dataset.index));
    });
    report.listKeys(grid, { page: 10, move: step => go(current + step), enter: () => go(current) });
    new ResizeObserver(render).observe(grid);
    // On paper there is nothing to scroll: the first ones, in their order.
    const print = on => () => {
      printing = on;
      refill();
      if (on && state.rows.length > PRINTED) {
        none.textContent = `${report.count(state.rows.length - PRINTED)} more`;
        none.hidden = false;
        body.append(none);
      }
    };
    addEventListener("beforeprint", print(true));
    addEventListener("afterprint", print(false));
    state.subscribe(({ rows }) => rows ? refill() : render());
    refill();
    return { title: "Records", count: () => state.rows.length };
  };
})();
