// A button that shares an insight, takes it back, or starts or ends a trial: posts where `data-work` says.
(function () {
  "use strict";
  async function work(button) {
    const { to, ...wish } = JSON.parse(button.dataset.work);
    button.setAttribute("aria-busy", "true");
    const answer = await fetch(`${to}?${new URLSearchParams(wish)}`, { method: "POST" }).catch(() => null);
    const told = answer ? await answer.json().catch(() => ({})) : {};
    button.removeAttribute("aria-busy");
    const words = answer?.ok ? told.done : told.error || "The server did not answer; try again.";
    const said = button.closest(".page")?.querySelector(".work-said") || document.getElementById("announce");
    if (said) said.textContent = words;
    if (!answer?.ok) button.title = words;
  }
  // Before the row is asked, which would open its cases.
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button[data-work]");
    if (!button) return;
    e.stopPropagation();
    work(button);
  }, true);
})();
