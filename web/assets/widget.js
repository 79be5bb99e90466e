/* Bongsu: shows a banner when a function of this app does not work, and
   nothing while all is well. No cookie, no storage, no other request than
   one a minute to where it came from. It never throws into its host. */
(() => {
  "use strict";
  try {
    const script = document.currentScript;
    const app = script && script.dataset.app;
    if (!app) return;
    const source = new URL("widget/" + encodeURIComponent(app) + ".json", script.src).href;
    const minute = 60000;
    let data, shown = "", box, root;

    const css = `:host{all:initial;display:block}
.b{font:400 1rem/1.5 system-ui,-apple-system,"Apple SD Gothic Neo","Noto Sans KR","Hiragino Sans","Noto Sans JP",sans-serif;
color:#1d1b18;background:#fff6e9;border:1px solid #d9a066;border-left:.4rem solid #b45309;border-radius:.5rem;padding:.75rem 1rem;margin:0 0 .5rem}
.major_outage{background:#fff1f0;border-color:#b3141f}.unknown{background:#f4f4f5;border-color:#6b6b73}
p{margin:0}b{font-weight:700}a{display:inline-block;min-height:24px;color:#7a2e05;font-weight:600}
a:focus-visible{outline:3px solid;outline-offset:2px}
@media (prefers-color-scheme:dark){.b{color:#f4f1ea;background:#2b2114}.major_outage{background:#331a1a}.unknown{background:#26262b}a{color:#ffb784}}
@media print{.b{border:1px solid}}`;

    const language = () => {
      const wanted = [script.dataset.lang, document.documentElement.lang, ...(navigator.languages || [])];
      for (const tag of wanted) {
        const found = tag && data.languages.find((l) => l === String(tag).slice(0, 2).toLowerCase());
        if (found) return found;
      }
      return data.languages[0];
    };

    const make = () => {
      const made = document.createElement("div");
      made.setAttribute("role", "status");
      made.setAttribute("aria-live", "polite");
      root = made.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      root.adoptedStyleSheets = [sheet];
      box = made;
    };

    /* A page that draws itself anew takes the banner with it, and the script. */
    const mount = () => {
      if (!box) make();
      const place = script.parentNode;
      if (place && document.body.contains(script)) place.insertBefore(box, script.nextSibling);
      else document.body.prepend(box);
    };

    const line = (parent, tag, text) => {
      if (!text) return;
      const el = document.createElement(tag);
      el.textContent = text;
      parent.append(el);
      return el;
    };

    const banner = (f, lang, texts) => {
      const el = document.createElement("div");
      el.className = "b " + f.state;
      const head = document.createElement("p");
      line(head, "b", [texts.mark, f.name[lang]].filter(Boolean).join(" "));
      el.append(head);
      line(el, "p", f.why && f.why[lang]);
      line(el, "p", f.instead && f.instead[lang]);
      line(el, "p", f.stop && f.stop[lang]);
      line(el, "p", f.next && f.next[lang]);
      const href = f.link && f.link[lang];
      if (href && /^https?:/.test(href)) line(el, "a", texts.more).href = href;
      return el;
    };

    /* Shows what the data says, once per change. Past its end it is unknown:
       never well. */
    const show = () => {
      if (!data || !document.body) return;
      const lang = language(), texts = data.texts[lang];
      const stale = !(Date.now() < Date.parse(data.valid_until));
      const list = stale ? [{ state: "unknown", name: { [lang]: texts.stale } }] : data.functions;
      const now = JSON.stringify([lang, list]);
      const gone = list.length && !(box && box.isConnected);
      if (gone) mount();
      if (now === shown || !box) return;
      shown = now;
      box.lang = lang;
      root.replaceChildren(...list.map((f) => banner(f, lang, texts)));
    };

    const quietly = (f) => { try { f(); } catch (e) { /* The host comes first. */ } };

    const ask = async () => {
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), 10000);
      try {
        const answer = await fetch(source, { cache: "no-cache", credentials: "omit", referrerPolicy: "no-referrer", signal: stop.signal });
        if (answer.ok) data = await answer.json();
      } catch (e) { /* What is known stays, until its end. */ }
      clearTimeout(timer);
      quietly(show);
      setTimeout(ask, minute + Math.random() * minute / 4);
    };

    if (document.body) ask();
    else document.addEventListener("DOMContentLoaded", ask);
  } catch (e) { /* An old browser shows no banner. */ }
})();
