/* Bongsu: a page that stays open tells by itself when its time is up. What is
   written holds without this: elements with data-after are hidden words that
   become true at that instant. */
(() => {
  "use strict";
  const show = () => {
    for (const el of document.querySelectorAll("[data-after]")) {
      if (Date.now() >= Date.parse(el.dataset.after)) {
        el.hidden = false;
        el.removeAttribute("data-after");
      }
    }
  };
  show();
  setInterval(show, 10000);
})();
