// The live stream: the HTML of changed parts comes in and is patched into their places; React never looks inside them.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const STALE_MS = 15000;
  let stream = null, news = 0, wait = 1000, timer = 0, paused = false, isFirst = true;
  const held = new Map();

  function isSteady(id) {
    // Rows must not move away under a pointer or the focus.
    const el = document.getElementById(id);
    return el && el.dataset.steady && (el.matches(":hover") || el.contains(document.activeElement));
  }
  function put(id, html) {
    const el = document.getElementById(id);
    if (el) fv.patch(el, html);
  }
  function apply(parts) {
    for (const [id, html] of Object.entries(parts)) {
      if (!isFirst && isSteady(id)) { held.set(id, html); continue; }
      held.delete(id);
      put(id, html);
    }
    isFirst = false;
    fv.patched();
  }
  function flush() {
    for (const [id, html] of [...held]) if (!isSteady(id)) { held.delete(id); put(id, html); }
    fv.patched();
  }
  function heard(at) { news = Date.now(); wait = 1000; fv.skew = at - news; show(); }
  function close() { clearTimeout(timer); if (stream) stream.close(); stream = null; }
  async function again(view) {
    // EventSource hides the status; a signed-out browser must go to the sign-in page and not knock for ever.
    const answer = await fetch(`/stream/${view}`, { method: "HEAD" }).catch(() => null);
    if (answer && answer.status === 401) { location.href = "/login?next=" + encodeURIComponent(location.pathname + location.search); return; }
    open();
  }
  function open() {
    close();
    const view = fv.view && fv.view();
    if (!view || document.hidden || paused) return;
    isFirst = true;
    stream = new EventSource(`/stream/${view}?${fv.query()}`);
    stream.onmessage = (e) => { const f = JSON.parse(e.data); document.body.classList.remove("waiting-frame"); apply(f.p); heard(f.at); fv.framed = f.v; };
    stream.addEventListener("beat", (e) => heard(JSON.parse(e.data).at));
    stream.addEventListener("gone", () => again(view));
    stream.onerror = () => { close(); timer = setTimeout(() => again(view), wait); wait = Math.min(wait * 1.7, 15000); };
  }
  function clock(ms) { return new Date(ms).toLocaleTimeString([], { hour12: false }); }
  function show() {
    const top = document.getElementById("top"), text = document.getElementById("live-text"), banner = document.getElementById("banner");
    if (!top || !news) return;
    const isStale = !paused && !document.hidden && Date.now() - news > STALE_MS;
    top.dataset.live = paused ? "paused" : isStale ? "stale" : "on";
    text.textContent = paused ? `Paused, ${clock(news)}` : isStale ? `Stale, ${clock(news)}` : `Live, ${clock(Date.now())}`;
    banner.hidden = !isStale;
    document.body.classList.toggle("stale", isStale);
    const said = isStale ? `No news since ${clock(news)}. What you see may be out of date; connecting again.` : "";
    if (banner.textContent !== said) banner.textContent = said;
  }
  fv.open = open;
  fv.pause = function () { paused = !paused; if (paused) close(); else open(); show(); };
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else { news = news && Date.now(); open(); } });
  for (const kind of ["pointerout", "focusout"]) document.addEventListener(kind, () => { if (held.size) setTimeout(flush, 250); });
  window.addEventListener("pagehide", close);
  setInterval(show, 1000);
})();
