// The officer's desk: the past moment to look at, conformance drawn over time, and what is sent about names in a case.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const svg = (...told) => fv.svg(...told);
  const param = (name) => new URLSearchParams(location.search).get(name) || "";

  // as of: the address holds the moment in UTC, the input shows it in the reader's own time
  const local = (iso) => { const t = new Date(iso); return isNaN(t) ? "" : new Date(t - t.getTimezoneOffset() * 60000).toISOString().slice(0, 16); };
  function asof(slot) {
    slot.dataset.filled = "1";
    slot.innerHTML = '<label for="asof">As of</label><input id="asof" type="datetime-local" min="1970-01-02T00:00"><button class="small" data-filter="asof" data-value="" disabled>Show</button>';
    const [input, show] = [slot.querySelector("input"), slot.querySelector("button")];
    const aim = () => {
      const t = new Date(input.value);
      const fits = input.value && !isNaN(t) && t <= Date.now();
      show.disabled = !fits;
      show.title = input.value && !fits ? "This moment has not come yet" : "";
      if (fits) show.dataset.value = t.toISOString().slice(0, 16) + "Z";
    };
    input.addEventListener("input", aim);
    input.addEventListener("keydown", (e) => { if (e.key === "Enter" && !show.disabled) show.click(); });
    const sync = () => { if (document.activeElement !== input) input.value = local(param("asof")); };
    sync();
    window.addEventListener("popstate", sync);
    document.addEventListener("click", () => setTimeout(sync));
  }
  const watch = new MutationObserver(() => { for (const slot of document.querySelectorAll('[data-form="asof"]:not([data-filled])')) asof(slot); });
  watch.observe(document.documentElement, { childList: true, subtree: true });

  // what an officer sends: a form or a button with `data-send`; what was wrong is said beside it
  async function send(el, more) {
    const said = el.closest(".names")?.querySelector(".said");
    const answer = await fetch("/compliance", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ...JSON.parse(el.dataset.send), ...more }) }).catch(() => null);
    const told = answer ? await answer.json().catch(() => ({})) : {};
    if (!answer || !answer.ok) { if (said) said.textContent = told.error || "The server did not answer; try again."; return; }
    // The panel is asked for again, as what it says of people has changed.
    if (param("open")) window.dash_clientside.set_props("ask", { data: { open: param("open"), view: fv.view(), query: Object.fromEntries(new URLSearchParams(location.search)), from: "panel", n: Date.now() } });
  }
  document.addEventListener("submit", (e) => {
    if (!e.target.matches("form[data-send]")) return;
    e.preventDefault();
    send(e.target, Object.fromEntries(new FormData(e.target)));
  });
  document.addEventListener("click", (e) => { const b = e.target.closest("button[data-send]"); if (b) send(b, {}); });

  // conformance: bars of activations, met below and what is not met upon it, and the rate as a line
  const day = (d) => new Date(d * 864e5).toLocaleDateString([], { day: "numeric", month: "short", timeZone: "UTC" });
  fv.drawRates = function (el, d, big) {
    const w = Math.max(80, el.clientWidth), h = big ? 150 : 30, box = big ? { l: 30, r: 34, t: 8, b: 20 } : { l: 1, r: 1, t: 2, b: 2 };
    const n = d.steps.length, top = Math.max(1, ...d.steps.map((s) => s[0] + s[1] + s[2] + s[3]));
    const step = (w - box.l - box.r) / n, x = (i) => box.l + i * step, y = (v) => h - box.b - (v / top) * (h - box.t - box.b);
    const s = svg("svg", { viewBox: `0 0 ${w} ${h}`, width: w, height: h, "aria-hidden": "true", class: "rates-svg" });
    if (big) for (const v of [0, .5, 1]) {
      svg("line", { x1: box.l, x2: w - box.r, y1: y(v * top), y2: y(v * top), class: "grid-line" }, s);
      svg("text", { x: box.l - 5, y: y(v * top) + 4, "text-anchor": "end" }, s, Math.round(v * top));
      svg("text", { x: w - box.r + 5, y: y(v * top) + 4 }, s, v * 100 + "%");
    }
    const thin = step > 4 ? 1 : 0;
    d.steps.forEach((counts, i) => {
      let base = 0;
      const bar = svg("g", {}, s);
      // As they come: met, violated, pending, unknown; what is not decided lies on top, pending last.
      [["met", 0], ["violated", 1], ["unknown-part", 3], ["pending-part", 2]].forEach(([name, k]) => {
        if (counts[k] > 0) svg("rect", { x: x(i), y: y(base + counts[k]), width: Math.max(1, step - thin), height: Math.max(.8, y(base) - y(base + counts[k])), class: name }, bar);
        base += Math.max(0, counts[k]);
      });
      svg("title", {}, bar, `${day(d.first + i * d.days)}: ${counts[0]} met, ${counts[1]} violated, ${counts[2]} pending, ${counts[3]} unknown`);
    });
    let line = "", open = false;
    d.steps.forEach(([met, violated], i) => {
      if (met + violated < 1) { open = false; return; }
      line += (open ? "L" : "M") + (x(i) + step / 2).toFixed(1) + " " + y((met / (met + violated)) * top).toFixed(1);
      open = true;
    });
    if (line) svg("path", { d: line.includes("L") ? line : line + "h.1", class: "rate" }, s);
    if (big) for (const i of n > 1 ? [0, n - 1] : [0]) svg("text", { x: i ? w - box.r : box.l, y: h - 5, "text-anchor": i ? "end" : "start" }, s, day(d.first + i * d.days));
    el.replaceChildren(s);
  };
})();
