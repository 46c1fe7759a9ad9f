// Light, dark, or what the system says.
"use strict";
(() => {
  const button = report.byId("theme-button"), root = document.documentElement;
  const names = ["auto", "light", "dark"], listeners = [];
  const system = matchMedia("(prefers-color-scheme: dark)");

  const remembered = () => { try { return localStorage.getItem("sunshim-theme"); } catch { return null; } };
  const remember = name => { try { localStorage.setItem("sunshim-theme", name); } catch { /* pages from files may not */ } };
  let current = names.includes(remembered()) ? remembered() : "auto";

  function apply() {
    root.dataset.theme = current;
    root.dataset.shown = current === "auto" ? (system.matches ? "dark" : "light") : current;
    button.textContent = { auto: "Theme: as system", light: "Theme: light", dark: "Theme: dark" }[current];
    for (const listener of listeners) listener();
  }

  report.theme = {
    next() {
      current = names[(names.indexOf(current) + 1) % names.length];
      remember(current);
      apply();
    },
    onchange: listener => listeners.push(listener),
    colour: name => getComputedStyle(root).getPropertyValue(`--${name}`).trim(),
  };
  button.addEventListener("click", report.theme.next);
  system.addEventListener("change", apply);
  // Paper is white.
  addEventListener("beforeprint", () => {
    root.dataset.shown = "light";
    for (const listener of listeners) listener();
  });
  addEventListener("afterprint", apply);
  apply();
})();
