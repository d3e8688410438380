// The process map. The server lays it out once for each topology; later frames change numbers and widths only.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const number = (n) => (n < 1e5 ? n.toLocaleString("en") : n < 1e6 ? Math.round(n / 1e3) + "k" : (n / 1e6).toFixed(1) + "M");
  const PAD = 8;

  function numbers(el, d) {
    const names = Object.fromEntries(d.nodes.map((n) => [n.key, n.label]));
    // Where time is shown a wide arc is one on which much time is spent in all: that is where cases wait.
    const weigh = (f) => (d.measure === "time" ? f[2] : f[0]), most = Math.max(...Object.values(d.flow).map(weigh), 1);
    for (const g of el.querySelectorAll("g.arc")) {
      const key = g.dataset.key, f = d.flow[key] || [0, "", 0], [n, time] = f, kind = d.kinds ? key.split("|")[0] : "";
      const [source, target] = (d.kinds ? key.slice(kind.length + 1) : key).split(">");
      const width = 1 + 5 * Math.sqrt(weigh(f) / most), isEnd = !source || !target, broken = (d.marks || {})[key] || 0;
      g.setAttribute("class", ["arc", kind && "k" + (d.kinds.indexOf(kind) + 1), broken && "broken", (d.back || []).includes(key) && "back"].filter(Boolean).join(" "));
      const mark = g.querySelector("text.mark"), flag = broken ? "✕ " + number(broken) : "";
      if (mark && mark.textContent !== flag) mark.textContent = flag;
      g.querySelector("path.line").setAttribute("stroke-width", width.toFixed(2));
      const said = d.measure === "time" && !isEnd ? time : number(n), text = g.querySelector("text");
      if (text && text.textContent !== said) text.textContent = said;
      g.setAttribute("aria-label", `${names[source] || "Start"} to ${names[target] || "End"}: ${number(n)} times${isEnd ? "" : ", on average " + time}${broken ? `, ${number(broken)} breaches, shown as ${g.textContent}` : ""}`);
    }
    for (const g of el.querySelectorAll("g.node")) {
      const said = number(d.visits[g.dataset.key] || 0), text = g.querySelector(".n");
      if (text && text.textContent !== said) text.textContent = said;
      g.setAttribute("aria-label", `${names[g.dataset.key]} ${said}`);
    }
  }
  function head(tip, from, parent) {
    const a = Math.atan2(tip[1] - from[1], tip[0] - from[0]), p = (turn, r) => `${(tip[0] - r * Math.cos(a + turn)).toFixed(1)} ${(tip[1] - r * Math.sin(a + turn)).toFixed(1)}`;
    fv.svg("path", { d: `M${tip[0]} ${tip[1]}L${p(.42, 9)}L${p(-.42, 9)}Z`, class: "head" }, parent);
  }
  function arc(e, root) {
    const g = fv.svg("g", { class: "arc", tabindex: 0, role: "button", "data-key": e.key, "data-open": "figure:arc:" + e.key }, root);
    const [first, ...rest] = e.path, d = `M${first}C${rest.map((p) => p.join(" ")).join(" ")}`;
    fv.svg("path", { d, class: "hit" }, g);
    fv.svg("path", { d, class: "line" }, g);
    if (e.tip) head(e.tip, e.path.at(-1), g);
    fv.svg("text", { "text-anchor": "middle" }, g, "");
    fv.svg("text", { "text-anchor": "middle", class: "mark" }, g, "");
  }
  function node(n, root) {
    if (!n.label) {
      const g = fv.svg("g", { class: "end" }, root);
      fv.svg("circle", { cx: n.at[0], cy: n.at[1], r: n.key === "start" ? 7 : 6 }, g);
      fv.svg("title", {}, g, n.key === "start" ? "Start of the case" : "End of the case");
      return;
    }
    const g = fv.svg("g", { class: "node", tabindex: 0, role: "button", "data-key": n.key, "data-open": `figure:arc:${n.key}>*` }, root);
    fv.svg("rect", { x: n.at[0] - n.w / 2, y: n.at[1] - 12, width: n.w, height: 24, rx: 5 }, g);
    fv.svg("text", { x: n.at[0] - n.w / 2 + 8, y: n.at[1] + 4 }, g, n.label + " ");
    fv.svg("text", { x: n.at[0] + n.w / 2 - 8, y: n.at[1] + 4, "text-anchor": "end", class: "n" }, g, "");
  }
  function label(root, d) {
    // Each number goes to the first place along its arc that is free of activities and other numbers.
    const taken = d.nodes.map((n) => [n.at[0] - n.w / 2, n.at[1] - 13, n.at[0] + n.w / 2, n.at[1] + 13]);
    for (const g of root.querySelectorAll("g.arc")) {
      const line = g.querySelector(".line"), whole = line.getTotalLength(), spots = [.5, .4, .6, .3, .7, .22, .78];
      let best = null;
      for (const at of spots) {
        const p = line.getPointAtLength(whole * at), box = [p.x - 15, p.y - 7, p.x + 15, p.y + 7];
        if (!best) best = [p, box];
        if (!taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3] && box[3] > t[1])) { best = [p, box]; break; }
      }
      taken.push(best[1]);
      const text = g.querySelector("text");
      text.setAttribute("x", best[0].x.toFixed(1)); text.setAttribute("y", (best[0].y + 4).toFixed(1));
      const mark = g.querySelector("text.mark");
      mark.setAttribute("x", best[0].x.toFixed(1)); mark.setAttribute("y", (best[0].y + 16).toFixed(1));
    }
  }
  fv.drawMap = function (el, d, old) {
    if (old && old.topology === d.topology) return numbers(el, d);
    const w = d.width + 2 * PAD, h = d.height + 2 * PAD;
    const root = fv.svg("svg", { viewBox: `${-PAD} ${-PAD} ${w} ${h}`, style: `max-width:${Math.round(w * 1.25)}px;min-width:${Math.min(w, Math.round(w * .72))}px` });
    for (const e of d.edges) arc(e, root);
    for (const n of d.nodes) node(n, root);
    el.replaceChildren(root);
    label(root, d);
    numbers(el, d);
  };
})();
