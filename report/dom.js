// Small things all views need. Text gets into the page by textContent alone.
"use strict";
(() => {
  const { data } = report;

  // el("li", { class: "x", title: "y", onclick: f }, "text", child)
  report.el = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
    }
    element.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
    return element;
  };

  report.byId = id => document.getElementById(id);

  const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
  report.duration = ns => {
    if (ns === undefined) return "";
    const [unit, name] = units.find(([unit]) => ns >= unit) || [1, "ns"];
    const value = ns / unit;
    return `${value >= 100 || unit === 1 ? Math.round(value) : value.toPrecision(3)} ${name}`;
  };

  const first = data.count ? data.time[0] : 0;
  report.sinceStart = microseconds => `+${((microseconds - first) / 1e6).toFixed(6)}`;
  report.clock = microseconds => new Date(microseconds / 1000).toISOString().replace("Z", String(Math.round(microseconds % 1000)).padStart(3, "0") + "Z");
  report.count = n => n.toLocaleString("en");
  report.plural = (n, one, many = one + "s") => `${report.count(n)} ${n === 1 ? one : many}`;

  // Result of a record in a word or two.
  report.outcome = row => {
    const errno = data.text("errno", row), result = data.number("result", row);
    const kind = data.kinds[data.kind[row]];
    if (kind !== "TRACE") return errno || "";
    return result === undefined ? errno : result < 0 ? errno || String(result) : String(result);
  };

  // Arrow keys in a list: `move(step)`, or `move(-Infinity)` and `move(Infinity)` for its ends.
  report.listKeys = (element, { page = 10, move, enter }) => element.addEventListener("keydown", event => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in steps) move(steps[event.key]);
    else if (event.key === "Enter" || event.key === " ") enter();
    else return;
    event.preventDefault();
  });

  report.copyButton = text => report.el("button", { type: "button", class: "copy", tabindex: "-1", title: "Copy",
    onclick: event => {
      event.stopPropagation();
      const area = report.el("textarea", { class: "offscreen" });
      document.body.append(area);
      area.value = text;
      area.select();
      document.execCommand("copy"); // navigator.clipboard is not there in pages from files
      area.remove();
      event.currentTarget.textContent = "copied";
    } }, "copy");
})();
