// Nothing typed is lost: a form with data-draft is kept in this browser until the server says that it was saved.
//
// A draft lies in localStorage under the person (an id that tells nothing) and where the form is sent. It goes when the
// form was saved (the cookie “saved” names it), at sign-out and quick exit (exit.js), by «Fjern», and after a day. On a
// shared device there are none: the hidden field of the form says so. A form with data-draft="answered" is the server's
// answer to what was sent: it holds the text already, and knows more than the draft. A link with data-draft-drop lets
// the draft for that address go.
"use strict";

(() => {
  const PREFIX = "draft:";
  let ended = false; // signed out in another tab, or left
  new BroadcastChannel("drafts").addEventListener("message", () => {
    ended = true;
  });
  const LIFETIME = 24 * 60 * 60 * 1000; // milliseconds
  const OURS = new Set(["csrfmiddlewaretoken", "typed_by"]);
  const words = document.querySelector("script[data-draft-kept]")?.dataset ?? {};

  const guardOf = (form) => form.elements.namedItem("typed_by");
  const receiptOf = (form) => guardOf(form)?.value.split(":").pop();
  const keyOf = (form) => {
    const guard = guardOf(form);
    const to = new URL(form.getAttribute("action") || location.href, location.href).pathname;
    return guard && !("shared" in guard.dataset) ? `${PREFIX}${guard.dataset.person}:${to}` : null;
  };

  const fieldsOf = (form) =>
    [...form.elements].filter(
      (field) => field.name && !OURS.has(field.name) && !["password", "file", "submit", "button"].includes(field.type),
    );
  const valueOf = (field) => (["checkbox", "radio"].includes(field.type) ? field.checked : field.value);
  const written = (form) => fieldsOf(form).map((field) => [field.name, field.type, valueOf(field)]);

  const read = (key) => {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  };
  const write = (key, draft) => {
    try {
      if (ended) return;
      localStorage.setItem(key, JSON.stringify(draft));
    } catch {
      // No room, or no storage in this browser. The text is still on the page.
    }
  };
  const remove = (key) => {
    try {
      localStorage.removeItem(key);
    } catch {
      // As above.
    }
  };
  const keys = () => {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    } catch {
      return [];
    }
  };

  // The server names the form it saved, in a cookie it sets with the answer. Any page that opens next lets it go.
  const letGoOfSaved = () => {
    const match = document.cookie.match(/(?:^|; )((?:__Host-)?saved)=([^;]+)/);
    if (!match) return;
    const secure = match[1].startsWith("__Host-") ? "; Secure" : "";
    document.cookie = `${match[1]}=; Max-Age=0; Path=/; SameSite=Strict${secure}`;
    for (const key of keys()) {
      if (read(key)?.sent === match[2]) remove(key);
    }
  };

  const throwOld = () => {
    for (const key of keys()) {
      const draft = read(key);
      if (!draft || Date.now() - draft.at > LIFETIME) remove(key);
    }
  };

  const say = (form, text, role) => {
    form.querySelector(".draft-word")?.remove();
    const word = document.createElement("div");
    word.className = "ds-alert draft-word";
    word.dataset.color = role === "alert" ? "warning" : "info";
    word.setAttribute("role", role);
    const line = document.createElement("p");
    line.textContent = text;
    word.append(line);
    if (role === "alert") form.append(word);
    else form.prepend(word);
    return word;
  };

  const fill = (form, fields) => {
    const waiting = [...fields];
    for (const field of fieldsOf(form)) {
      const found = waiting.findIndex(([name, type]) => name === field.name && type === field.type);
      if (found < 0) continue;
      const [[, type, value]] = waiting.splice(found, 1);
      if (["checkbox", "radio"].includes(type)) field.checked = value;
      else field.value = value;
    }
  };

  const keep = (form) => {
    const key = keyOf(form);
    if (key) write(key, { at: Date.now(), fields: written(form) });
  };

  const restore = (form) => {
    const key = keyOf(form);
    const draft = key && read(key);
    if (!draft) return;
    if (form.dataset.draft === "answered") {
      keep(form);
      return;
    }
    if (draft.sent) write(key, { at: draft.at, fields: draft.fields }); // sent, and not saved, or the cookie had said so
    const before = written(form);
    if (JSON.stringify(before) === JSON.stringify(draft.fields)) return; // the server gave it back already
    fill(form, draft.fields);
    const word = say(form, words.draftKept, "status");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "ds-button";
    button.dataset.variant = "secondary";
    button.textContent = words.draftRemove;
    button.addEventListener("click", () => {
      remove(key);
      fill(form, before);
      word.remove();
      fieldsOf(form).find((field) => field.type !== "hidden")?.focus();
    });
    word.append(button);
  };

  const notSent = (form) => {
    keep(form);
    say(form, words.draftUnsent, "alert");
  };

  const draftForm = (target) => target?.closest?.("form[data-draft]");

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const form = draftForm(event.target);
      if (form) keep(form);
    });
  }

  document.addEventListener("click", (event) => {
    const path = event.target.closest?.("a[data-draft-drop]")?.dataset.draftDrop;
    if (!path) return;
    for (const key of keys()) {
      if (key.endsWith(`:${path}`)) remove(key);
    }
  });

  // Before the browser sends: without a net, stay on the page, and say that nothing was sent.
  document.addEventListener(
    "submit",
    (event) => {
      const form = draftForm(event.target);
      if (!form) return;
      if (!navigator.onLine) {
        event.preventDefault();
        event.stopImmediatePropagation();
        notSent(form);
        return;
      }
      const key = keyOf(form);
      if (key) write(key, { at: Date.now(), fields: written(form), sent: receiptOf(form) });
    },
    true,
  );

  letGoOfSaved();
  throwOld();
  for (const form of document.querySelectorAll("form[data-draft]")) restore(form);
})();
