// The live stream: changed properties come in, dash_clientside.set_props puts them on the page.
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
  function revive(value) {
    // {"_": "Span", ...} on the wire is a Dash HTML component.
    if (Array.isArray(value)) return value.map(revive);
    if (!value || typeof value !== "object") return value;
    const { _: type, children, ...rest } = value;
    if (!type) return value;
    return { type, namespace: "dash_html_components", props: { ...rest, children: revive(children) } };
  }
  function put(id, values) {
    window.dash_clientside.set_props(id, "children" in values ? { ...values, children: revive(values.children) } : values);
  }
  function apply(props) {
    for (const [id, values] of Object.entries(props)) {
      if (!isFirst && isSteady(id)) { held.set(id, values); continue; }
      held.delete(id);
      put(id, values);
    }
    isFirst = false;
  }
  function flush() {
    for (const [id, values] of [...held]) if (!isSteady(id)) { held.delete(id); put(id, values); }
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
