// When it happened. uPlot draws; a part of the time can be chosen, and fills the width then.
"use strict";
(() => {
  const { data, state, theme, el, byId } = report;
  const container = byId("timeline"), says = byId("timeline-says"), legend = byId("timeline-legend");
  if (!data.count) {
    container.closest("section").hidden = true;
    return;
  }
  const BUCKETS = 240, HEIGHT = 112;
  const marks = ["DENIED", "LEAK", "INJECTED", "HINT"].map((name, i) => ({ name, kind: data.kinds.indexOf(name), level: 0.94 - 0.12 * i }))
    .filter(({ kind }) => data.kind.includes(kind));
  const colours = { DENIED: "denied", LEAK: "leak", INJECTED: "injected", HINT: "hint" };
  const words = { DENIED: "denied", LEAK: "leaked", INJECTED: "fault injected", HINT: "hint" };
  const units = [[86400e6, "d"], [3600e6, "h"], [60e6, "min"], [1e6, "s"], [1e3, "ms"], [1, "µs"]];

  let plot = null, cursor = 0, anchor = null;
  let first, length, unit, unitName; // what is shown, in microseconds, and what the axis counts in

  function look() {
    const start = data.time[0], [from, to] = state.range || [start, data.time[data.count - 1]];
    first = Math.min(Math.max(from, start), data.time[data.count - 1]);
    length = Math.max(to - first, 1);
    [unit, unitName] = units.find(([size]) => length >= 2 * size) || [1, "µs"];
  }

  const bucketOf = row => Math.max(0, Math.min(BUCKETS - 1, Math.floor((data.time[row] - first) / length * BUCKETS)));
  const edge = bucket => first + bucket * length / BUCKETS;             // in microseconds
  const place = time => (time - data.time[0]) / unit;                   // on the axis
  const tidy = value => `${+value.toPrecision(7)}`;

  function series() {
    const all = new Array(BUCKETS).fill(0), marked = marks.map(() => new Array(BUCKETS).fill(null));
    for (const row of state.rows) {
      const bucket = bucketOf(row), mark = marks.findIndex(({ kind }) => kind === data.kind[row]);
      all[bucket]++;
      if (mark >= 0) marked[mark][bucket] = marks[mark].level;
    }
    return [Array.from({ length: BUCKETS }, (_, i) => place(edge(i + 0.5))), all, ...marked];
  }

  function options() {
    const text = theme.colour("muted"), grid = { stroke: theme.colour("grid"), width: 1 };
    const axis = { stroke: text, grid, ticks: grid, font: "11px system-ui, sans-serif" };
    return {
      width: container.clientWidth, height: HEIGHT, padding: [6, 28, 0, 0], legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
      scales: { x: { time: false, range: () => [place(first), place(first + length)] }, y: { range: (u, min, max) => [0, Math.max(max, 1)] }, event: { range: [0, 1] } },
      axes: [{ ...axis, size: 30, space: 90, values: (u, ticks) => ticks.map(value => `+${tidy(value)} ${unitName}`) },
             { ...axis, size: 48, values: (u, ticks) => ticks.map(value => Number.isInteger(value) ? report.count(value) : "") }],
      series: [{}, { label: "records", fill: theme.colour("bars"), stroke: theme.colour("bars"), width: 0, paths: uPlot.paths.bars({ size: [0.9, 40] }), points: { show: false } },
        ...marks.map(({ name }) => ({ label: name, scale: "event", paths: () => null,
          points: { show: true, size: 7, fill: theme.colour(colours[name]), stroke: theme.colour(colours[name]) } }))],
      hooks: { setSelect: [u => { if (u.select.width > 2) choose(...[u.select.left, u.select.left + u.select.width].map(x => data.time[0] + u.posToVal(x, "x") * unit)); }],
               setCursor: [u => { if (u.cursor.idx !== null && u.cursor.idx !== undefined && !container.matches(":focus")) tell(u.cursor.idx, u.cursor.idx); }] },
    };
  }

  function choose(from, to) {
    cursor = 0;
    anchor = null;
    state.set({ range: [from, to] });
  }

  function tell(from, to) {
    const [, all, ...marked] = plot.data;
    const sum = list => list.slice(from, to + 1).reduce((a, b) => a + b, 0);
    const found = marks.filter((_, i) => marked[i].slice(from, to + 1).some(value => value !== null)).map(({ name }) => words[name]);
    says.textContent = `+${tidy(place(edge(from)))} to +${tidy(place(edge(to + 1)))} ${unitName}: ` +
      `${report.plural(sum(all), "record")}${found.length ? `, ${found.join(", ")} among them` : ""}`;
  }

  // What is to be seen, for those who have not touched anything yet.
  function introduce() {
    legend.replaceChildren(el("li", {}, el("span", { class: "stroke records" }), `records in each ${report.duration(length / BUCKETS * 1e3)}`),
      ...marks.map(({ name }) => el("li", {}, el("span", { class: `stroke dot ${colours[name]}` }), words[name])));
    says.textContent = state.range ? "Escape shows all of the time again." : "Drag to look at a part of the time only.";
  }

  function show() {
    look();
    if (plot) plot.destroy();
    plot = new uPlot(options(), series(), container);
    plot.over.addEventListener("dblclick", () => state.set({ range: null }));
    introduce();
  }

  const ends = () => anchor === null ? [cursor, cursor] : [Math.min(anchor, cursor), Math.max(anchor, cursor)];

  function move(step, extend) {
    if (extend && anchor === null) anchor = cursor;
    if (!extend) anchor = null;
    cursor = Math.max(0, Math.min(BUCKETS - 1, cursor + step));
    const [from, to] = ends();
    const left = plot.valToPos(place(edge(from)), "x");
    plot.setSelect({ left, top: 0, width: Math.max(plot.valToPos(place(edge(to + 1)), "x") - left, 3), height: plot.over.clientHeight }, false);
    tell(from, to);
  }

  container.addEventListener("keydown", event => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -BUCKETS, End: BUCKETS };
    if (event.key in steps) move(steps[event.key], event.shiftKey);
    else if (event.key === "Enter") choose(...ends().map((bucket, i) => edge(bucket + i)));
    else return;
    event.preventDefault();
  });

  let shown = null; // the range that the plot was made for
  new ResizeObserver(() => { if (plot && container.clientWidth && Math.abs(plot.width - container.clientWidth) > 1) plot.setSize({ width: container.clientWidth, height: HEIGHT }); }).observe(container);
  theme.onchange(show);
  state.subscribe(({ rows }) => {
    if (!rows) return;
    if (state.range === shown) return plot.setData(series());
    shown = state.range;
    show();
  });
  show();
})();
