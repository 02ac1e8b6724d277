// Quick exit, on every page: the link, or Shift or Esc three times. Drafts go first, then the page, then the session.
"use strict";

(() => {
  const DRAFTS = "draft:"; // how the keys of drafts.js begin
  const TIMES = 3;
  const WITHIN = 2000; // milliseconds between the first press and the last

  const forget = () => {
    new BroadcastChannel("drafts").postMessage("ended"); // to drafts.js in other tabs
    try {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(DRAFTS)) localStorage.removeItem(key);
      }
    } catch {
      // The browser keeps nothing, so there is nothing to delete.
    }
  };

  const leave = () => {
    forget();
    document.title = "\u00a0";
    document.body.hidden = true;
    location.replace(new URL(document.querySelector("[data-quick-exit]")?.href ?? "/forlat/", location.href));
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-quick-exit]")) {
      event.preventDefault();
      leave();
    }
  });

  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-sign-out]")) forget();
  });

  let presses = [];
  document.addEventListener("keydown", (event) => {
    if (event.repeat || !["Shift", "Escape"].includes(event.key)) {
      if (!event.repeat) presses = [];
      return;
    }
    if (presses.length && presses[0].key !== event.key) presses = [];
    presses = presses.filter((press) => event.timeStamp - press.at < WITHIN);
    presses.push({ key: event.key, at: event.timeStamp });
    if (presses.length >= TIMES) leave();
  });

  // Back after signing out must not show what the browser remembers: a page with a way to sign out is asked for anew.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.querySelector("[data-sign-out]")) {
      document.body.hidden = true;
      location.reload();
    }
  });
})();
