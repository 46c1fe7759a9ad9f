// Puts the lists into tabs, and listens for the keys that work everywhere.
"use strict";
(() => {
  const { data, state, el, byId } = report;
  const tabs = byId("tabs"), panels = byId("panels");

  const NAMED = 8, unnamed = data.logs.length - NAMED;
  const logs = data.logs.slice(0, NAMED).join(", ") + (unnamed > 0 ? ` and ${report.plural(unnamed, "other log")}` : "");
  byId("about").textContent = [logs, data.count ? report.clock(data.time[0]) : "",
    data.count ? report.plural(data.count, "record") : "no records", data.skipped ? `${report.plural(data.skipped, "other line")} passed over` : "", data.program].filter(Boolean).join(" · ");

  document.title = data.logs.length ? `${logs} - sunshim report` : "sunshim report";

  // An empty graph would look like a run in which nothing happened.
  if (!data.count) {
    byId("nothing").hidden = false;
    byId("nothing-says").textContent = `${logs}: ` + (data.skipped
      ? `${report.plural(data.skipped, "line")}, and none of them is a record of sunshim or AppArmor.` : "nothing is in it.");
    for (const part of document.querySelectorAll(".filters, .pair, .skip")) part.hidden = true;
    document.querySelector(".lists").hidden = !data.rules.length;
  }

  // --- Tabs ----------------------------------------------------------------------------------

  const made = [report.makeTable, ...report.lists].map(make => {
    const panel = el("div", { class: "panel", role: "tabpanel", hidden: true });
    panels.append(panel);
    return { panel, ...make(panel) };
  });
  made.forEach((part, i) => {
    const id = part.title.toLowerCase();
    part.panel.id = `${id}-panel`;
    part.panel.setAttribute("aria-labelledby", `${id}-tab`);
    part.tab = el("button", { type: "button", role: "tab", id: `${id}-tab`, "aria-controls": `${id}-panel`, onclick: () => open(i) });
    tabs.append(part.tab);
  });

  function open(i) {
    made.forEach((part, j) => {
      part.panel.hidden = i !== j;
      part.tab.setAttribute("aria-selected", String(i === j));
      part.tab.tabIndex = i === j ? 0 : -1;
    });
    if (made[i].show) made[i].show();
  }

  report.openList = title => {
    const i = made.findIndex(part => part.title === title);
    open(i);
    made[i].tab.focus();
  };

  tabs.addEventListener("keydown", event => {
    const now = made.findIndex(part => part.tab === document.activeElement), last = made.length - 1;
    const to = { ArrowRight: now === last ? 0 : now + 1, ArrowLeft: now ? now - 1 : last, Home: 0, End: last }[event.key];
    if (to === undefined || now < 0) return;
    open(to);
    made[to].tab.focus();
    event.preventDefault();
  });

  const label = () => made.forEach(part => { part.tab.textContent = `${part.title} ${report.count(part.count())}`; });
  state.subscribe(({ rows }) => rows && label());
  label();
  open(data.count ? 0 : made.findIndex(part => part.title === "Rules"));

  // --- Keys ------------------------------------------------------------------------------------

  const dialog = byId("keys");
  byId("keys-button").addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || dialog.open) return;
    const typing = event.target.matches("input[type=search], select, textarea");
    if (event.key === "Escape") {
      if (typing) event.target.blur();
      report.letGo();
    } else if (typing) return;
    else if (event.key === "/") byId("search").focus();
    else if (event.key === "t") report.theme.next();
    else if (event.key === "?") dialog.showModal();
    else return;
    event.preventDefault();
  });

  // For tests: how long it took until all of this was to be seen.
  requestAnimationFrame(() => requestAnimationFrame(() => { document.documentElement.dataset.ready = String(Math.round(performance.now())); }));
})();
