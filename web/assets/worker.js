/* Bongsu: shows what is pushed to this browser, and opens its page when pressed. */
"use strict";
self.addEventListener("push", (event) => {
  let said = {};
  try {
    said = event.data.json();
  } catch {
    said = { title: event.data ? event.data.text() : "" };
  }
  event.waitUntil(self.registration.showNotification(said.title || "", {
    body: said.body || "", lang: said.lang || "", tag: said.tag || undefined, data: { url: said.url || "/" },
  }));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const to = new URL(event.notification.data.url, self.location.origin);
  if (to.origin === self.location.origin) event.waitUntil(self.clients.openWindow(to.href));
});
