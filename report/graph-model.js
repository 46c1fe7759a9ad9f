// From rows to nodes and lines: few enough to be looked at.
"use strict";
(() => {
  const { data } = report;
  const servers = new Set(["bound", "listens", "accepted", "holds"]);
  const AUTO_GROUP = 14; // processes from which on those of one command are one node
  const GROUPS = 6;      // ... and how many groups there may be beside the nodes that stand for themselves

  const limits = { processes: 14, sockets: 12 };
  const traced = new Set();
  for (let row = 0; row < data.count; row++) if (data.kinds[data.kind[row]] === "TRACE") traced.add(data.process[row]);

  // The pairs of process and socket, with what happened between them.
  function pairs(rows, withOthers) {
    const all = new Map();
    const pair = (process, socket) => {
      const key = process * 4294967296 + socket;
      let found = all.get(key);
      if (!found) all.set(key, found = { process, socket, verbs: new Map(), total: 0, failed: 0, served: 0, denied: 0, injected: 0, leaked: 0 });
      return found;
    };
    const count = (p, verb, n) => p.verbs.set(verb, (p.verbs.get(verb) || 0) + n);

    for (const row of rows) {
      const process = data.process[row], socket = data.socket[row], verb = data.verb[row];
      if (!verb || process < 0 || socket < 0) continue;
      const p = pair(process, socket), kind = data.kinds[data.kind[row]], failed = data.failed[row];
      // A denied call of a traced process has two records.
      if (kind === "TRACE" || kind === "LEAK" || !traced.has(process)) {
        count(p, data.verbs[verb], 1);
        p.total++;
      }
      if (kind !== "DENIED" && !failed && servers.has(data.verbs[verb])) p.served++;
      if (kind === "DENIED") p.denied++;
      else if (kind === "INJECTED") p.injected++;
      else if (kind === "LEAK") p.leaked++;
      else if (failed) p.failed++;
      const origin = kind === "LEAK" ? data.number("origin_process", row) : undefined;
      if (origin !== undefined && origin !== process) {
        const made = pair(origin, socket);
        count(made, "made", 1);
        made.leaked++;
        made.total++;
      }
    }
    if (withOthers)
      for (const [process, socket, verb, n] of data.others)
        if (data.verbs[verb] !== "made") {
          const p = pair(process, socket);
          count(p, data.verbs[verb], n);
          p.total += n;
          p.served += data.verbs[verb] === "holds";
        }
    return [...all.values()];
  }

  const weight = p => p.total + 1000 * (p.denied + p.injected + p.leaked);

  function weights(list, end) {
    const sum = new Map();
    for (const p of list) sum.set(p[end], (sum.get(p[end]) || 0) + weight(p));
    return sum;
  }

  const commandOf = id => data.processes[id].comm || data.processes[id].exe || `pid ${data.processes[id].pid}`;

  // Sockets that are alike: in directories that differ by numbers at most, of one address, numbered.
  function familyOf(id) {
    const { name } = data.sockets[id];
    if (name.startsWith("/")) return name.slice(0, name.lastIndexOf("/") + 1).replace(/\d+/g, "…") + "…";
    if (name.startsWith("socket:[")) return "sockets without names";
    if (name.startsWith("@")) return (/^@[^0-9]*/.exec(name)[0] || "@") + "…";
    return name.replace(/:\d+$/, ":…");
  }

  // Each id's node: its own for the `limit` weightiest, the one of its group for the rest.
  function nodesOf(sum, limit, { prefix, label, group, all }) {
    const ids = [...sum.keys()].sort((a, b) => sum.get(b) - sum.get(a) || a - b);
    const nodes = new Map(), nodeOf = new Map();
    const put = (key, text, id, grouped) => {
      if (!nodes.has(key)) nodes.set(key, { key, label: text, ids: [], grouped, weight: 0 });
      const node = nodes.get(key);
      node.ids.push(id);
      node.weight += sum.get(id);
      nodeOf.set(id, node);
    };
    const rest = all ? ids : ids.slice(limit);
    if (!all) for (const id of ids.slice(0, limit)) put(`${prefix}${id}`, label(id), id, false);
    const sizes = new Map();
    for (const id of rest) sizes.set(group(id), (sizes.get(group(id)) || 0) + 1);
    for (const id of rest) {
      if (sizes.get(group(id)) === 1) put(`${prefix}${id}`, label(id), id, false);
      else put(`${prefix}:${group(id)}`, group(id), id, true);
    }
    foldRest(nodes, nodeOf, limit, prefix);
    for (const node of nodes.values()) if (node.grouped) node.label += ` ×${report.count(node.ids.length)}`;
    return nodeOf;
  }

  // Too many groups, still: the lightest become one.
  function foldRest(nodes, nodeOf, limit, prefix) {
    const groups = [...nodes.values()].sort((a, b) => b.weight - a.weight);
    if (groups.length <= limit + GROUPS) return;
    const rest = { key: `${prefix}:rest`, label: "others", ids: [], grouped: true, weight: 0 };
    for (const node of groups.slice(limit + GROUPS - 1)) {
      nodes.delete(node.key);
      for (const id of node.ids) {
        rest.ids.push(id);
        nodeOf.set(id, rest);
      }
    }
    nodes.set(rest.key, rest);
  }

  function merge(list, processNode, socketNode) {
    const lines = new Map();
    for (const p of list) {
      const from = processNode.get(p.process), to = socketNode.get(p.socket), key = `${from.key} ${to.key}`;
      if (!lines.has(key))
        lines.set(key, { key, process: from, socket: to, verbs: new Map(), total: 0, failed: 0, served: 0, denied: 0, injected: 0, leaked: 0 });
      const line = lines.get(key);
      for (const [verb, n] of p.verbs) line.verbs.set(verb, (line.verbs.get(verb) || 0) + n);
      for (const what of ["total", "failed", "served", "denied", "injected", "leaked"]) line[what] += p[what];
    }
    return [...lines.values()];
  }

  // { nodes, lines, hidden }. `group`: one node per command.
  report.graphModel = (rows, { group, withOthers }) => {
    const list = pairs(rows, withOthers);
    const processSum = weights(list, "process"), socketSum = weights(list, "socket");
    const processNode = nodesOf(processSum, limits.processes,
      { prefix: "p", label: data.processName, group: commandOf, all: group });
    const socketNode = nodesOf(socketSum, limits.sockets, { prefix: "s", label: data.socketName, group: familyOf });
    const lines = merge(list, processNode, socketNode);
    for (const line of lines) {
      line.answers = line.served > 0 || line.verbs.has("leaked"); // arrows lead to who serves, or was left with a socket
      const open = line.verbs.has("leaked") || (line.verbs.has("made") && line.verbs.size === 1);
      line.kind = open ? "leak" : line.denied ? "denied" : line.injected ? "injected"
        : line.failed && line.failed === line.total ? "failed" : "usual";
      line.says = [...line.verbs].map(([verb, n]) => n > 1 ? `${verb} ${report.count(n)}` : verb)
        .concat(["denied", "injected"].filter(what => line[what]).map(what => `${what} ${report.count(line[what])}`)).join(", ");
    }
    const nodes = [...new Set(processNode.values())].map(node => ({ ...node, type: "process", node }))
      .concat([...new Set(socketNode.values())].map(node => ({ ...node, type: "socket", node })));
    return { nodes, lines, hidden: nodes.filter(node => node.grouped).reduce((n, node) => n + node.ids.length, 0) };
  };
  report.graphLimits = limits;
  report.groupAtFirst = new Set(data.process).size > AUTO_GROUP;
})();
