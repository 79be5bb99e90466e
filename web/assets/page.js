/* Bongsu: a page that stays open keeps up by itself, and says when it cannot.
   What is written holds without this: elements with data-after are hidden words
   that become true at that instant, and #age says of when the page speaks. Once
   a minute now.json tells whether it would read otherwise now; then what changed
   is put in its place. What has the focus, was typed or was opened stays. */
(() => {
  "use strict";
  const age = document.getElementById("age");
  const here = document.currentScript;
  let ahead = 0; // by how much the server's clock is ahead of ours
  let at = age ? Date.parse(age.dataset.at) : 0;
  let until = age ? Date.parse(age.dataset.until) : Infinity;
  const now = () => Date.now() + ahead;

  const show = () => {
    for (const el of document.querySelectorAll("[data-after]")) {
      if (now() >= Date.parse(el.dataset.after)) {
        el.hidden = false;
        el.removeAttribute("data-after");
      }
    }
    if (age) age.querySelector(".late").hidden = now() < until;
  };
  show();
  setInterval(show, 10000);
  if (!age || document.querySelector("main form[method=post]")) return; // a form is the reader's own

  const get = (url) => fetch(url, { cache: "no-cache", credentials: "omit", signal: AbortSignal.timeout(10000) });
  const alike = (a, b) => a.nodeName === b.nodeName && a.id === b.id;
  const busy = (el) => el.contains(document.activeElement);

  // renew makes old read as next does, and says whether all of it does now.
  const renew = (old, next) => {
    if (old.isEqualNode(next)) return true;
    if (old.nodeType !== 1 || !old.firstChild || !alike(old, next)) {
      if (busy(old)) return false;
      old.replaceWith(document.importNode(next, true));
      return true;
    }
    for (const { name, value } of next.attributes) if (name !== "open") old.setAttribute(name, value);
    for (const name of old.getAttributeNames()) if (name !== "open" && !next.hasAttribute(name)) old.removeAttribute(name);
    const was = [...old.childNodes], is = [...next.childNodes];
    let head = 0, tail = 0, whole = true;
    const most = Math.min(was.length, is.length);
    if (was.length === is.length) head = most;
    while (head < most && alike(was[head], is[head])) head++;
    while (head + tail < most && alike(was[was.length - 1 - tail], is[is.length - 1 - tail])) tail++;
    const middle = was.slice(head, was.length - tail);
    if (middle.some(busy)) return false;
    const after = was[was.length - tail] || null;
    middle.forEach((node) => node.remove());
    is.slice(head, is.length - tail).forEach((node) => old.insertBefore(document.importNode(node, true), after));
    for (let i = 0; i < head; i++) whole = renew(was[i], is[i]) && whole;
    for (let i = 1; i <= tail; i++) whole = renew(was[was.length - i], is[is.length - i]) && whole;
    return whole;
  };

  const text = (root) => (root.querySelector("main h1")?.textContent || "").trim();
  const refresh = async () => {
    const answer = await get(location.href);
    if (!answer.ok) return;
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    const made = next.getElementById("age");
    if (!made || !(Date.parse(made.dataset.at) > at)) return;
    const said = text(document);
    const whole = ["main", "footer"].map((part) => renew(document.querySelector(part), next.querySelector(part))).every(Boolean);
    document.title = next.title;
    if (text(next) !== said) age.querySelector(".news").textContent = text(next); // said once, to those who hear the page
    until = Math.max(until, Date.parse(made.dataset.until));
    if (whole) at = Date.parse(made.dataset.at);
  };

  let asked = 0;
  const ask = async () => {
    if (document.hidden || Date.now() - asked < 5000) return;
    asked = Date.now();
    const answer = await get(new URL("../now.json", here.src));
    if (!answer.ok) return;
    const clock = Date.parse(answer.headers.get("Date"));
    if (Math.abs(clock - Date.now()) > 60000) ahead = clock - Date.now();
    const told = await answer.json();
    until = Math.max(until, Date.parse(told.valid_until) || 0);
    if (Date.parse(told.page_at) - at >= 1000) await refresh();
    show();
  };
  const quietly = () => ask().catch(() => {}); // no answer: the page says itself when it is too old
  const again = () => setTimeout(() => quietly().then(again), 50000 + Math.random() * 20000);
  again();
  document.addEventListener("visibilitychange", quietly);
})();
