// What is looked at. Views subscribe; whoever changes something calls set().
"use strict";
(() => {
  const { data } = report;
  const listeners = [];

  const state = {
    search: "",
    kinds: new Set(), // numbers of the kinds shown; none: all
    range: null,      // [from, to] in microseconds
    selection: null,  // { label, test(row), processes, sockets }: of a node, a line, a rule, a list's entry
    row: -1,          // the record that is shown in full
    base: [],         // rows that the filters leave
    rows: [],         // ... and of them those of the selection
  };

  let mask = null, masked = "";

  function compute() {
    if (state.search !== masked) {
      mask = report.search(state.search);
      masked = state.search;
    }
    const base = new Int32Array(data.count);
    let n = 0;
    for (let row = 0; row < data.count; row++) {
      if (mask && !mask[row]) continue;
      if (state.kinds.size && !state.kinds.has(data.kind[row])) continue;
      if (state.range && (data.time[row] < state.range[0] || data.time[row] > state.range[1])) continue;
      base[n++] = row;
    }
    state.base = base.subarray(0, n);
    state.rows = state.selection ? state.base.filter(state.selection.test) : state.base;
  }

  // Tells of what changed: "base" (the filters), "rows" (these or the selection), "row".
  state.set = changes => {
    const filters = ["search", "kinds", "range"].some(key => key in changes);
    const rows = filters || "selection" in changes;
    Object.assign(state, changes);
    if (rows) compute();
    if (rows && !("row" in changes)) state.row = -1;
    for (const listener of listeners) listener({ base: filters, rows, row: true });
  };
  state.subscribe = listener => listeners.push(listener);
  state.filtered = () => !!(state.search || state.kinds.size || state.range);
  compute();

  const inSet = (set, id) => !!set && id !== undefined && id >= 0 && set.has(id);
  state.selectProcesses = (label, ids) => {
    const set = new Set(ids);
    state.set({ selection: { label, processes: set, sockets: new Set(), what: "process",
      test: row => set.has(data.process[row]) || inSet(set, data.number("origin_process", row)) ||
                   inSet(set, data.number("peer_process", row)) } });
  };
  state.selectSockets = (label, ids) => {
    const set = new Set(ids);
    state.set({ selection: { label, processes: new Set(), sockets: set, what: "socket", test: row => set.has(data.socket[row]) } });
  };
  state.selectLink = (label, processes, sockets) => {
    const from = new Set(processes), to = new Set(sockets);
    state.set({ selection: { label, processes: from, sockets: to, what: "link",
      test: row => to.has(data.socket[row]) && (from.has(data.process[row]) || inSet(from, data.number("origin_process", row))) } });
  };
  state.selectRule = rule => state.set({ selection: { label: `rule ${rule.where}`, processes: new Set(), sockets: new Set(),
    what: "rule", rule, test: row => data.rulesOf(row).includes(rule.id) } });
  state.selectRows = (label, rows, shown) => {
    const set = new Set(rows);
    state.set({ selection: { label, processes: new Set(rows.map(row => data.process[row])),
      sockets: new Set(rows.map(row => data.socket[row])), what: "rows", test: row => set.has(row) }, row: shown });
  };

  report.state = state;
})();
