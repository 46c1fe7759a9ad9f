// What the logs say, as columns. Everything else asks `report.data`.
"use strict";
globalThis.report = {};
(() => {
  const raw = JSON.parse(document.getElementById("data").textContent);
  document.getElementById("data").remove();
  const count = raw.count;
  const strings = raw.strings;

  const time = new Float64Array(count); // microseconds since 1970
  for (let i = 0, at = raw.start; i < count; i++) {
    at += raw.steps[i];
    time[i] = at;
  }

  // A column has a value in some rows. `find` gives its place among the values, or -1.
  function makeColumn(source) {
    const values = source.number ? Float64Array.from(source.values) : Int32Array.from(source.values);
    if (!source.rows.length && values.length === count)
      return { values, number: source.number, find: row => row, rowAt: i => i };
    const rows = Uint32Array.from(source.rows);
    for (let i = 1; i < rows.length; i++) rows[i] += rows[i - 1];
    const find = row => {
      let low = 0, high = rows.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (rows[middle] < row) low = middle + 1;
        else high = middle;
      }
      return rows[low] === row ? low : -1;
    };
    return { values, number: source.number, find, rowAt: i => rows[i] };
  }

  const texts = new Map(), numbers = new Map(), keys = [];
  for (const source of raw.columns) {
    (source.number ? numbers : texts).set(source.key, makeColumn(source));
    if (!keys.includes(source.key)) keys.push(source.key);
  }

  function text(key, row) {
    const column = texts.get(key), at = column ? column.find(row) : -1;
    return at < 0 ? "" : strings[column.values[at]];
  }

  function number(key, row) {
    const column = numbers.get(key), at = column ? column.find(row) : -1;
    return at < 0 ? undefined : column.values[at];
  }

  const processes = raw.processes.map(([pid, ppid, comm, exe, seen], id) =>
    ({ id, pid, ppid, comm: strings[comm], exe: strings[exe], seen: !!seen }));
  const sockets = raw.sockets.map(([name, family, type], id) =>
    ({ id, name: strings[name], family: strings[family], type: strings[type] }));
  const rules = raw.rules.map(([where, file, line, ruleText, kind, calls, records], id) =>
    ({ id, where: strings[where], file: strings[file], line, text: strings[ruleText],
       kind: ["", "allow", "deny", "inject"][kind], known: kind > 0, uses: Math.max(calls, records) }));

  // "FILE:LINE,FILE:LINE", or one a line, as numbers of rules; a file's name may hold commas.
  const ruleNumbers = new Map(rules.map(rule => [rule.where, rule.id]));
  const ruleLists = new Map();
  function splitRules(list) {
    if (ruleNumbers.has(list)) return [ruleNumbers.get(list)];
    return list.split(/\n|\\x0a|(?<=:\d+),/).map(where => ruleNumbers.get(where)).filter(id => id !== undefined);
  }
  function rulesOf(row) {
    const list = text("rules", row) || text("rule", row);
    if (!list) return [];
    if (!ruleLists.has(list)) ruleLists.set(list, splitRules(list));
    return ruleLists.get(list);
  }

  // Calls that went wrong; those that would have had to wait did not.
  const failed = new Uint8Array(count);
  function mark(column, value, test) {
    if (column) column.values.forEach((of, i) => { if (test(of)) failed[column.rowAt(i)] = value; });
  }
  mark(numbers.get("result"), 1, result => result < 0);
  mark(texts.get("errno"), 0, errno => strings[errno] === "EAGAIN" || strings[errno] === "EINPROGRESS");

  const internal = new Set(["origin_process", "peer_process", "sunshim"]);
  function fields(row) {
    return keys.filter(key => !internal.has(key))
      .map(key => [key, number(key, row) ?? text(key, row)]).filter(([, value]) => value !== "");
  }

  const processName = id => id < 0 ? "" : `${processes[id].comm || processes[id].exe || "?"} ${processes[id].pid}`;
  const socketName = id => id < 0 ? "" : sockets[id].name;

  report.data = {
    count, time, strings, texts, numbers, keys, processes, sockets, rules,
    kinds: raw.kinds, verbs: raw.verbs, others: raw.others, logs: raw.logs, skipped: raw.skipped, program: raw.program,
    failed, kind: Uint8Array.from(raw.kind), verb: Uint8Array.from(raw.verb),
    process: Int32Array.from(raw.process), socket: Int32Array.from(raw.socket),
    text, number, fields, rulesOf, processName, socketName,
  };
})();
