// Pages, filters, evidence panel, search, theme and keys. The address holds all of it, so a link shows this very view.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const DEFAULTS = { team: "", channel: "", otype: "", window: "1h", span: "7d", detail: "3", measure: "n", rule: "", queue: "", severity: "", sort: "", group: "", asof: "", pick: "", versus: "", tab: "" };
  const $ = (id) => document.getElementById(id);
  let asked = 0, opener = null;
  const trail = [];

  const params = () => new URLSearchParams(location.search);
  const value = (name) => params().get(name) || DEFAULTS[name];
  const link = () => document.querySelector(`#nav a[data-path="${CSS.escape(location.pathname)}"]`);
  fv.view = () => (link() ? link().dataset.view : null);
  fv.query = () => { const q = params(); q.delete("open"); return q.toString(); };

  function go(path, replace) {
    history[replace ? "replaceState" : "pushState"](null, "", path);
    show();
  }
  function set(name, chosen) {
    const q = params();
    if (chosen === DEFAULTS[name]) q.delete(name); else q.set(name, chosen);
    document.body.classList.add("waiting-frame");
    go(location.pathname + (q.size ? "?" + q : ""), true);
  }
  function show() {
    const view = fv.view();
    for (const a of document.querySelectorAll("#nav a")) {
      if (a.dataset.view === view) a.setAttribute("aria-current", "page"); else a.removeAttribute("aria-current");
    }
    for (const page of document.querySelectorAll(".page")) page.hidden = page.id !== "page-" + view;
    const page = $("page-" + view);
    if (page) document.title = page.dataset.title + " · Frontview";
    const uses = page ? page.dataset.filters.split(" ") : [];
    for (const el of document.querySelectorAll("#filters [data-for]")) el.hidden = !uses.includes(el.dataset.for);
    controls();
    fv.open();
    const wanted = params().get("open");
    if (wanted && wanted !== trail.at(-1)) ask(wanted, false); else if (!wanted) shut(false);
  }
  function controls() {
    for (const s of document.querySelectorAll("select[data-filter]")) {
      const chosen = value(s.dataset.filter);
      // A word that the list lacks (a link from elsewhere) must not look like "all".
      if (chosen && ![...s.options].some((o) => o.value === chosen)) s.append(new Option(chosen, chosen));
      if (s.value !== chosen) s.value = chosen;
      s.classList.toggle("set", s.value !== "");
    }
    for (const b of document.querySelectorAll("button[data-filter]")) b.setAttribute("aria-pressed", String(b.dataset.value === value(b.dataset.filter)));
    for (const r of document.querySelectorAll("input[data-filter]")) if (document.activeElement !== r) r.value = value(r.dataset.filter);
  }

  // evidence
  function ask(what, push, from) {
    if (trail.at(-1) !== what) trail.push(what);
    const q = params(); q.set("open", what);
    if (push) history.replaceState(null, "", location.pathname + "?" + q);
    $("drawer").hidden = false;
    $("drawer-back").hidden = trail.length < 2;
    mark();
    window.dash_clientside.set_props("ask", { data: { open: what, view: fv.view(), query: Object.fromEntries(params()), from: from || "", n: ++asked } });
  }
  function mark() {
    for (const row of document.querySelectorAll(".row.open")) row.classList.remove("open");
    for (const what of trail) for (const row of document.querySelectorAll(`.row[data-open="${CSS.escape(what)}"]`)) row.classList.add("open");
  }
  function shut(refocus) {
    const drawer = $("drawer");
    if (!drawer || drawer.hidden) return;
    drawer.hidden = true; trail.length = 0; mark();
    const q = params(); q.delete("open");
    history.replaceState(null, "", location.pathname + (q.size ? "?" + q : ""));
    if (refocus && opener && opener.isConnected) opener.focus();
  }
  function back() { trail.pop(); const what = trail.at(-1); if (what) ask(what, true); else shut(true); }

  // inputs that Dash has no plain components for
  function fill() {
    for (const slot of document.querySelectorAll("[data-input]:not([data-filled])")) {
      slot.dataset.filled = "1";
      if (slot.dataset.input === "search") {
        slot.innerHTML = '<input id="find" type="search" placeholder="Find a case or customer" aria-label="Find a case or customer" title="Names and ids; old cases by how their id begins" maxlength="80" autocomplete="off" spellcheck="false">';
      } else if (slot.dataset.input === "detail") {
        slot.innerHTML = '<input type="range" min="1" max="5" step="1" data-filter="detail" aria-label="Detail of the map">';
      } else fv.accountForm(slot);
    }
  }

  document.addEventListener("click", (e) => {
    const a = e.target.closest("a[data-view]");
    if (a && !e.ctrlKey && !e.metaKey && !e.shiftKey && e.button === 0) {
      e.preventDefault();
      const q = params(); q.delete("open");
      go(new URL(a.href).pathname + (q.size ? "?" + q : ""), false);
      document.querySelector(`#page-${fv.view()} h1`)?.focus();
      window.scrollTo(0, 0);
      return;
    }
    const b = e.target.closest("button[data-filter]");
    if (b) return set(b.dataset.filter, b.dataset.value);
    const post = e.target.closest("[data-post]");
    if (post) return fv.post(post);
    const el = e.target.closest("[data-open]");
    if (el) {
      if (!el.closest("#drawer")) { trail.length = 0; opener = el.closest("button, tr, g") || el; }
      const card = el.closest("section.card");
      return ask(el.dataset.open, true, card ? card.querySelector("h2")?.textContent : "panel");
    }
    if (e.target.closest("#drawer-close")) return shut(true);
    if (e.target.closest("#drawer-back")) return back();
    if (e.target.closest("#live")) return fv.pause();
    if (e.target.closest("#theme")) {
      const root = document.documentElement;
      root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
      try { localStorage.setItem("frontview-theme", root.dataset.theme); } catch { /* storage may be forbidden */ }
    }
    const me = $("me");
    if (me && me.open && !me.contains(e.target)) me.open = false;
  });
  document.addEventListener("change", (e) => { if (e.target.dataset && e.target.dataset.filter) set(e.target.dataset.filter, e.target.value); });

  function step(row, by) {
    const rows = [...row.closest("table").querySelectorAll("tr[data-open]")];
    const next = rows[rows.indexOf(row) + by];
    if (next) next.focus();
  }
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const at = e.target;
    if (e.key === "Escape") { if ($("me")?.open) $("me").open = false; else if (at.id === "find" && at.value) at.value = ""; else shut(true); return; }
    if (at.id === "find" && e.key === "Enter" && at.value.trim().length > 1) { trail.length = 0; opener = at; return ask("find:" + at.value.trim(), true); }
    if (at.matches("input, select, textarea")) return;
    if (e.key === "/") { e.preventDefault(); $("find").focus(); }
    else if (e.key === "p") fv.pause();
    else if (at.matches("[data-open]") && (e.key === "Enter" || e.key === " ") && !at.matches("button")) { e.preventDefault(); at.dispatchEvent(new MouseEvent("click", { bubbles: true })); }
    else if (at.matches("tr[data-open]") && (e.key === "ArrowDown" || e.key === "ArrowUp")) { e.preventDefault(); step(at, e.key === "ArrowDown" ? 1 : -1); }
  });
  window.addEventListener("popstate", show);

  // Parts were patched: rows may be new and choices others.
  fv.patched = function () { controls(); mark(); };
  const starting = new MutationObserver(() => {
    if (!$("nav") || !window.dash_clientside?.set_props) return;
    starting.disconnect();
    fill(); show();
    // The panel's content is Dash's; its heading takes the focus when it comes.
    new MutationObserver(() => { const h = document.querySelector("#drawer-body h2"); if (h && !$("drawer").hidden && !$("drawer").contains(document.activeElement)) h.focus({ preventScroll: true }); })
      .observe($("drawer-body"), { childList: true, subtree: true });
  });
  starting.observe(document.documentElement, { childList: true, subtree: true });
})();
