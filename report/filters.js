// The search field, the kinds of records, and what is in force, each with a way to let go of it.
"use strict";
(() => {
  const { data, state, el, byId } = report;
  const field = byId("search"), help = byId("search-help"), kinds = byId("kinds"), pills = byId("pills");
  const WAIT = 120; // milliseconds after the last key

  let waiting = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => state.set({ search: field.value }), WAIT);
  });
  field.addEventListener("keydown", event => {
    if (event.key === "Enter") {
      clearTimeout(waiting);
      state.set({ search: field.value });
    }
  });

  const totals = new Uint32Array(data.kinds.length);
  for (const kind of data.kind) totals[kind]++;
  data.kinds.forEach((name, kind) => {
    if (!totals[kind]) return;
    kinds.append(el("button", { type: "button", class: `chip k-${name.toLowerCase()}`, "aria-pressed": "false", "data-kind": String(kind), onclick: () => {
      const chosen = new Set(state.kinds);
      if (!chosen.delete(kind)) chosen.add(kind);
      state.set({ kinds: chosen });
    } }, `${name} ${report.count(totals[kind])}`));
  });

  const pill = (text, drop) => el("button", { type: "button", class: "chip pill", title: "Let go of this", onclick: drop }, `${text}  ×`);

  function render() {
    for (const chip of kinds.children) chip.setAttribute("aria-pressed", String(state.kinds.has(Number(chip.dataset.kind))));
    const { range, selection } = state;
    pills.replaceChildren(...[
      range && pill(`${report.sinceStart(range[0])} to ${report.sinceStart(range[1], " s")}`, () => state.set({ range: null })),
      selection && pill(selection.label, () => state.set({ selection: null })),
    ].filter(Boolean));
    help.textContent = state.filtered() || selection ? `${report.count(state.rows.length)} of ${report.plural(data.count, "record")}` : report.plural(data.count, "record");
  }

  // Escape: first the selection goes, then the filters.
  report.letGo = () => {
    if (state.row >= 0 && !state.selection) state.set({ row: -1 });
    else if (state.selection) state.set({ selection: null });
    else if (state.filtered()) {
      field.value = "";
      state.set({ search: "", kinds: new Set(), range: null });
    }
  };

  state.subscribe(({ rows }) => rows && render());
  render();
})();
