// What a person says of a row (put off, not mine, dispute), and how they want to be told: small JSON posts.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const $ = (id) => document.getElementById(id);

  async function talk(told) {
    const answer = await fetch("/mirror", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(told) }).catch(() => null);
    const said = answer ? await answer.json().catch(() => ({})) : {};
    if (!answer || !answer.ok) throw new Error(said.error || "The server did not answer; try again.");
    return said;
  }
  // Tomorrow is the reader's: eight in the morning of the next day where he is.
  function tomorrow() { const t = new Date(); t.setDate(t.getDate() + 1); t.setHours(8, 0, 0, 0); return t.getTime(); }
  function announce(words) { const at = $("announce"); if (at) at.textContent = words; }
  function show(place, words, ok) { if (place) { place.textContent = words; place.classList.toggle("ok", Boolean(ok)); } announce(words); }

  async function say(button) {
    const told = JSON.parse(button.dataset.mine);
    if (told.tomorrow) { delete told.tomorrow; told.until_ms = tomorrow(); }
    button.disabled = true;
    try {
      const said = await talk(told);
      if (said.address) return offer(said.address, "The address of the panel; it stands for you, so give it to your own programs only.");
      // The list keeps still under the pointer; what was just said shows at once and is put right by the next frame.
      const row = button.closest("tr, li");
      if (row) row.classList.add("soft");
      button.textContent = "done";
      announce("Done.");
      if (document.activeElement === button || button.matches(":hover")) { button.blur(); }
    } catch (error) { button.title = error.message; button.textContent = "not done"; announce(error.message); }
    finally { button.disabled = false; }
  }
  // Before the row's own click, which would open its evidence.
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-mine]");
    if (!button) return;
    e.stopPropagation();
    say(button);
  }, true);
  document.addEventListener("keydown", (e) => { if (e.target.closest("[data-mine]")) e.stopPropagation(); }, true);

  const hhmm = (m) => String(Math.floor(m / 60)).padStart(2, "0") + ":" + String(m % 60).padStart(2, "0");
  const WAYS = { mail: "Mail", slack: "Slack", webhook: "Webhook" };
  function offer(address, words) {
    const box = $("mine-address");
    if (!box) return;
    box.hidden = false;
    box.querySelector("input").value = address;
    box.querySelector("p").textContent = words;
    box.querySelector("input").focus();
    box.querySelector("input").select();
  }
  function build(slot) {
    slot.dataset.filled = "1";
    slot.innerHTML = `<form>
      <label for="mine-via">By</label><select id="mine-via" name="via"><option value="">nothing</option></select>
      <label for="mine-morning">Morning list at</label><input id="mine-morning" name="morning" type="time" value="08:00">
      <label for="mine-before">Before a deadline</label><select id="mine-before" name="before_min"><option value="0">no nudge</option><option value="15">15 min</option><option value="30">30 min</option><option value="60" selected>1 h</option><option value="120">2 h</option><option value="240">4 h</option></select>
      <label for="mine-most">At most a day</label><input id="mine-most" name="at_most" type="number" min="1" max="50" value="5" required>
      <span></span><button class="small main">Keep</button></form>
      <p class="said-mine" role="status"></p>
      <h3>Calendar of my deadlines</h3><p class="soft" id="mine-feed"></p>
      <div class="acts"><button type="button" class="small" data-feed="feed">Make a new address</button><button type="button" class="small" data-feed="end feed" hidden>End it</button></div>
      <div id="mine-address" hidden><input class="address" readonly aria-label="The address"><p class="soft foot"></p></div>`;
    const form = slot.querySelector("form"), said = slot.querySelector(".said-mine");
    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      const f = Object.fromEntries(new FormData(form));
      const [h, m] = f.morning ? f.morning.split(":").map(Number) : [0, -1];
      try {
        await talk({ action: "choose", via: f.via, zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC", morning: f.morning ? h * 60 + m : -1, before_min: Number(f.before_min), at_most: Number(f.at_most) });
        show(said, "Kept.", true);
      } catch (error) { show(said, error.message); }
    });
    slot.addEventListener("click", async (e) => {
      const b = e.target.closest("[data-feed]");
      if (!b) return;
      try {
        const told = await talk({ action: b.dataset.feed });
        if (told.address) offer(told.address, "Subscribe to this address in your calendar. It is shown only now; a new one ends it.");
        else $("mine-address").hidden = true;
        fill(slot);
      } catch (error) { show(said, error.message); }
    });
    fill(slot);
  }
  async function fill(slot) {
    const told = await talk({ action: "choices" }).catch(() => null);
    if (!told) return;
    document.body.dataset.embed = told.embed ? "1" : "";
    const form = slot.querySelector("form"), via = form.elements.via;
    for (const way of told.ways) if (![...via.options].some((o) => o.value === way)) via.append(new Option(WAYS[way], way));
    if (!told.ways.length) show(slot.querySelector(".said-mine"), "No way is set up yet; an administrator does that under [nudges].", true);
    if (told.last === "failed") show(slot.querySelector(".said-mine"), "The last message to you could not be sent.");
    if (told.chosen) {
      via.value = told.chosen.via;
      form.elements.morning.value = told.chosen.morning < 0 ? "" : hhmm(told.chosen.morning);
      form.elements.before_min.value = String(told.chosen.before_min);
      form.elements.at_most.value = told.chosen.at_most;
    }
    $("mine-feed").textContent = told.feed ? "Made " + new Date(told.feed / 1000).toLocaleDateString() + ". Whoever has the address reads it: rules, numbers and times, no names." : "None yet. It tells rules, numbers and times, no names.";
    slot.querySelector('[data-feed="end feed"]').hidden = !told.feed;
  }
  new MutationObserver(() => { for (const slot of document.querySelectorAll('[data-form="mine"]:not([data-filled])')) build(slot); })
    .observe(document.documentElement, { childList: true, subtree: true });
})();
