// Runs before anything is painted, so that no page flashes in the wrong colours.
(function () {
  "use strict";
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    let chosen = null;
    try { chosen = localStorage.getItem("frontview-theme"); } catch { /* storage may be forbidden */ }
    root.dataset.theme = chosen || (system.matches ? "dark" : "light");
  }
  system.addEventListener("change", apply);
  apply();
})();
