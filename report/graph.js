// The graph itself: cytoscape draws it, this says what and where.
"use strict";
(() => {
  const { data, state, theme, el, byId } = report;
  const container = byId("graph"), grouping = byId("group-processes"), layout = byId("layout"), says = byId("graph-says");
  const ROW = 44, CLOSER = 36, MANY = 40, HIGHEST = 4800, FREE = 640, LABELLED = 12;
  const NARROW = 720; // pixels of the window's graph under which there are two columns, of smaller boxes
  const wide = { column: 420, box: 210 }, small = { column: 205, box: 150 };
  let sizes = wide;
  grouping.checked = report.groupAtFirst;

  const cy = cytoscape({ container, autoungrabify: false, boxSelectionEnabled: false, minZoom: 0.1, maxZoom: 3 });
  let model = { nodes: [], lines: [], hidden: 0 };
  let cursor = null; // the node that the keyboard is at

  // A name's end says more than its middle.
  const pen = document.createElement("canvas").getContext("2d");
  function shortened(name, room) {
    pen.font = "600 13px system-ui, sans-serif";
    const letters = [...name], fits = text => pen.measureText(text).width <= room;
    if (letters.length < 80 && fits(name)) return name;
    for (let keep = Math.min(letters.length - 1, 80); keep > 2; keep--) {
      const head = Math.floor(keep * 0.35), text = `${letters.slice(0, head).join("")}…${letters.slice(head - keep).join("")}`;
      if (fits(text)) return text;
    }
    return "…";
  }

  // --- Looks ---------------------------------------------------------------------------

  function styles() {
    const c = theme.colour;
    const line = (kind, colour, more = {}) => ({ selector: `edge[kind="${kind}"]`,
      style: { "line-color": c(colour), "target-arrow-color": c(colour), color: c(colour), ...more } });
    return [
      { selector: "node", style: { label: "data(shown)", "font-size": 13, "font-family": "system-ui, sans-serif", color: c("text"),
        "text-valign": "center", "text-halign": "center", width: sizes.box, height: 30,
        "background-color": c("node"), "border-width": 1.5, "border-color": c("node-line"), shape: "round-rectangle" } },
      { selector: 'node[type="process"]', style: { shape: "cut-rectangle", "background-color": c("process"), "border-color": c("process-line"), "font-weight": 600 } },
      { selector: "node[?stranger]", style: { "border-style": "dotted" } },
      { selector: "node[?grouped]", style: { "border-style": "double", "border-width": 4 } },
      { selector: "node[?denied]", style: { "border-color": c("denied"), "border-width": 2.5 } },
      { selector: "edge", style: { width: "data(width)", "curve-style": "bezier", "target-arrow-shape": "triangle", "arrow-scale": 0.9,
        "font-size": 11, "text-wrap": "wrap", "text-max-width": sizes.column - sizes.box - 24, "text-background-color": c("card"),
        "text-background-opacity": 0.9, "text-background-padding": 2, "source-text-offset": 86, "target-text-offset": 86 } },
      { selector: "edge.sideways", style: { "source-endpoint": "data(from)", "target-endpoint": "data(to)" } },
      line("usual", "line", { color: c("muted") }), line("failed", "line", { color: c("muted"), "line-style": "dotted" }),
      line("denied", "denied", { "target-arrow-shape": "tee", "arrow-scale": 1.3 }), line("injected", "injected"),
      line("leak", "leak", { "line-style": "dashed" }),
      { selector: "edge.named", style: { label: "data(says)" } },
      { selector: "edge.named.sideways[labelled='source']", style: { label: "", "source-label": "data(says)" } },
      { selector: "edge.named.sideways[labelled='target']", style: { label: "", "target-label": "data(says)" } },
      { selector: ".faded", style: { opacity: 0.15 } },
      { selector: "node.chosen", style: { "border-color": c("accent"), "border-width": 4 } },
      { selector: "edge.chosen", style: { width: 5, "z-index": 9 } },
      { selector: "node.cursor", style: { "outline-color": c("accent"), "outline-width": 3, "outline-offset": 3 } },
    ];
  }

  // --- Places: who asks on the left, sockets in the middle, who answers on the right ------

  // Lines leave and reach boxes at their sides.
  function sides() {
    const x = new Map(model.nodes.map(node => [node.key, columnOf(node)]));
    cy.edges().forEach(edge => {
      const rightwards = x.get(edge.source().id()) < x.get(edge.target().id());
      edge.data(rightwards ? { from: "90deg", to: "270deg" } : { from: "270deg", to: "90deg" });
      edge.data("labelled", labelled(edge));
    });
    cy.edges().addClass("sideways");
  }

  function columnOf(node) {
    if (node.type === "socket") return 1;
    if (sizes === small) return 0;
    return model.lines.some(line => line.process === node.node && line.answers) ? 2 : 0;
  }

  // Each node beside the middle of its neighbours, some rounds of it: fewer lines cross.
  function settle(columns, neighbours) {
    const at = new Map();
    const number = list => list.forEach((node, i) => at.set(node.key, i - list.length / 2));
    columns.forEach(number);
    for (let round = 0; round < 8; round++)
      for (const column of columns) {
        const want = new Map(column.map(node => {
          const places = (neighbours.get(node.key) || []).map(key => at.get(key));
          return [node.key, places.length ? places.reduce((a, b) => a + b, 0) / places.length : at.get(node.key)];
        }));
        column.sort((a, b) => want.get(a.key) - want.get(b.key) || (a.label < b.label ? -1 : 1));
        number(column);
      }
    return at;
  }

  // Where many lines meet there is no room for words: they stand at the other end.
  function labelled(edge) {
    const from = edge.source().degree(), to = edge.target().degree();
    return from === to ? "middle" : from < to ? "source" : "target";
  }

  function inColumns() {
    const columns = [[], [], []];
    for (const node of model.nodes) columns[columnOf(node)].push(node);
    return columns;
  }
  const tallest = () => Math.max(...inColumns().map(column => column.length));
  const rowOf = most => most > MANY ? CLOSER : ROW;

  function places() {
    const columns = inColumns(), neighbours = new Map();
    for (const line of model.lines)
      for (const [one, other] of [[line.process, line.socket], [line.socket, line.process]])
        neighbours.set(one.key, [...(neighbours.get(one.key) || []), other.key]);
    const at = settle(columns, neighbours), most = tallest();
    const positions = {};
    columns.forEach((column, x) => column.forEach(node => {
      const gap = rowOf(most) * Math.min(3, Math.max(1, most / column.length));
      positions[node.key] = { x: x * sizes.column, y: at.get(node.key) * gap };
    }));
    return positions;
  }

  // --- Drawing --------------------------------------------------------------------------

  function elements() {
    const denied = new Set(model.lines.filter(line => line.denied).flatMap(line => [line.process, line.socket]));
    return model.nodes.map(node => ({ data: { id: node.key, label: node.label, shown: shortened(node.label, sizes.box - 16), type: node.type, grouped: node.grouped,
      denied: denied.has(node.node), stranger: node.type === "process" && node.ids.every(id => !data.processes[id].seen) } }))
      .concat(model.lines.map(line => ({ data: { id: line.key, says: line.says, kind: line.kind,
        source: line.answers ? line.socket.key : line.process.key, target: line.answers ? line.process.key : line.socket.key,
        width: 1.2 + Math.min(4, Math.log10(1 + line.total)) } })));
  }

  function draw() {
    sizes = narrow() ? small : wide;
    cy.style(styles());
    model = report.graphModel(state.base, { group: grouping.checked, withOthers: !state.filtered() });
    cy.batch(() => {
      cy.elements().remove();
      cy.add(elements());
    });
    cursor = null;
    arrange();
    byId("graph-more").hidden = model.hidden === 0;
    says.textContent = `${report.plural(model.nodes.length, "node")}, ${report.plural(model.lines.length, "line")}` +
      (model.hidden ? `; ${report.count(model.hidden)} processes and sockets are in groups` : "");
    if (!model.nodes.length) says.textContent = state.filtered() ? "No socket with a name is left by the filters." : "The records name no sockets.";
    mark();
  }

  // Room for all boxes, and as much again for lines.
  function freeRoom() {
    const w = Math.max(1400, Math.sqrt(model.nodes.length * 250 * 80 * 4));
    return { x1: 0, y1: 0, w, h: w / 1.7 };
  }

  function arrange() {
    const columns = layout.value === "columns";
    const options = columns ? { name: "preset", positions: places() }
      : { name: "cose", animate: false, randomize: false, idealEdgeLength: () => 130, nodeOverlap: 40, nodeRepulsion: () => 3e6,
          numIter: model.lines.length > 500 ? 150 : 1000, boundingBox: freeRoom() };
    // Not "": what is in it would keep the height that it had.
    container.style.height = `${columns ? Math.min(HIGHEST, tallest() * rowOf(tallest()) * 0.75 + 60) : FREE}px`;
    cy.edges().removeClass("sideways");
    if (!columns) cy.layout({ name: "preset", positions: places() }).run(); // the same picture each time
    cy.layout(options).run();
    if (columns) sides();
    fit();
  }

  let fitted = true; // until somebody zooms or moves it
  function fit() {
    fitted = true;
    cy.resize();
    cy.fit(undefined, 24);
    if (cy.zoom() > 1.2) {
      cy.zoom(1.2);
      cy.center();
    }
  }

  const byHand = () => { fitted = false; };
  // The wheel alone is the page's, which could not be scrolled past the graph otherwise.
  container.parentElement.addEventListener("wheel", event => { if (!event.ctrlKey) event.stopPropagation(); }, { capture: true, passive: true });
  cy.on("scrollzoom dragpan pinchzoom", byHand);

  // What belongs to the selection stays, the rest fades.
  function mark() {
    const { selection } = state;
    cy.batch(() => {
      cy.elements().removeClass("faded chosen named");
      if (model.lines.length <= LABELLED && sizes === wide) cy.edges().addClass("named");
      if (!selection || (!selection.processes.size && !selection.sockets.size)) return;
      const has = node => node.ids.some(id => (node.type === "process" ? selection.processes : selection.sockets).has(id));
      const chosen = model.nodes.filter(has).map(node => cy.getElementById(node.key));
      const found = chosen.reduce((all, node) => all.union(node), cy.collection());
      const joined = selection.what === "link" || selection.what === "rows" ? found.edgesWith(found) : found.connectedEdges();
      found.addClass("chosen");
      cy.elements().not(found).not(joined).not(joined.connectedNodes()).addClass("faded");
      joined.addClass("named");
      if (selection.what === "link") joined.addClass("chosen");
    });
  }

  // --- Choosing ---------------------------------------------------------------------------

  function choose(id) {
    const node = model.nodes.find(node => node.key === id), line = model.lines.find(line => line.key === id);
    if (node) (node.type === "process" ? state.selectProcesses : state.selectSockets)(node.label, node.ids);
    else if (line) state.selectLink(`${line.process.label}, ${line.socket.label}: ${line.says}`, line.process.ids, line.socket.ids);
  }

  function goTo(node) {
    cy.nodes().removeClass("cursor");
    cursor = node;
    if (!node) return;
    node.addClass("cursor");
    const box = node.renderedBoundingBox();
    if (box.x1 < 0 || box.y1 < 0 || box.x2 > cy.width() || box.y2 > cy.height()) byHand(), cy.center(node);
    const lines = node.connectedEdges().map(edge => edge.data("says")).slice(0, 4).join("; ");
    says.textContent = `${node.data("type")} ${node.data("label")}: ${lines || "no lines"}`;
  }

  // The nearest node on that side; what lies straight ahead counts as nearer.
  function step(dx, dy) {
    if (!cursor) return goTo(cy.nodes().min(node => node.position("x") * 1e4 + node.position("y")).ele);
    const from = cursor.position();
    const nearest = cy.nodes().not(cursor).filter(node => {
      const ahead = (node.position("x") - from.x) * dx + (node.position("y") - from.y) * dy;
      return ahead > 1 && (dx === 0 ? Math.abs(node.position("x") - from.x) < sizes.column / 2 || layout.value === "cose" : true);
    }).min(node => Math.abs(node.position("x") - from.x) * (dx ? 1 : 3) + Math.abs(node.position("y") - from.y) * (dy ? 1 : 3));
    if (nearest.ele) goTo(nearest.ele);
  }

  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  container.addEventListener("keydown", event => {
    if (event.key in arrows) step(...arrows[event.key]);
    else if ((event.key === "Enter" || event.key === " ") && cursor) choose(cursor.id());
    else if (event.key === "+" || event.key === "-") byHand(), cy.zoom({ level: cy.zoom() * (event.key === "+" ? 1.25 : 0.8), renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
    else return;
    event.preventDefault();
  });
  container.addEventListener("focus", () => { if (!cursor && cy.nodes().length && container.matches(":focus-visible")) step(0, 0); });

  cy.on("tap", "node, edge", event => choose(event.target.id()));
  cy.on("tap", event => { if (event.target === cy && state.selection) state.set({ selection: null }); });
  cy.on("mouseover", "edge", event => event.target.addClass("named"));
  cy.on("mouseout", "edge", mark);
  cy.on("mouseover", "node, edge", event => { container.title = event.target.data("says") || event.target.data("label"); });
  cy.on("mouseout", () => { container.title = ""; });

  byId("graph-fit").addEventListener("click", fit);
  byId("graph-more").addEventListener("click", () => {
    report.graphLimits.processes *= 2;
    report.graphLimits.sockets *= 2;
    if (grouping.checked && report.graphLimits.processes > 100) grouping.checked = false;
    draw();
  });
  grouping.addEventListener("change", draw);
  layout.addEventListener("change", arrange);
  const narrow = () => container.clientWidth > 0 && container.clientWidth < NARROW;
  new ResizeObserver(() => {
    if (!fitted) cy.resize();
    else if (narrow() !== (sizes === small)) draw();
    else fit();
  }).observe(container);
  theme.onchange(() => cy.style(styles()));
  // What is on paper does not wait for the next frame, in which a canvas is drawn.
  addEventListener("beforeprint", () => { if (model.nodes.length) byId("graph-paper").src = cy.png({ full: true, scale: 2, bg: theme.colour("card"), maxWidth: 4000 }); });
  state.subscribe(({ base, rows }) => base ? draw() : rows && mark());

  const legend = byId("graph-legend");
  for (const [kind, text] of [["usual", "calls; arrows go from who asked to who answered"], ["failed", "only failures"], ["denied", "denied"],
                              ["injected", "fault injected"], ["leak", "leaked to another program"]])
    legend.append(el("li", {}, el("span", { class: `stroke ${kind}` }), text));

  draw();
  report.graph = { cy, choose, positions: () => Object.fromEntries(cy.nodes().map(node => [node.id(), node.renderedPosition()])) };
})();
