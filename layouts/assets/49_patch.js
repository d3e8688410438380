// Brings the content of an element into line with new HTML, touching only what differs: whatever stays keeps its
// focus, its scroll, its hover and what scripts drew into it. Rows are known by what they open, so they are moved.
(function () {
  "use strict";
  const fv = (window.frontview = window.frontview || {});
  const key = (node) => (node.nodeType === 1 ? node.id || (node.localName === "tr" && node.dataset.open) || "" : "");
  const drawing = (node) => (node.nodeType === 1 && node.dataset.draw) || "";
  const isAlike = (a, b) => a.nodeName === b.nodeName && key(a) === key(b) && drawing(a) === drawing(b);

  function attributes(old, made) {
    for (const { name, value } of [...made.attributes]) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes]) if (!made.hasAttribute(name)) old.removeAttribute(name);
  }
  function update(old, made) {
    if (old.nodeType !== 1) { if (old.data !== made.data) old.data = made.data; return; }
    // A moment's words, title and colour are the clock's work, a picture's inside the drawing's.
    if (old.localName === "time" && old.dataset.t === made.dataset.t && old.dataset.kind === made.dataset.kind) return;
    if (old.isEqualNode(made)) return;
    attributes(old, made);
    if (old.localName !== "time" && !drawing(made)) children(old, made);
  }
  function children(parent, made) {
    const keyed = new Map();
    for (const node of parent.childNodes) if (key(node)) keyed.set(key(node), [...(keyed.get(key(node)) || []), node]);
    const wanted = new Set([...made.childNodes].map(key));
    for (const [word, nodes] of keyed) if (!wanted.has(word)) for (const node of nodes) node.remove();
    let at = parent.firstChild;
    for (const next of [...made.childNodes]) {
      const mine = key(next) && keyed.get(key(next))?.shift();
      if (mine && mine !== at) parent.insertBefore(mine, at);
      const same = mine || (at && isAlike(at, next) ? at : null);
      if (!same) { parent.insertBefore(next, at); continue; }
      update(same, next);
      at = same.nextSibling;
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  }
  fv.patch = function (el, html) {
    const made = document.createElement("template");
    made.innerHTML = html;
    children(el, made.content);
  };
})();
