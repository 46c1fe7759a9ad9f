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

  const units = [[86400e9, "d"], [3600e9, "h"], [60e9, "min"], [1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
  report.duration = ns => {
    if (ns === undefined) return "";
    const [unit, name] = units.find(([unit]) => ns >= unit) || [1, "ns"];
    const value = ns / unit;
    return `${value >= 100 || unit === 1 ? Math.round(value) : value.toPrecision(3)} ${name}`;
  };

  const first = data.count ? data.time[0] : 0;
  // Seconds; from an hour on, days, hours and minutes.
  report.sinceStart = (microseconds, seconds = "") => {
    const since = microseconds - first, two = n => String(Math.floor(n)).padStart(2, "0");
    if (since < 3600e6) return `+${(since / 1e6).toFixed(6)}${seconds}`;
    const days = Math.floor(since / 86400e6), rest = String(Math.round(since % 1e6)).padStart(6, "0");
    return `+${days ? `${days}d ` : ""}${two(since / 3600e6 % 24)}:${two(since / 60e6 % 60)}:${two(since / 1e6 % 60)}.${rest}`;
  };
  report.clock = microseconds => new Date(microseconds / 1000).toISOString().replace("Z", String(Math.round(microseconds % 1000)).padStart(3, "0") + "Z");
  report.count = n => n.toLocaleString("en");
  report.plural = (n, one, many = one + "s") => `${report.count(n)} ${n === 1 ? one : many}`;

  // `text` with what was searched for marked in it.
  report.marked = text => {
    const words = report.searched, lower = text.toLowerCase(), parts = [];
    if (!words.length || lower.length !== text.length) return [text];
    for (let at = 0; at < text.length;) {
      const found = words.map(word => [lower.indexOf(word, at), word.length]).filter(([where]) => where >= 0).sort((a, b) => a[0] - b[0] || b[1] - a[1])[0];
      const from = found ? found[0] : text.length;
      if (from > at) parts.push(text.slice(at, from));
      if (found) parts.push(report.el("mark", {}, text.slice(from, from + found[1])));
      at = found ? from + found[1] : text.length;
    }
    return parts;
  };
  report.searched = []; // words, in lower case

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
