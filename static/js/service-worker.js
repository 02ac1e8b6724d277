// The copy for when there is no net. The server sends this as /sw.js, with COPY before it (portal/views/offline.py).
//
// One rule makes it safe: nothing is ever kept but the public pages and files that COPY names, fetched without cookies.
// So every browser keeps the same copy. Nothing of a family can be in it, and it does not tell what somebody has read.
"use strict";

const NAME = `copy-${COPY.version}`;
const PATIENCE = 4000; // milliseconds; after that a copy is better than waiting
const DAY = 24 * 60 * 60 * 1000;

const kept = async (path) => {
  try {
    return await caches.match(path, { cacheName: NAME, ignoreVary: true });
  } catch {
    return undefined; // this browser lets us keep nothing: as if there were no copy
  }
};

const keep = async (cache, path, mode) => {
  const answer = await fetch(path, { credentials: "omit", cache: mode, redirect: "error" });
  if (answer.status === 404) await cache.delete(path); // taken down, so not shown from here either
  if (!answer.ok) throw new Error(`${path} ${answer.status}`);
  await cache.put(path, answer);
};

const fill = async () => {
  const cache = await caches.open(NAME);
  const all = (paths, mode) => paths.map((path) => keep(cache, path, mode));
  await Promise.all([...all(COPY.files, "default"), ...all(COPY.pages, "no-cache")]);
  await Promise.allSettled(all(COPY.articles, "no-cache"));
};

let filling = null;
const refresh = async () => {
  const page = await kept(COPY.offline);
  if (page && Date.now() - Date.parse(page.headers.get("Date")) < DAY) return;
  filling ??= fill().catch(() => {}); // another day, then; what was kept is kept
  await filling;
  filling = null;
};

const copyFor = (path) => {
  if (COPY.pages.includes(path) || COPY.articles.includes(path)) return path;
  return path.startsWith(COPY.directory) && !path.endsWith("/pdf/") ? COPY.offline : null;
};

const late = () => new Promise((resolve) => setTimeout(resolve, PATIENCE));

// The page from the net. Of those that have a copy: the copy, when the net or the server does not answer in time.
const open = async (request, path) => {
  const network = fetch(request);
  network.catch(() => {}); // looked at below, perhaps after it has failed
  const name = copyFor(path);
  const copy = name && (await kept(name));
  const asked = network.catch(() => null);
  const answer = await (copy ? Promise.race([asked, late()]) : asked);
  if (answer && !(copy && answer.status >= 500)) return answer;
  return copy || (await kept(COPY.offline)) || network;
};

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fill());
});

self.addEventListener("activate", (event) => {
  const takeOver = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith("copy-") && name !== NAME);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(takeOver());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || pathname === COPY.exit) return;
  if (request.mode === "navigate") {
    const answer = open(request, pathname);
    event.respondWith(answer);
    event.waitUntil(answer.then(refresh, () => {}));
  } else if (COPY.files.includes(pathname)) {
    event.respondWith(kept(pathname).then((file) => file ?? fetch(request)));
  }
});
