// The rule lab: the text of the rules, a trial that runs on the server and is asked about, and judgements of hits.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const $ = (id) => document.getElementById(id);
  const EVERY_MS = 400;
  const STARTER = `pack: our-rules
title: Our own promises
rules:
  - id: OUR-01
    title: A quote is followed up within five business days
    object: opportunity
    template: response
    activation: {activity: quote.sent}
    target: {activity: [msg.out, call.out, meeting.held]}
    within: 5 business days
    severity: medium
    help: Write or call the customer.
`;
  let rule = "", draft = STARTER, tried = null, timer = 0, asking = 0;

  async function talk(told) {
    const answer = await fetch("/lab", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ rule, ...told }) }).catch(() => null);
    const said = answer ? await answer.json().catch(() => null) : null;
    if (!said || said.error) throw Object.assign(new Error(said?.error || "The server did not answer; try again."), { line: said?.line });
    return said;
  }
  function wrong(error) {
    const said = $("lab-error"), text = $("lab-text");
    said.textContent = error.line ? `Line ${error.line}: ${error.message}` : error.message;
    said.hidden = false;
    text.setAttribute("aria-invalid", "true");
    if (!error.line) return;
    const lines = text.value.split("\n"), begin = lines.slice(0, error.line - 1).join("\n").length + (error.line > 1 ? 1 : 0);
    text.focus({ preventScroll: true });
    text.setSelectionRange(begin, begin + (lines[error.line - 1] || "").length);
    text.scrollTop = Math.max(0, (error.line - 4) * parseFloat(getComputedStyle(text).lineHeight));
  }
  function right() { $("lab-error").hidden = true; $("lab-text").removeAttribute("aria-invalid"); }

  function show(said) {
    const isGoing = said.state === "running" || said.state === "waiting";
    for (const [id, html] of Object.entries(said.parts)) fv.patch($(id), html);
    $("lab-run").textContent = isGoing ? "Try this text instead" : "Try it";
    $("lab-stop").hidden = !isGoing;
    tried = said.state === "none" ? null : said.text;
    stale();
    fv.patched();
    clearTimeout(timer);
    if (isGoing) timer = setTimeout(() => look().catch(wrong), EVERY_MS);
    else if (said.state !== "none" && asking) { asking = 0; $("announce").textContent = said.state === "done" ? "The trial is through." : "The trial has ended."; }
    return said;
  }
  const look = async (more) => show(await talk({ action: "look", ...more }));
  function stale() { $("lab-stale").hidden = tried === null || $("lab-text").value === tried; }

  async function run() {
    right();
    asking = 1;
    try {
      const form = $("lab-form");
      await talk({ action: "run", text: $("lab-text").value, since: form.since.value, until: form.until.value, closed: form.closed.checked, reviewers: Number(form.reviewers.value) }).then(show);
    } catch (error) { wrong(error); }
  }
  async function pick(place) {
    right();
    if (place === "") $("lab-text").value = draft;
    else try { $("lab-text").value = (await talk({ action: "pack", place: Number(place) })).text; } catch (error) { wrong(error); }
    $("lab-text").scrollTop = 0;
    stale();
  }

  function build(slot) {
    slot.dataset.filled = "1";
    slot.innerHTML = `<form id="lab-form">
      <label for="lab-pack">Pack</label><span class="pick"><select id="lab-pack"><option value="">Text of my own</option></select></span>
      <label for="lab-text">Rules in YAML</label>
      <textarea id="lab-text" rows="18" spellcheck="false" autocapitalize="off" autocomplete="off" wrap="off" maxlength="100000" aria-describedby="lab-error"></textarea>
      <p id="lab-error" class="said" role="alert" hidden></p>
      <div class="lab-wish">
        <label>Since <input name="since" type="date"></label><label>Before <input name="until" type="date"></label>
        <label>Reviewers <input name="reviewers" type="number" min="1" max="1000" value="1" required></label>
        <label title="What is still pending then is violated"><input name="closed" type="checkbox"> every object has ended</label>
        <span class="acts"><button type="submit" id="lab-run" class="small main">Try it</button><button type="button" id="lab-stop" class="small" hidden>Stop</button></span>
      </div>
      <p id="lab-stale" class="note amber" hidden>The text has changed since it was tried.</p></form>`;
    $("lab-text").value = draft;
    $("lab-text").addEventListener("input", () => { draft = $("lab-text").value; $("lab-pack").value = ""; right(); stale(); });
    $("lab-pack").addEventListener("change", (e) => pick(e.target.value));
    $("lab-form").addEventListener("submit", (e) => { e.preventDefault(); run(); });
    $("lab-stop").addEventListener("click", () => talk({ action: "stop" }).then(show, wrong));
  }
  async function begin() {
    try {
      const said = await look({ is_first: true }), picker = $("lab-pack");
      said.packs.forEach((pack, place) => {
        const words = [pack.title, pack.own ? "our own" : "", pack.off ? "off unless switched on" : ""].filter(Boolean).join(" · ");
        picker.append(new Option(words, String(place)));
      });
      if (said.text) {
        const form = $("lab-form");
        $("lab-text").value = draft = said.text;
        [form.since.value, form.until.value] = said.days;
        [form.closed.checked, form.reviewers.value] = [said.closed, said.reviewers];
        stale();
      }
    } catch (error) { wrong(error); }
  }

  async function judge(button) {
    try {
      await talk(JSON.parse(button.dataset.lab)).then(show);
      $("announce").textContent = "Judged.";
    } catch (error) { $("announce").textContent = error.message; wrong(error); }
  }
  const choose = (row) => { rule = row.dataset.rule; look().then(() => $("lab-hits").closest("section").scrollIntoView({ block: "nearest" }), wrong); };
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button[data-lab]");
    // The row behind the button opens a case; judging does not.
    if (button) { e.stopPropagation(); judge(button); return; }
    const row = e.target.closest("tr[data-rule]");
    if (row) choose(row);
  }, true);
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || fv.view?.() !== "lab") return;
    const at = e.target, row = at.closest?.("#page-lab tr.row");
    if (!row || at.matches("input, select, textarea")) return;
    const all = [...row.parentElement.children], next = all[all.indexOf(row) + (e.key === "ArrowDown" ? 1 : -1)];
    if (row.dataset.rule && (e.key === "ArrowDown" || e.key === "ArrowUp") && next) { e.preventDefault(); next.focus(); }
    else if (row.dataset.rule && at === row && (e.key === "Enter" || e.key === " ")) { e.preventDefault(); choose(row); }
    else if (e.key === "1" || e.key === "2") row.querySelectorAll("[data-lab]")[Number(e.key) - 1]?.click();
  });

  let isBegun = false;
  const watch = () => {
    const slot = document.querySelector('[data-form="lab"]:not([data-filled])');
    if (slot) build(slot);
    const page = $("page-lab");
    if (page && !page.hidden && !isBegun && $("lab-form")) { isBegun = true; begin(); }
  };
  new MutationObserver(watch).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden"] });
})();
