/* Bongsu's widget: a banner while a function of an app does not work, and
   nothing while all is well. No cookie, no storage, no font, no eval, and one
   request a minute. It never throws into its host.

   It stands in pages whose scripts have changed what the browser brings along.
   So it walks lists by their index, takes nothing apart with [a, b], and asks
   no promise for its then: none of that looks anything up that a page can
   change. What is left goes through `realm`: this window, and once that fails,
   other than because nobody answers, a window of our own. */
import css from "../assets/widget.css";

try {
  const home = document.currentScript;
  const tag = "bongsu-status", minute = 60000;
  /* Of an element: what is known of it, and how it is put back. Another copy of
     this script, of whichever release, goes by the same names. */
  const mine = Symbol.for("bongsu"), back = Symbol.for("bongsu back");
  const later = setTimeout, random = Math.random, feeds = { __proto__: null };
  let realm = window;

  /* Calls a method of a class as the browser has it. */
  const call = (of, name, self, a, b) => realm.Reflect.apply(realm[of].prototype[name], self, [a, b]);

  /* A window of our own has everything as the browser made it. */
  const escape = () => {
    if (realm != window && realm.frameElement) return;
    const frame = document.createElement("iframe");
    frame.style.setProperty("display", "none", "important");
    document.documentElement.appendChild(frame);
    return realm = frame.contentWindow;
  };

  const sure = async (deed) => {
    try { return await deed(); } catch (e) { /* The host may be why. */ }
    try { if (escape()) return await deed(); } catch (e) { /* The host comes first. */ }
  };

  const attribute = (el, name) => call("Element", "getAttribute", el, name) || "";

  /* The key is a line of minisign's: two bytes of kind, eight of id, the key. */
  const keyBytes = (line) => {
    const text = realm.atob(line), out = new realm.Uint8Array(32);
    for (let i = 0; i < 32; i++) out[i] = call("String", "charCodeAt", text, i + 10);
    return out;
  };

  const hex = (c) => c % 87 % 48; // of 0-9 and a-f

  /* The data in what came: {"signature":"HEX",REST is {REST, signed. With a key
     nothing else is believed, where the browser knows the algorithm. */
  const open = async (feed, body) => {
    const signed = body[2] == 115, rest = body.subarray(signed ? 143 : 0);
    rest[0] = 123;
    const subtle = (realm.crypto || 0).subtle;
    if (feed.key && subtle) {
      let key;
      try {
        key = await subtle.importKey("raw", keyBytes(feed.key), "Ed25519", false, realm.Array("verify"));
      } catch (e) { if (e.name != "NotSupportedError") throw e; }
      if (key) {
        const signature = new realm.Uint8Array(64);
        for (let i = 0; i < 64; i++) signature[i] = hex(body[14 + 2 * i]) * 16 + hex(body[15 + 2 * i]);
        if (!signed || !await subtle.verify("Ed25519", key, signature, rest)) return;
      }
    }
    return new realm.Response(rest).json();
  };

  /* The data is a file for each language, which names them all; without one in
     its path it is in the site's first. */
  const read = async (feed, place, lang) => {
    const stop = new realm.AbortController(), bell = later(() => stop.abort(), 4000);
    const url = place + (lang ? lang + "/" : "") + "widget/" + realm.encodeURIComponent(feed.app) + ".json";
    let body;
    feed.lang = 0;
    try {
      const answer = await realm.fetch(url, { __proto__: null, cache: "no-cache", credentials: "omit", referrerPolicy: "no-referrer", signal: stop.signal });
      body = answer.ok && new realm.Uint8Array(await answer.arrayBuffer());
    } catch (e) {
      if (!/native code]/.test(realm.fetch)) throw e; // else nobody answers
    }
    clearTimeout(bell);
    const data = body && body.length < 65536 && await open(feed, body);
    if (!data || data.app != feed.app) return;
    data.from = url;
    const wanted = language(feed.tongue, data.languages);
    if (wanted == data.lang) feed.lang = wanted;
    else if (!lang) return await read(feed, place, wanted) || data; // better than nothing
    return data;
  };

  const language = (tongue, languages) => {
    const own = navigator.languages || "";
    for (let i = tongue ? -1 : 0; i < own.length; i++) {
      const wanted = call("String", "toLowerCase", i < 0 ? tongue : own[i]);
      for (let k = 0; k < languages.length; k++) {
        const l = languages[k];
        if (l[0] == wanted[0] && l[1] == wanted[1] && !(wanted[2] > "-")) return l;
      }
    }
    return languages[0];
  };

  const time = (text) => realm.Date.parse(text);
  const fresh = (data) => data && realm.Date.now() < time(data.valid_until);

  const know = (feed, place) => {
    for (let i = 0; i < feed.places.length; i++) if (feed.places[i] == place) return;
    feed.places[feed.places.length] = place;
  };

  /* Asks one origin after the other, the one that answered last first, until
     one has data that speaks for the present. What is known is never given up for
     what is older. */
  const ask = async (feed) => {
    const first = feed.first, n = feed.places.length;
    for (let k = 0; k < n; k++) {
      const i = (first + k) % n, data = await sure(() => read(feed, feed.places[i], feed.lang));
      if (data && !(feed.data && time(data.generated_at) < time(feed.data.generated_at))) {
        feed.data = data;
        feed.first = i;
        const also = data.mirrors || "";
        for (let m = 0; m < also.length; m++) know(feed, also[m]);
        if (fresh(data)) return;
      }
    }
  };

  const make = (box) => {
    const root = box.el.shadowRoot || call("Element", "attachShadow", box.el, { mode: "open" });
    try {
      const sheet = new CSSStyleSheet();
      call("CSSStyleSheet", "replaceSync", sheet, css);
      root.adoptedStyleSheets = realm.Array(sheet);
    } catch (e) { /* Plain words, then. */ }
    const live = realm.document.createElement("div");
    live.setAttribute("role", "status");
    live.setAttribute("aria-live", "polite");
    call("Node", "appendChild", root, live);
    box.root = root;
    box.live = live;
  };

  const line = (parent, name, text) => {
    const el = realm.document.createElement(name);
    el.textContent = text || "";
    if (text || name == "div") parent.append(el);
    return el;
  };

  const banner = (parent, f, texts, from) => {
    const el = line(parent, "div");
    el.className = "b " + f.state;
    line(line(el, "div"), "b", f.name && (texts.mark ? texts.mark + " " : "") + f.name);
    line(el, "p", f.why);
    line(el, "p", f.instead);
    line(el, "p", f.stop);
    line(el, "p", f.next);
    const link = f.link && new realm.URL(f.link, from);
    if (link && link.protocol[0] == "h") line(el, "a", texts.more).href = link.href;
  };

  /* Shows what the data says, and says it anew only if it changed. Past its
     end it is unknown: never well. */
  const draw = (box) => {
    const place = box.el[back];
    if (place) place();
    join(box);
    if (!box.live) make(box);
    const data = box.feed.data;
    if (!data) return;
    const texts = data.texts, next = realm.document.createElement("div");
    const list = data.off ? "" : fresh(data) ? data.functions : realm.Array({ state: "unknown", name: texts.stale });
    for (let i = 0; i < list.length; i++) banner(next, list[i], texts, data.from);
    if (data.rest && list == data.functions) banner(next, { state: "unknown", why: data.rest }, texts);
    const now = data.lang + next.innerHTML, held = box.root.activeElement;
    if (box.shown == now) return;
    if (!box.shown && !next.firstChild) return;
    box.shown = now;
    box.live.lang = data.lang;
    box.live.textContent = "";
    if (next.firstChild) box.live.append(next);
    const again = held && box.live.querySelector("a");
    if (again) again.focus({ preventScroll: true }); // It was ours before.
  };

  const show = (feed) => call("Set", "forEach", feed.boxes, (box) => { sure(async () => draw(box)); });

  /* One look, and the next a minute later: none while nobody sees it. */
  const turn = async (feed) => {
    feed.waits = document.hidden || !feed.boxes.size;
    if (feed.waits) return;
    await ask(feed);
    show(feed);
    later(() => turn(feed), minute + random() * minute / 4);
  };

  const wake = (feed) => { if (feed.waits) turn(feed); };

  const base = () => home ? new realm.URL(".", home.src).href : "";

  /* Has a box ask for what its element names now; what it showed of something
     else goes. */
  const join = (box) => {
    const el = box.el, app = attribute(el, "app"), key = attribute(el, "key"), listed = attribute(el, "origins") || base();
    const near = call("Element", "closest", el, "[lang]"), tongue = near ? attribute(near, "lang") : "";
    const id = `${app} ${key} ${listed} ${tongue}`;
    const feed = feeds[id] || (feeds[id] = { app, key, tongue, places: realm.Array(), first: 0, boxes: new realm.Set(), waits: 1 });
    if (box.feed == feed) return;
    const parts = call("String", "split", listed + " ", /\/?\s+/);
    for (let i = 0; i < parts.length; i++) if (parts[i]) know(feed, parts[i] + "/");
    leave(box);
    call("Set", "add", feed.boxes, box);
    box.feed = feed;
    wake(feed);
  };

  const leave = (box) => {
    if (box.feed) call("Set", "delete", box.feed.boxes, box);
    if (box.live) box.live.remove();
    box.live = box.shown = 0;
  };

  const start = (el) => {
    if (el[mine] || !attribute(el, "app")) return;
    const box = el[mine] = { el };
    sure(async () => draw(box));
  };

  const end = (el) => {
    const box = el[mine];
    if (!box || el[back]) return;
    leave(box);
    el[mine] = 0;
  };

  const quietly = (deed) => { sure(async () => deed()); };

  document.addEventListener("visibilitychange", () => quietly(() => { for (const id in feeds) wake(feeds[id]); }));

  /* A script that names an app has its own element behind it, and puts it back
     when the page was drawn anew. */
  const placed = () => {
    const el = call("Document", "createElement", document, tag), data = home.dataset;
    const set = (name, value) => { if (value) call("Element", "setAttribute", el, name, value); };
    set("app", data.app);
    set("key", data.key);
    set("lang", data.lang);
    set("origins", base() + (data.origins ? " " + data.origins : ""));
    const place = el[back] = () => {
      const body = document.body;
      if (el.isConnected || !body) return;
      const inside = call("Node", "contains", body, home);
      call("Node", "insertBefore", inside ? home.parentNode : body, el, inside ? home.nextSibling : body.firstChild);
    };
    place();
    if (!customElements.get(tag)) start(el);
    document.addEventListener("DOMContentLoaded", () => quietly(place));
  };

  quietly(() => {
    if (!customElements.get(tag)) {
      customElements.define(tag, class extends HTMLElement {
        static get observedAttributes() { return ["app", "lang"]; }
        connectedCallback() { quietly(() => start(this)); }
        disconnectedCallback() { quietly(() => end(this)); }
        attributeChangedCallback() { quietly(() => { end(this); if (this.isConnected) start(this); }); }
      });
    }
  });
  quietly(() => { if (home && home.dataset.app) placed(); });
} catch (e) { /* An old browser shows no banner. */ }
