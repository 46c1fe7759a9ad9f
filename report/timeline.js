// When it happened. uPlot draws; a part of the time can be chosen.
"use strict";
(() => {
  const { data, state, theme, byId } = report;
  const container = byId("timeline"), says = byId("timeline-says");
  if (!data.count) {
    container.closest("section").hidden = true;
    return;
  }
  const BUCKETS = 240;
  const first = data.time[0], length = Math.max(data.time[data.count - 1] - first, 1);
  const bucketOf = row => Math.min(BUCKETS - 1, Math.floor((data.time[row] - first) / length * BUCKETS));
  const middle = bucket => (bucket + 0.5) * length / BUCKETS / 1e6;
  const marks = ["DENIED", "LEAK", "INJECTED", "HINT"].map((name, i) => ({ name, kind: data.kinds.indexOf(name), level: 0.94 - 0.12 * i }))
    .filter(({ kind }) => data.kind.includes(kind));
  const colours = { DENIED: "denied", LEAK: "leak", INJECTED: "injected", HINT: "hint" };

  let plot = null, cursor = 0, anchor = null;

  function series() {
    const all = new Array(BUCKETS).fill(0), marked = marks.map(() => new Array(BUCKETS).fill(null));
    for (const row of state.rows) {
      const bucket = bucketOf(row), mark = marks.findIndex(({ kind }) => kind === data.kind[row]);
      all[bucket]++;
      if (mark >= 0) marked[mark][bucket] = marks[mark].level;
    }
    return [Array.from({ length: BUCKETS }, (_, i) => middle(i)), all, ...marked];
  }

  const seconds = value => `${+value.toFixed(6)} s`;

  function options() {
    const text = theme.colour("muted"), grid = { stroke: theme.colour("grid"), width: 1 };
    const axis = { stroke: text, grid, ticks: grid, font: "11px system-ui, sans-serif" };
    return {
      width: container.clientWidth, height: 120, padding: [6, 28, 0, 0], legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false },
      scales: { x: { time: false, range: [0, length / 1e6] }, y: { range: (u, min, max) => [0, Math.max(max, 1)] }, event: { range: [0, 1] } },
      axes: [{ ...axis, size: 30, values: (u, ticks) => ticks.map(value => `+${seconds(value)}`) },
             { ...axis, size: 48, values: (u, ticks) => ticks.map(value => Number.isInteger(value) ? report.count(value) : "") }],
      series: [{}, { label: "records", fill: theme.colour("bars"), stroke: theme.colour("bars"), width: 0, paths: uPlot.paths.bars({ size: [0.9, 40] }), points: { show: false } },
        ...marks.map(({ name }) => ({ label: name, scale: "event", paths: () => null,
          points: { show: true, size: 7, fill: theme.colour(colours[name]), stroke: theme.colour(colours[name]) } }))],
      hooks: { setSelect: [u => { if (u.select.width > 2) choose(u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")); }],
               setCursor: [u => { if (u.cursor.idx !== null && u.cursor.idx !== undefined && !container.matches(":focus")) tell(u.cursor.idx, u.cursor.idx); }] },
    };
  }

  function choose(from, to) {
    state.set({ range: [first + from * 1e6, first + to * 1e6] });
  }

  function tell(from, to) {
    const [, all, ...marked] = plot.data;
    const sum = list => list.slice(from, to + 1).reduce((a, b) => a + b, 0);
    const found = marks.filter((_, i) => marked[i].slice(from, to + 1).some(value => value !== null)).map(({ name }) => name);
    says.textContent = `${seconds(from * length / BUCKETS / 1e6)} to ${seconds((to + 1) * length / BUCKETS / 1e6)}: ` +
      `${report.plural(sum(all), "record")}${found.length ? `, ${found.join(", ")} among them` : ""}`;
  }

  function show() {
    if (plot) plot.destroy();
    plot = new uPlot(options(), series(), container);
    plot.over.addEventListener("dblclick", () => state.set({ range: null }));
    showRange();
  }

  function showRange() {
    const { range } = state;
    const left = range ? plot.valToPos((range[0] - first) / 1e6, "x") : 0;
    plot.setSelect({ left, top: 0, width: range ? Math.max(plot.valToPos((range[1] - first) / 1e6, "x") - left, 3) : 0, height: plot.over.clientHeight }, false);
  }

  const ends = () => anchor === null ? [cursor, cursor] : [Math.min(anchor, cursor), Math.max(anchor, cursor)];

  function move(step, extend) {
    if (extend && anchor === null) anchor = cursor;
    if (!extend) anchor = null;
    cursor = Math.max(0, Math.min(BUCKETS - 1, cursor + step));
    const [from, to] = ends();
    const left = plot.valToPos(from * length / BUCKETS / 1e6, "x");
    plot.setSelect({ left, top: 0, width: Math.max(plot.valToPos((to + 1) * length / BUCKETS / 1e6, "x") - left, 3), height: plot.over.clientHeight }, false);
    tell(from, to);
  }

  container.addEventListener("keydown", event => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -BUCKETS, End: BUCKETS };
    if (event.key in steps) move(steps[event.key], event.shiftKey);
    else if (event.key === "Enter") choose(...ends().map((bucket, i) => (bucket + i) * length / BUCKETS / 1e6));
    else return;
    event.preventDefault();
  });

  new ResizeObserver(() => { if (plot && container.clientWidth && Math.abs(plot.width - container.clientWidth) > 1) { plot.setSize({ width: container.clientWidth, height: 120 }); showRange(); } }).observe(container);
  theme.onchange(show);
  state.subscribe(({ rows }) => { if (rows) { plot.setData(series()); showRange(); } });
  show();
})();
