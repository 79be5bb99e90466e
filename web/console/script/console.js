// The console's one script. Every page works without it; with it a page follows
// what changes, and keys lead about.
"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Live: what has an id inside <main> and says data-live is swapped for its new
  // self when something of the page's topics changes. What holds the focus of a
  // field, or what somebody has typed into, is left alone until they are done.
  const topics = (document.body.dataset.topics || "").split(" ").filter(Boolean);
  let fetching = false, again = false;

  const busy = (part) => {
    const active = document.activeElement;
    if (active && part.contains(active) && active.matches("input, select, textarea")) return true;
    return all("input, select, textarea", part).some((f) =>
      f.type === "checkbox" || f.type === "radio" ? f.checked !== f.defaultChecked
        : f.tagName === "SELECT" ? [...f.options].some((o) => o.selected !== o.defaultSelected) && f.value !== ($("[selected]", f) || f.options[0] || {}).value
          : f.value !== f.defaultValue);
  };

  const mark = (element) => {
    if (!element) return null;
    if (element.id) return "#" + CSS.escape(element.id);
    const key = element.closest("[data-key]");
    const href = element.getAttribute("href") || element.getAttribute("action");
    return (key ? `[data-key="${CSS.escape(key.dataset.key)}"] ` : "") + element.tagName.toLowerCase() + (href ? `[href="${CSS.escape(href)}"]` : "");
  };

  const swap = (page) => {
    for (const part of all("[data-live]")) {
      const next = page.getElementById(part.id);
      if (!next || busy(part) || next.isEqualNode(part)) continue;
      const open = all("details[id][open]", part).map((d) => d.id);
      const held = part.contains(document.activeElement) ? mark(document.activeElement) : null;
      const fresh = document.importNode(next, true);
      part.replaceWith(fresh);
      for (const id of open) { const d = document.getElementById(id); if (d) d.open = true; }
      if (held) { const target = $(held, fresh); if (target) target.focus({ preventScroll: true }); }
    }
    const asOf = page.getElementById("as-of"), old = document.getElementById("as-of");
    if (asOf && old && !old.contains(document.activeElement)) old.replaceWith(document.importNode(asOf, true));
    if (page.title) document.title = page.title;
    select(chosen);
  };

  const refresh = async () => {
    if (fetching) { again = true; return; }
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (answer.redirected && !answer.url.startsWith(location.origin + location.pathname)) { location.reload(); return; }
      if (answer.ok) swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch { /* the stream says that the server is away */ }
    fetching = false;
    if (again) { again = false; setTimeout(refresh, 250); }
  };

  const link = $("#link");
  const say = (how) => {
    if (!link) return;
    link.hidden = false;
    link.dataset.state = how;
    const text = link.getAttribute("data-text-" + how);
    if (link.textContent !== text) link.textContent = text;
  };

  if (topics.length && window.EventSource) {
    const root = $(".brand").getAttribute("href");
    let source = null, lost = false;
    const listen = () => {
      source = new EventSource(root + "/live");
      source.addEventListener("open", () => { say("on"); if (lost) refresh(); lost = false; });
      source.addEventListener("error", () => {
        say("off"); lost = true;
        if (source.readyState === EventSource.CLOSED) setTimeout(listen, 15000);
      });
      source.addEventListener("changed", (e) => { if (topics.includes(e.data)) refresh(); });
      source.addEventListener("bye", () => { source.close(); say("bye"); });
    };
    listen();
    addEventListener("pagehide", () => source.close());
    addEventListener("pageshow", (e) => { if (e.persisted) { listen(); refresh(); } });
  }

  // Keys. None of them fires while somebody types, or together with Ctrl, Alt or
  // Meta; whatever they do can be reached by Tab as well.
  let chosen = -1, leading = 0;
  const rows = () => all("main [data-key]").filter((r) => $("a[href], button, summary", r));
  const select = (i) => {
    all(".selected").forEach((r) => r.classList.remove("selected"));
    const list = rows();
    if (i < 0 || !list.length) return;
    chosen = Math.min(i, list.length - 1);
    list[chosen].classList.add("selected");
  };
  const move = (by) => {
    const list = rows();
    if (!list.length) return;
    const at = list.findIndex((r) => r.contains(document.activeElement));
    select(Math.max(0, (at >= 0 ? at : chosen) + by));
    const target = $("a[href], button, summary", list[chosen]);
    target.focus();
    list[chosen].scrollIntoView({ block: "nearest" });
  };
  const keys = {
    j: () => move(1),
    k: () => move(-1),
    u: refresh,
    "/": () => { const f = $("main input[type=search]"); if (f) { f.focus(); f.select(); } },
    "?": () => { const k = $("#keys"); if (k) { k.open = !k.open; if (k.open) { $("summary", k).focus(); k.scrollIntoView({ block: "nearest" }); } } },
    g: () => { leading = Date.now(); },
  };
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.altKey || e.metaKey || e.isComposing || e.defaultPrevented) return;
    if (e.target.closest && e.target.closest("input, select, textarea, [contenteditable]")) {
      if (e.key === "Escape") e.target.blur();
      return;
    }
    if (leading && Date.now() - leading < 1500) {
      leading = 0;
      const to = $(`[data-go="${CSS.escape(e.key)}"]`);
      if (to) { e.preventDefault(); to.click(); return; }
    }
    const does = keys[e.key];
    if (does) { e.preventDefault(); does(); }
  });
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-refresh]") && topics.length) { e.preventDefault(); refresh(); }
  });
  document.documentElement.dataset.ready = "yes";
})();
