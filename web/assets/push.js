/* Bongsu: asks this browser for a push subscription and sends it with the form,
   as if it had been typed. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-push]");
  const no = document.querySelector("[data-push-no]");
  document.querySelector("[data-push-off]").hidden = true;
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !form.dataset.push) {
    no.hidden = false;
    return;
  }
  form.hidden = false;
  const key = () => {
    const text = atob(form.dataset.push.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(text, (c) => c.charCodeAt(0));
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    no.hidden = true;
    try {
      await navigator.serviceWorker.register("/push-worker.js");
      const worker = await navigator.serviceWorker.ready;
      const given = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key() });
      form.elements.address.value = JSON.stringify(given);
      form.submit();
    } catch {
      no.hidden = false;
    }
  });
})();
