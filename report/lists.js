// Denials, leaks, injections, rules, processes and sockets, each as a list to walk through.
"use strict";
(() => {
  const { data, state, el } = report;
  const LISTED = 200;
  const kindNumber = name => data.kinds.indexOf(name);

  // Rows that say the same again and again, most frequent first.
  function groups(kind, keyOf) {
    const all = new Map(), number = kindNumber(kind);
    for (const row of state.base) {
      if (data.kind[row] !== number) continue;
      const key = keyOf(row);
      if (!all.has(key)) all.set(key, []);
      all.get(key).push(row);
    }
    return [...all.values()].sort((a, b) => b.length - a.length || a[0] - b[0]);
  }

  const about = row => [data.process[row], data.text("operation", row), data.socket[row], data.text("rule", row)].join(" ");
  const where = row => data.socketName(data.socket[row]) || data.text("name", row) || (data.text("addr", row) === "auto" ? "auto" : "");
  const timesOf = rows => rows.length === 1 ? report.sinceStart(data.time[rows[0]], " s")
    : `${report.sinceStart(data.time[rows[0]])} to ${report.sinceStart(data.time[rows[rows.length - 1]], " s")}`;

  function ruleLine(row) {
    const rules = data.rulesOf(row).map(id => data.rules[id]);
    if (!rules.length) return el("p", { class: "rule" }, "no rule allows it");
    return el("p", { class: "rule" }, ...rules.map(rule => el("code", {}, `${rule.where}  ${rule.text}`)));
  }

  function hintLine(row, hint = data.text("hint", row)) {
    const rule = /(?:add|to cut it): (.*)$/.exec(hint);
    return hint ? el("p", { class: "hint" }, hint, rule ? report.copyButton(rule[1]) : null) : null;
  }

  function entry(rows, title, ...more) {
    const row = rows[0];
    return { label: title, act: () => state.selectRows(title, rows, row), chosen: () => rows.includes(state.row),
      content: [el("strong", {}, rows.length > 1 ? `${report.count(rows.length)}× ` : "", ...report.marked(title)),
                el("span", { class: "when" }, timesOf(rows)), ...more] };
  }

  // --- What each list has ------------------------------------------------------------------

  function denials() {
    return groups("DENIED", about).map(rows => {
      const row = rows[0];
      return entry(rows, `${data.processName(data.process[row])}: ${data.text("operation", row)} ${where(row)} ${data.text("errno", row)}`,
        ruleLine(row), hintLine(row));
    });
  }

  function injections() {
    return groups("INJECTED", about).map(rows => {
      const row = rows[0], delay = data.number("delay_ns", row) ?? data.number("delay_us", row);
      return entry(rows, `${data.processName(data.process[row])}: ${data.text("operation", row)} ${where(row)} ${data.text("errno", row)}` +
        (delay ? ` after a delay` : ""), ruleLine(row));
    });
  }

  const made = { socket: "made by socket()", socketpair: "made by socketpair()", accept: "accepted", received: "received from another process",
                 unknown: "made before anybody watched" };

  // From where a socket came to where it should not be.
  report.leakHistory = row => {
    const n = key => data.number(key, row), text = key => data.text(key, row), steps = [];
    const by = n("origin_pid") === undefined ? "" : ` by ${text("origin_comm") || "process"} ${n("origin_pid")}`;
    const from = n("origin_inode") ? `, from inode ${n("origin_inode")}` : "";
    if (n("passed_pid")) steps.push(`passed on by process ${n("passed_pid")}${n("passed_inode") ? ` over inode ${n("passed_inode")}` : ""}`);
    steps.unshift(`socket inode ${n("inode")} ${made[text("origin")] || `from ${text("origin")}`}${by}${from}`);
    if (text("hint")) steps.push(text("hint").split("; ")[0]);
    steps.push(`inherited by ${data.processName(data.process[row])} as descriptor ${n("fd")}, ${report.sinceStart(data.time[row], " s")}`);
    if (n("peer_pid")) steps.push(`its other end is held by process ${n("peer_pid")}`);
    return el("ol", { class: "history" }, ...steps.map(step => el("li", {}, step)));
  };

  function leaks() {
    return groups("LEAK", row => [data.process[row], data.number("inode", row), data.number("fd", row)].join(" ")).map(rows => {
      const row = rows[0];
      return entry(rows, `${data.processName(data.process[row])}: descriptor ${data.number("fd", row)}, ${where(row) || "no name"}`,
        report.leakHistory(row), hintLine(row, /to cut it: .*$/.exec(data.text("hint", row))?.[0]));
    });
  }

  function usesNow() {
    const uses = new Map(), traced = data.texts.has("rules");
    for (const row of state.base) {
      if (traced && data.kinds[data.kind[row]] !== "TRACE" && !data.text("rule", row)) continue;
      for (const id of data.rulesOf(row)) uses.set(id, (uses.get(id) || 0) + 1);
    }
    return uses;
  }

  function coverage() {
    const files = new Map(), uses = state.filtered() ? usesNow() : null, entries = [];
    for (const rule of data.rules) {
      if (!files.has(rule.file)) files.set(rule.file, []);
      files.get(rule.file).push(rule);
    }
    for (const [file, rules] of files) {
      rules.sort((a, b) => a.line - b.line);
      const count = rule => uses ? uses.get(rule.id) || 0 : rule.uses;
      const used = rules.filter(rule => count(rule)).length, known = rules.every(rule => rule.known);
      const meter = el("meter", { min: "0", max: String(rules.length), value: String(used), "aria-label": `rules used in ${file}` });
      entries.push({ heading: [el("strong", {}, file || "?"), known ? meter : null,
        el("span", { class: "when" }, known ? `${used} of ${report.plural(rules.length, "rule")} used`
          : "the policy could not be read: only rules that records name; give it with --policy")] });
      for (const rule of rules)
        entries.push({ label: rule.where, act: () => state.selectRule(rule), chosen: () => state.selection && state.selection.rule === rule,
          class: count(rule) ? "rule-entry" : "rule-entry unused",
          content: [el("span", { class: "line" }, String(rule.line)), el("code", { class: rule.kind }, rule.text || "(text not known)"),
                    el("span", { class: "when" }, count(rule) ? report.plural(count(rule), "time") : "never used")] });
    }
    return entries;
  }

  function tally(of, size) {
    const counts = new Uint32Array(size);
    for (const row of state.base) if (of[row] >= 0) counts[of[row]]++;
    return counts;
  }

  function processes() {
    const counts = tally(data.process, data.processes.length);
    return data.processes.filter(p => counts[p.id]).sort((a, b) => counts[b.id] - counts[a.id]).map(p => ({
      label: data.processName(p.id), act: () => state.selectProcesses(data.processName(p.id), [p.id]),
      chosen: () => state.selection && state.selection.processes.has(p.id),
      content: [el("strong", {}, ...report.marked(data.processName(p.id))), el("span", {}, ...report.marked(p.exe)), el("span", { class: "when" }, report.plural(counts[p.id], "record"))] }));
  }

  function sockets() {
    const counts = tally(data.socket, data.sockets.length);
    return data.sockets.filter(s => counts[s.id]).sort((a, b) => counts[b.id] - counts[a.id]).map(s => ({
      label: s.name, act: () => state.selectSockets(s.name, [s.id]),
      chosen: () => state.selection && state.selection.sockets.has(s.id),
      content: [el("strong", {}, ...report.marked(s.name)), el("span", {}, `${s.family} ${s.type}`), el("span", { class: "when" }, report.plural(counts[s.id], "record"))] }));
  }

  // --- Lists in general ----------------------------------------------------------------------

  function makeList(title, entriesOf, empty) {
    return panel => {
      const list = el("div", { class: "entries", role: "listbox", tabindex: "0", "aria-label": title });
      const more = el("button", { type: "button", hidden: true, onclick: () => { shown *= 4; render(); } }, "Show more");
      const nothing = el("p", { class: "hint" }, empty);
      let entries = [], options = [], current = 0, shown = LISTED, stale = true;
      panel.append(list, more, nothing);

      function render() {
        const listed = entries.slice(0, shown);
        options = [];
        list.replaceChildren(...listed.map(entry => {
          if (entry.heading) return el("div", { class: "heading", role: "presentation" }, ...entry.heading);
          const option = el("div", { class: `entry ${entry.class || ""}`, role: "option", id: `${title.toLowerCase()}-${options.length}`,
            onclick: () => go(options.findIndex(o => o.option === option), true) }, ...entry.content);
          options.push({ option, entry });
          return option;
        }));
        more.hidden = entries.length <= shown;
        nothing.hidden = entries.length > 0;
        list.hidden = !entries.length;
        current = 0;
        markAll();
      }

      function markAll() {
        options.forEach(({ option, entry }, i) => {
          option.classList.toggle("current", i === current);
          option.setAttribute("aria-selected", String(!!entry.chosen()));
        });
        if (options[current]) list.setAttribute("aria-activedescendant", options[current].option.id);
      }

      function go(index, act) {
        if (!options.length) return;
        current = Math.max(0, Math.min(options.length - 1, index));
        if (act) options[current].entry.act();
        options[current].option.scrollIntoView({ block: "nearest" });
        markAll();
      }

      function show() {
        if (!stale || panel.hidden) return;
        stale = false;
        entries = entriesOf();
        render();
      }

      report.listKeys(list, { move: step => go(current + step, false), enter: () => go(current, true) });
      state.subscribe(({ base }) => {
        if (base) stale = true;
        if (base) show();
        else markAll();
      });
      return { title, show, count: () => counts[title]() };
    };
  }

  const ofKind = name => () => {
    const number = kindNumber(name);
    let n = 0;
    for (const row of state.base) if (data.kind[row] === number) n++;
    return n;
  };
  const distinct = (of, size) => () => tally(of, size).reduce((n, records) => n + (records > 0), 0);
  const counts = { Denials: ofKind("DENIED"), Leaks: ofKind("LEAK"), Injections: ofKind("INJECTED"), Rules: () => data.rules.length,
                   Processes: distinct(data.process, data.processes.length), Sockets: distinct(data.socket, data.sockets.length) };

  report.lists = [
    makeList("Denials", denials, "Nothing was denied."),
    makeList("Leaks", leaks, "No sockets were leaked, or nobody looked: leaks are seen with sunshim run --track."),
    makeList("Rules", coverage, "The records name no rules. Those of traced runs do; policies can be given with --policy."),
    makeList("Injections", injections, "No faults were injected."),
    makeList("Processes", processes, "No process is left by the filters."),
    makeList("Sockets", sockets, "No socket with a name is left by the filters."),
  ];
})();
