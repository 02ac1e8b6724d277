// The directory in short, kept for when there is no net (portal/offline.html): shows what fits the address one came by,
// with the words the directory itself uses (hvem, hva, sted, anonym, gratis), and one service at its own address.
// What it cannot do, search or show a service it does not have, it owns up to.
"use strict";

(() => {
  const list = document.querySelector("[data-directory]");
  if (!list || !location.pathname.startsWith(list.dataset.directory)) return;
  const WORDS = ["hvem", "hva", "sted", "anonym", "gratis"];
  const asked = new URLSearchParams(location.search);
  const chosen = WORDS.filter((word) => asked.get(word)).map((word) => [word, asked.get(word)]);
  const lines = [...list.querySelectorAll("[data-key]")];

  const key = location.pathname.slice(list.dataset.directory.length).replace(/\/$/, "");
  const one = lines.find((line) => line.dataset.key === key);
  const fits = (line) => chosen.every(([word, value]) => line.dataset[word].split(" ").includes(value));
  for (const line of lines) line.hidden = one ? line !== one : !fits(line);
  for (const group of list.querySelectorAll("section")) group.hidden = !group.querySelector("[data-key]:not([hidden])");
  const unsearched = Boolean(asked.get("sok") || (key && !one));
  list.querySelector("[data-unsearched]").hidden = !unsearched;
  list.querySelector("[data-all]").hidden = chosen.length > 0;
  list.querySelector("[data-nothing]").hidden = lines.some((line) => !line.hidden);

  // Each choice keeps the others; the link of what is chosen takes it back.
  for (const chip of document.querySelectorAll("main a.chip")) {
    const [[word, value]] = new URL(chip.href).searchParams;
    const next = new URLSearchParams(chosen);
    if (asked.get(word) === value) {
      chip.setAttribute("aria-current", "true");
      next.delete(word);
    } else {
      next.set(word, value);
    }
    chip.href = next.size ? `${list.dataset.directory}?${next}` : list.dataset.directory;
  }
  if (one || unsearched || asked.get("hva")) list.scrollIntoView();
})();
