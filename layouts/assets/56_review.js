// The review queue: an officer's deeds are posted, the panel is told again what came of them, and keys do the same.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const $ = (id) => document.getElementById(id);
  const rows = () => [...document.querySelectorAll("#review-queue tr[data-open^='item:']")];
  const isHere = () => fv.view && fv.view() === "review";
  let isBusy = false, again = 0;

  async function post(told) {
    const answer = await fetch("/review", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(told) });
    if (answer.ok) return;
    const said = await answer.json().catch(() => ({ error: "the server did not answer; try again" }));
    throw new Error(said.error);
  }
  function say(text) { const said = $("review-said"); if (said) said.textContent = text; }
  function reopen(item) {
    const query = Object.fromEntries(new URLSearchParams(location.search));
    window.dash_clientside.set_props("ask", { data: { open: `item:${item}`, view: "review", query, from: "again", n: `again ${++again}` } });
  }
  async function act(told, wantsText) {
    const words = $("review-text"), text = words ? words.value.trim() : "";
    if (wantsText && !text) { say("Write why first; then press the button again."); if (words) words.focus(); return; }
    if (isBusy) return;
    isBusy = true;
    for (const b of document.querySelectorAll("[data-review]")) b.disabled = true;
    try {
      await post({ ...told, text });
      say("");
      if (words) words.value = "";
      $("announce").textContent = `Item ${told.item}: done (${told.action}).`;
      if (isOpen(told.item)) { $("drawer").focus({ preventScroll: true }); reopen(told.item); }
      else claimed(told.item);
    } catch (error) {
      say(error.message);
      $("announce").textContent = error.message;
      // From a row there is no place for the reason: the item's own panel tells it.
      if (!isOpen(told.item)) row(told.item)?.click();
    } finally {
      isBusy = false;
      for (const b of document.querySelectorAll("[data-review]")) b.disabled = false;
    }
  }
  const row = (item) => document.querySelector(`#review-queue tr[data-open="item:${item}"]`);
  // The list keeps still under the focus, so what was just done in it is shown at once and put right by the next frame.
  function claimed(item) { const cell = row(item)?.lastElementChild; if (cell) cell.textContent = "claimed by you"; }
  const isOpen = (item) => !$("drawer").hidden && $("review-work")?.dataset.item === String(item);

  // The row that keys are about: the one in focus, else the one whose item is open.
  function current() {
    const focused = document.activeElement?.closest?.("#review-queue tr[data-open]");
    const open = new URLSearchParams(location.search).get("open");
    return focused || rows().find((row) => row.dataset.open === open) || null;
  }
  function move(by) {
    const all = rows(), at = all.indexOf(current()), next = all[at < 0 ? 0 : at + by];
    if (!next) return;
    // With the panel open the next item opens in it, so that a queue is worked through without the pointer.
    if (!$("drawer").hidden && $("review-work")) next.click(); else next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function press(key) {
    const button = document.querySelector(`#drawer:not([hidden]) [data-review][data-key="${key}"]`);
    if (button) { button.click(); return true; }
    const at = key === "c" && $("drawer").hidden && current();
    if (at) { act({ action: "claim", item: Number(at.dataset.open.slice(5)) }, false); return true; }
    return false;
  }

  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-review]");
    if (button) act(JSON.parse(button.dataset.review), button.dataset.wants === "text");
  });
  document.addEventListener("keydown", (e) => {
    if (!isHere() || e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input, select, textarea")) return;
    if (e.key === "j" || e.key === "k") { e.preventDefault(); move(e.key === "j" ? 1 : -1); }
    else if (["c", "1", "2", "3", "4"].includes(e.key) && press(e.key)) e.preventDefault();
  });

  // Whoever comes to the page sees what is known now, not half a minute ago.
  let isShown = false;
  const watch = () => {
    const page = $("page-review"), shows = Boolean(page && !page.hidden);
    if (shows && !isShown) post({ action: "look" }).catch(() => {});
    isShown = shows;
  };
  new MutationObserver(watch).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] });
})();
