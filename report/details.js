// Everything about the node, the line, the rule or the record that is selected.
"use strict";
(() => {
  const { data, state, el, byId } = report;
  const panel = byId("details"), NEIGHBOURS = 12;

  const pairsOf = list => el("dl", {}, ...list.filter(([, value]) => value !== "" && value !== undefined)
    .flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, value instanceof Node ? value : String(value))]));

  const jump = (text, act) => el("button", { type: "button", class: "link", onclick: act }, text);
  const toProcess = id => jump(data.processName(id), () => state.selectProcesses(data.processName(id), [id]));
  const toSocket = id => jump(data.socketName(id), () => state.selectSockets(data.socketName(id), [id]));
  const toRule = rule => el("div", {}, jump(rule.where, () => state.selectRule(rule)), " ", el("code", {}, rule.text));

  function ofRecord(row) {
    const kind = data.kinds[data.kind[row]], p = data.process[row];
    const shown = { duration_ns: value => `${value} (${report.duration(value)})` };
    return [
      el("h3", {}, `${kind === "other" ? data.text("sunshim", row) : kind} ${data.text("operation", row)}`),
      pairsOf([["time", report.clock(data.time[row])], ["since the start", report.sinceStart(data.time[row], " s")],
        ["process", p < 0 ? "" : toProcess(p)], ["ppid", p < 0 || data.processes[p].ppid < 0 ? "" : data.processes[p].ppid], ["exe", p < 0 ? "" : data.processes[p].exe],
        ["socket", data.socket[row] < 0 ? "" : toSocket(data.socket[row])],
        ...data.fields(row).filter(([key]) => key !== "operation" && key !== "rules" && key !== "rule").map(([key, value]) => [key, shown[key] ? shown[key](value) : value]),
        ["rule", data.rulesOf(row).length ? el("div", {}, ...data.rulesOf(row).map(id => toRule(data.rules[id]))) : data.text("rules", row) || data.text("rule", row)]]),
      kind === "LEAK" ? el("div", {}, el("h4", {}, "How it came here"), report.leakHistory(row)) : null,
    ];
  }

  function outcomes(rows) {
    const byKind = new Map(), errors = new Map();
    let took = 0, calls = 0;
    for (const row of rows) {
      const kind = data.kinds[data.kind[row]], errno = data.text("errno", row), ns = data.number("duration_ns", row);
      byKind.set(kind, (byKind.get(kind) || 0) + 1);
      if (errno) errors.set(errno, (errors.get(errno) || 0) + 1);
      if (ns !== undefined) { took += ns; calls++; }
    }
    const list = map => [...map].sort((a, b) => b[1] - a[1]).map(([name, n]) => `${name} ${report.count(n)}`).join(", ");
    return [["records", list(byKind)], ["errors", list(errors)], ["time in calls", calls ? `${report.duration(took)}, ${report.duration(took / calls)} each` : ""],
            ["from", rows.length ? report.clock(data.time[rows[0]]) : ""], ["to", rows.length ? report.clock(data.time[rows[rows.length - 1]]) : ""]];
  }

  // Who is on the other side, most records first.
  function neighbours(rows, of, make) {
    const counts = new Map();
    for (const row of rows) if (of[row] >= 0) counts.set(of[row], (counts.get(of[row]) || 0) + 1);
    const sorted = [...counts].sort((a, b) => b[1] - a[1]);
    if (!sorted.length) return "";
    return el("ul", {}, ...sorted.slice(0, NEIGHBOURS).map(([id, n]) => el("li", {}, make(id), ` ${report.count(n)}`)),
      sorted.length > NEIGHBOURS ? el("li", {}, `and ${report.count(sorted.length - NEIGHBOURS)} more`) : "");
  }

  function ofSelection({ label, what, processes, sockets, rule }) {
    const rows = state.rows, single = set => set.size === 1 ? [...set][0] : -1, p = what === "process" ? single(processes) : -1,
      s = what === "socket" ? single(sockets) : -1;
    return [
      el("h3", {}, label),
      pairsOf([["pid", p < 0 ? "" : data.processes[p].pid], ["ppid", p < 0 || data.processes[p].ppid < 0 ? "" : data.processes[p].ppid],
        ["exe", p < 0 ? "" : data.processes[p].exe], ["note", p >= 0 && !data.processes[p].seen ? "it wrote no records; others' speak of it" : ""],
        ["family", s < 0 ? "" : `${data.sockets[s].family} ${data.sockets[s].type}`], ["rule", rule ? el("code", {}, rule.text) : ""],
        ...outcomes(rows),
        ["processes", what === "process" && p >= 0 ? "" : neighbours(rows, data.process, toProcess)],
        ["sockets", what === "socket" && s >= 0 ? "" : neighbours(rows, data.socket, toSocket)]]),
    ];
  }

  // Where to look first.
  function trouble() {
    const lists = { DENIED: ["Denials", n => `${report.count(n)} denied`], LEAK: ["Leaks", n => `${report.count(n)} leaked`],
                    INJECTED: ["Injections", n => `${report.plural(n, "fault")} injected`] }, counts = new Map();
    for (const row of state.rows) {
      const kind = data.kinds[data.kind[row]];
      if (lists[kind]) counts.set(kind, (counts.get(kind) || 0) + 1);
    }
    const unused = data.rules.filter(rule => rule.known && !rule.uses).length;
    const links = Object.keys(lists).filter(kind => counts.has(kind))
      .map(kind => jump(lists[kind][1](counts.get(kind)), () => report.openList(lists[kind][0])))
      .concat(unused ? [jump(`${report.plural(unused, "rule")} never used`, () => report.openList("Rules"))] : []);
    return links.length ? el("ul", {}, ...links.map(link => el("li", {}, link))) : null;
  }

  function render() {
    const content = state.row >= 0 ? ofRecord(state.row) : state.selection ? ofSelection(state.selection)
      : [el("p", { class: "hint" }, "Select a node or a line of the graph, a record, a denial or a rule."),
         pairsOf([...outcomes(state.rows), ["look at", trouble() || ""]])];
    panel.replaceChildren(...content.filter(Boolean));
    panel.scrollTop = 0;
  }

  state.subscribe(render);
  render();
})();
