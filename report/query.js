// The language of the search field: from words to the rows that have them.
"use strict";
(() => {
  const { data } = report;

  // Everyday words for keys.
  const aliases = { call: "operation", process: "comm", command: "comm", socket: "addr", peer: "peer_addr", duration: "duration_ns" };

  function parse(input) {
    const terms = [];
    const form = /(-?)(?:([a-z_]+):)?(?:"([^"]*)"?|(\S+))/gi;
    for (const [, minus, key, quoted, plain] of input.matchAll(form)) {
      const value = quoted ?? plain;
      if (value && value !== "-") terms.push({ not: !!minus, key: key && key.toLowerCase(), value: value.toLowerCase() });
    }
    return terms;
  }

  // Which strings contain `value`: each is looked at once, however many rows have it.
  function matchingStrings(value) {
    const found = new Uint8Array(data.strings.length);
    data.strings.forEach((string, i) => { if (string && string.toLowerCase().includes(value)) found[i] = 1; });
    return found;
  }

  function markTexts(mask, column, found) {
    for (let i = 0; i < column.values.length; i++)
      if (found[column.values[i]]) mask[column.rowAt(i)] = 1;
  }

  function markNumbers(mask, column, test) {
    for (let i = 0; i < column.values.length; i++)
      if (test(column.values[i])) mask[column.rowAt(i)] = 1;
  }

  function numberTest(value) {
    const form = /^([<>]?)(-?\d+(?:\.\d+)?)$/.exec(value);
    if (!form) return null;
    const limit = Number(form[2]);
    return form[1] === ">" ? n => n > limit : form[1] === "<" ? n => n < limit : n => n === limit;
  }

  function markOwners(mask, owners, wanted) {
    const good = owners.map(wanted);
    return of => { for (let row = 0; row < data.count; row++) if (of[row] >= 0 && good[of[row]]) mask[row] = 1; };
  }

  // What stands in the table besides columns: processes, sockets and kinds of records.
  function markRest(mask, { key, value }, test) {
    const has = text => text.toLowerCase().includes(value);
    const named = p => (!key && (has(p.comm) || has(p.exe) || String(p.pid) === value)) || (key === "comm" && has(p.comm)) ||
      (key === "exe" && has(p.exe)) || (key === "pid" && test && test(p.pid)) || (key === "ppid" && test && test(p.ppid));
    markOwners(mask, data.processes, named)(data.process);
    if (!key || key === "addr") markOwners(mask, data.sockets, s => has(s.name))(data.socket);
    if (!key || key === "kind") {
      const good = data.kinds.map(has);
      for (let row = 0; row < data.count; row++) if (good[data.kind[row]]) mask[row] = 1;
    }
  }

  function termMask(term) {
    const mask = new Uint8Array(data.count);
    const key = term.key && (aliases[term.key] || term.key), test = numberTest(term.value);
    const known = !key || data.keys.includes(key) || ["pid", "ppid", "exe", "comm", "kind", "addr"].includes(key);
    const asked = known ? { key, value: term.value } : { key: null, value: `${term.key}:${term.value}` };
    const found = matchingStrings(asked.value);
    for (const [name, column] of data.texts)
      if (!asked.key || name === asked.key) markTexts(mask, column, found);
    if (test)
      for (const [name, column] of data.numbers)
        if (name === asked.key) markNumbers(mask, column, test);
    markRest(mask, asked, test);
    return mask;
  }

  // Null: everything matches.
  report.search = input => {
    const terms = parse(input);
    report.searched = terms.filter(term => !term.not && !/^[<>]/.test(term.value)).map(term => term.value);
    if (!terms.length) return null;
    const all = new Uint8Array(data.count).fill(1);
    for (const term of terms) {
      const mask = termMask(term);
      for (let row = 0; row < data.count; row++) if (mask[row] === (term.not ? 1 : 0)) all[row] = 0;
    }
    return all;
  };
})();
