// Moments told in words, sparklines and line charts, drawn from data attributes and redrawn when these change.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const NS = "http://www.w3.org/2000/svg";
  const svg = (fv.svg = function (name, attrs, parent, text) {
    const el = document.createElementNS(NS, name);
    for (const [k, v] of Object.entries(attrs || {})) el.setAttribute(k, v);
    if (text !== undefined) el.textContent = text;
    if (parent) parent.append(el);
    return el;
  });
  const esc = (text) => String(text).replace(/[&<>"]/g, (c) => "&#" + c.charCodeAt(0) + ";");

  function words(ms) {
    const s = Math.max(0, Math.round(ms / 1000));
    if (s < 60) return s + " s";
    const m = Math.floor(s / 60);
    if (m < 60) return m + " min";
    const h = Math.floor(m / 60);
    return h < 48 ? h + " h" + (m % 60 ? " " + (m % 60) + " min" : "") : Math.floor(h / 24) + " d" + (h % 24 ? " " + (h % 24) + " h" : "");
  }
  const tight = (ms) => words(ms).replace(/ (min|[smhd])\b/g, (_, unit) => unit[0]);
  const TELL = {
    ago: (d) => (d < 5000 ? "now" : words(d).split(" ").slice(0, 2).join(" ")),
    since: (d) => words(d),
    due: (d) => (d > 0 ? "late " + tight(d) : "in " + (d > -3600000 ? clockwise(-d) : tight(-d))),
    clock: (d, t) => t.toLocaleTimeString([], { hour12: false }),
    date: (d, t) => t.toLocaleDateString(),
    full: (d, t) => t.toLocaleString([], { dateStyle: "medium", timeStyle: "medium", hour12: false }),
  };
  function clockwise(ms) { const s = Math.round(ms / 1000); return String(Math.floor(s / 60)).padStart(2, "0") + ":" + String(s % 60).padStart(2, "0"); }
  function tell() {
    const now = Date.now() + (fv.skew || 0);
    for (const el of document.querySelectorAll("time[data-t]")) {
      if (el.closest("[hidden]")) continue;
      const t = Number(el.dataset.t), kind = el.dataset.kind, d = now - t;
      const said = TELL[kind](d, new Date(t));
      if (el.textContent !== said) el.textContent = said;
      const iso = new Date(t).toISOString();
      if (el.dateTime !== iso) { el.dateTime = iso; el.title = TELL.full(0, new Date(t)); }
      if (kind === "due") { el.classList.toggle("over", d > 0); el.classList.toggle("near", d <= 0 && d > -3600000); }
      if (kind === "since") el.classList.toggle("long", d > 86400000);
    }
  }

  function spark(el, counts) {
    const w = 200, h = 26, top = Math.max(1, ...counts), low = Math.min(0, ...counts), min = Math.min(...counts) > top * .5 ? Math.min(...counts) : low;
    const pts = counts.map((n, i) => [(i * w) / Math.max(1, counts.length - 1), h - 3 - ((n - min) / Math.max(1, top - min)) * (h - 6)]);
    const s = svg("svg", { viewBox: `0 0 ${w} ${h}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    svg("path", { d: "M" + pts.map((p) => p.map((x) => x.toFixed(1)).join(" ")).join("L"), fill: "none", stroke: "currentColor", "stroke-width": 1.5, "vector-effect": "non-scaling-stroke" }, s);
    el.replaceChildren(s);
  }
  function ticks(top) {
    const step = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500].map((n) => n).find((n) => top / n <= 4) || Math.ceil(top / 4000) * 1000;
    return Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
  }
  function spread(labels, gap, high) {
    // Labels at the line's end must not lie upon each other.
    labels.sort((a, b) => a.y - b.y);
    for (let i = 1; i < labels.length; i++) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + gap);
    const over = labels.length ? labels.at(-1).y - high : 0;
    if (over > 0) for (let i = labels.length - 1; i >= 0; i--) labels[i].y = Math.min(labels[i].y - (i === labels.length - 1 ? over : 0), i === labels.length - 1 ? high : labels[i + 1].y - gap);
  }
  function lines(el, d) {
    const w = Math.max(260, el.clientWidth), h = el.clientHeight || 214, longest = Math.max(...d.series.map((s) => s.name.length));
    const box = { l: 30, r: Math.min(w * .3, 14 + longest * 7), t: 10, b: 22 };
    const n = d.series[0].counts.length, top = Math.max(4, ...d.series.flatMap((s) => s.counts));
    const x = (i) => box.l + (i * (w - box.l - box.r)) / (n - 1), y = (v) => h - box.b - (v / top) * (h - box.t - box.b);
    const s = svg("svg", { viewBox: `0 0 ${w} ${h}`, width: w, height: h, "aria-hidden": "true" });
    for (const v of ticks(top)) { svg("line", { x1: box.l, x2: w - box.r, y1: y(v), y2: y(v), class: "grid-line" }, s); svg("text", { x: box.l - 6, y: y(v) + 4, "text-anchor": "end" }, s, v); }
    const clock = (i) => new Date(d.since + ((i + .5) * (d.now - d.since)) / n).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
    for (const i of [0, Math.round((n - 1) / 3), Math.round((2 * (n - 1)) / 3), n - 1]) svg("text", { x: x(i), y: h - 5, "text-anchor": i === 0 ? "start" : i === n - 1 ? "end" : "middle" }, s, clock(i));
    const labels = d.series.map((line, k) => {
      svg("path", { d: "M" + line.counts.map((v, i) => x(i).toFixed(1) + " " + y(v).toFixed(1)).join("L"), class: "c" + (k + 1) }, s);
      return { y: y(line.counts[n - 1]) + 4, name: line.name, k: k + 1 };
    });
    spread(labels, 14, h - box.b + 4);
    for (const l of labels) svg("text", { x: w - box.r + 8, y: l.y, class: `name c${l.k}` }, s, l.name);
    const cursor = svg("line", { y1: box.t, y2: h - box.b, class: "cursor", visibility: "hidden" }, s);
    const tip = document.createElement("div"); tip.className = "chart-tip"; tip.hidden = true;
    s.addEventListener("pointermove", (e) => {
      const i = Math.max(0, Math.min(n - 1, Math.round(((e.offsetX - box.l) / (w - box.l - box.r)) * (n - 1))));
      cursor.setAttribute("x1", x(i)); cursor.setAttribute("x2", x(i)); cursor.setAttribute("visibility", "visible");
      tip.innerHTML = `<b>${clock(i)}</b>` + d.series.map((l, k) => `<br><i class="c${k + 1}"></i>${esc(l.name)} ${l.counts[i]}`).join("");
      tip.hidden = false; tip.style.left = Math.min(x(i) + 10, w - tip.offsetWidth - 4) + "px";
    });
    s.addEventListener("pointerleave", () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); });
    el.replaceChildren(s, tip);
  }

  const DRAW = { spark: (el, d) => spark(el, d), lines: (el, d) => lines(el, d), map: (el, d, old) => fv.drawMap(el, d, old), rates: (el, d) => fv.drawRates(el, d), "rates-big": (el, d) => fv.drawRates(el, d, true) };
  const drawn = new WeakMap();
  function paint() {
    scheduled = false;
    for (const el of document.querySelectorAll("[data-draw]")) {
      if (el.closest("[hidden]")) continue;
      const text = el.dataset.data, size = ["lines", "rates", "rates-big"].includes(el.dataset.draw) ? el.clientWidth : 0, old = drawn.get(el);
      if (old && old.text === text && old.size === size && el.firstChild) continue;
      // A chart being read keeps still until the pointer leaves.
      if (old && old.size === size && el.dataset.draw === "lines" && el.matches(":hover")) continue;
      DRAW[el.dataset.draw](el, JSON.parse(text), old && el.firstChild ? old.data : null);
      drawn.set(el, { text, size, data: JSON.parse(text) });
    }
    tell();
    watcher.takeRecords();
  }
  let scheduled = false;
  function schedule() { if (!scheduled) { scheduled = true; requestAnimationFrame(paint); } }
  const watcher = new MutationObserver(schedule);
  watcher.observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-data", "data-t", "hidden"] });
  window.addEventListener("resize", schedule);
  setInterval(() => { if (!document.hidden) { tell(); watcher.takeRecords(); schedule(); } }, 1000);
})();
