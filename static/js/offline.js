// Lets the browser keep a small copy of the public pages for when there is no net (service-worker.js), after the page
// has come to rest. On the page about leaving one can have it removed; then this browser keeps none until asked again.
"use strict";

(() => {
  const CHOICE = "offline-copy"; // in localStorage: "off", or not there
  const workers = navigator.serviceWorker;
  if (!workers) return;

  const isOff = () => {
    try {
      return localStorage.getItem(CHOICE) === "off";
    } catch {
      return false;
    }
  };
  const remember = (off) => {
    try {
      if (off) localStorage.setItem(CHOICE, "off");
      else localStorage.removeItem(CHOICE);
    } catch {
      // The browser keeps nothing, so neither a copy.
    }
  };

  let registered = Promise.resolve();
  const begin = () => {
    if (!isOff()) registered = workers.register("/sw.js").catch(() => {}); // without a copy all works as before
  };
  window.addEventListener("load", () => (window.requestIdleCallback ?? setTimeout)(begin));

  const remove = async () => {
    remember(true);
    await registered;
    await (await workers.getRegistration("/"))?.unregister();
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("copy-")).map((name) => caches.delete(name)));
  };

  const box = document.querySelector("[data-offline-copy]");
  if (!box) return;
  const [word, removing, keeping] = ["p", "[data-copy-remove]", "[data-copy-keep]"].map((one) => box.querySelector(one));
  const show = () => {
    removing.hidden = isOff();
    keeping.hidden = !isOff();
  };
  removing.addEventListener("click", async () => {
    await remove();
    word.textContent = box.dataset.removed;
    show();
    keeping.focus();
  });
  keeping.addEventListener("click", () => {
    remember(false);
    begin();
    word.textContent = box.dataset.kept;
    show();
    removing.focus();
  });
  show();
  box.hidden = false;
})();
