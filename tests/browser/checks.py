"""What is asked of every page. Each check returns what is wrong, in words; an empty list is a good page."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# WCAG 1.4.12, through a constructed sheet: an inline one is refused by our own policy.
SPACE_OUT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
    p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""
NO_SPACE_OUT = "() => { document.adoptedStyleSheets = document.adoptedStyleSheets.slice(0, -1) }"

SIDEWAYS = """() => {
  const root = document.documentElement, wide = root.scrollWidth - root.clientWidth;
  if (wide <= 1) return [];
  const out = [...document.body.querySelectorAll('*')].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && box.right > root.clientWidth + 1;
  });
  const name = e => e.tagName.toLowerCase() + (e.className ? '.' + e.className : '');
  return [`${wide}px too wide: ` + out.slice(-3).map(name).join(', ')];
}"""

CLIPPED = """() => [...document.querySelectorAll('main *')].filter(e => {
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (box.width < 8 || box.height < 8 || !e.innerText?.trim() || /input|select|textarea/i.test(e.tagName)) return false;
  return (style.overflowX !== 'visible' && style.overflowX !== 'auto' && e.scrollWidth > e.clientWidth + 2)
    || (style.overflowY !== 'visible' && style.overflowY !== 'auto' && e.scrollHeight > e.clientHeight + 4);
}).map(e => `clipped: ${e.tagName} ${e.innerText.slice(0, 40)}`)"""

FOCUSABLE = """() => {
  const all = document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]');
  const radios = new Set();
  return [...all].filter(e => {
    if (e.disabled || !e.checkVisibility({visibilityProperty: true})) return false;
    if (e.closest('[inert]')) return false;
    if (e.type === 'radio') {  // one stop a group
      const group = (e.form?.id || '') + e.name;
      if (radios.has(group)) return false;
      radios.add(group);
    }
    return true;
  }).map((e, i) => { e.dataset.stop ??= 's' + i; return e.dataset.stop; });
}"""

FOCUSED = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const label = e.labels && e.labels.length ? [...e.labels] : [];
  const points = [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]].map(
    ([x, y]) => document.elementFromPoint(box.left + box.width * x, box.top + box.height * y));
  const seen = points.some(p => p && (e.contains(p) || p.contains(e) && p.closest('main, nav, header, footer, form') &&
    !p.closest('.help-bar') || label.some(l => l.contains(p)) || e.contains(p.closest('a, button'))));
  const parts = [e, e.closest('label, .ds-field, .ds-card, summary')].filter(Boolean).map(x => getComputedStyle(x));
  const ring = !!e.closest(".skip-link") ||
    parts.some(s => (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== 'none');
  const group = e.type === 'radio' ? (e.form?.id || '') + e.name : '';
  const first = group ? [...document.querySelectorAll('input[type=radio]')].find(
    r => (r.form?.id || '') + r.name === group && r.dataset.stop) : e;
  return {stop: first?.dataset.stop, seen, ring, name: `${e.tagName.toLowerCase()} “${
    (e.innerText || e.name || e.getAttribute('aria-label') || '').trim().slice(0, 30)}”`};
}"""

UNREADABLE = """() => {
  const background = e => { for (; e; e = e.parentElement) {
    const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$|transparent/.test(c)) return c; }
    return getComputedStyle(document.documentElement).backgroundColor; };
  return [...document.querySelectorAll('main *, header *, nav *, footer *')].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.checkVisibility() &&
    getComputedStyle(e).color === background(e)
  ).map(e => `no contrast: ${e.tagName} ${e.innerText?.slice(0, 30)}`);
}"""

MOVING = """() => [...document.querySelectorAll('*')].filter(e => {
  const s = getComputedStyle(e);
  const longest = list => Math.max(...list.split(',').map(parseFloat));
  return (s.animationName !== 'none' && longest(s.animationDuration) > 0.01);
}).map(e => `moves: ${e.tagName}.${e.className}`).slice(0, 3)"""

PRINTED = """() => {
  const wrong = [], main = document.querySelector('main h1');
  if (!main || !main.checkVisibility()) wrong.push('the heading is not printed');
  for (const e of document.querySelectorAll('.help-bar, body > nav')) {
    const position = getComputedStyle(e).position;
    if (e.checkVisibility() && (position === 'sticky' || position === 'fixed')) wrong.push('a sticky bar is printed');
  }
  const light = getComputedStyle(document.body).color.match(/[\\d.]+/g)?.slice(0, 3).map(Number) ?? [0];
  if ([...document.querySelectorAll('main button')].some((e) => e.checkVisibility())) wrong.push('a button is printed');
  if (Math.min(...light) > 140) wrong.push('light text is printed');
  return wrong;
}"""

CONTENT = """() => ({
  heading: document.querySelector('main h1')?.textContent.trim().replace(/\\s+/g, ' '),
  fields: [...document.querySelectorAll('main form [name]:not([type=hidden])')].map(e => e.name).sort(),
  buttons: [...document.querySelectorAll('main form button')].filter(e => e.checkVisibility()).length,
})"""


def axe(page: Page, *rules: str) -> list[str]:
    """Violations found by axe: all of WCAG 2.0-2.2 A and AA and best practice, or only `rules`."""
    only: dict[str, Any] = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": WCAG}
    there = page.evaluate("() => 'axe' in window")
    found = Axe("0" if there else AXE_SCRIPT).run(page, options={"runOnly": only, "resultTypes": ["violations"]})
    return [
        f"axe {violation['id']}: {violation['help']} ({violation['nodes'][0]['html'][:120]})"
        for violation in found.response["violations"]
    ]


def reflow(page: Page) -> list[str]:
    wrong = []
    for width, height in ((320, 256), (640, 512)):
        page.set_viewport_size({"width": width, "height": height})
        wrong += [f"{width}×{height}: {line}" for line in page.evaluate(SIDEWAYS)]
    return wrong


def text_spacing(page: Page) -> list[str]:
    page.set_viewport_size({"width": 320, "height": 640})
    page.evaluate(SPACE_OUT)
    wrong = [f"spaced out: {line}" for line in [*page.evaluate(SIDEWAYS), *page.evaluate(CLIPPED)]]
    page.evaluate(NO_SPACE_OUT)
    return wrong


def keyboard(page: Page) -> list[str]:
    """Everything that can be used is reached by Tab, seen when it is, and nothing holds the focus."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0) }")
    wanted, reached, wrong = set(page.evaluate(FOCUSABLE)), set(), []
    for _ in range(3 * len(wanted) + 10):
        if wanted <= reached:
            break
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at is None:
            continue
        if at["stop"] not in reached:
            if not at["seen"]:
                wrong.append(f"hidden while focused: {at['name']}")
            if not at["ring"]:
                wrong.append(f"no focus ring: {at['name']}")
        reached.add(at["stop"])
    missing = wanted - reached
    if missing:
        names = page.evaluate(
            "stops => stops.map(s => document.querySelector(`[data-stop=${s}]`).outerHTML.slice(0, 90))", list(missing)
        )
        wrong.append(f"not reached by Tab: {names}")
    return wrong


def focused(page: Page) -> list[str]:
    """Something has the focus, and nothing lies over it."""
    at = page.evaluate(FOCUSED)
    if at is None:
        return ["nothing has the focus"]
    return [] if at["seen"] else [f"hidden while focused: {at['name']}"]


def colours_and_motion(page: Page) -> list[str]:
    wrong = []
    page.emulate_media(color_scheme="dark")
    wrong += [f"dark: {line}" for line in axe(page, "color-contrast")]
    page.emulate_media(color_scheme="light", forced_colors="active")
    wrong += [f"forced colours: {line}" for line in page.evaluate(UNREADABLE)]
    page.emulate_media(forced_colors="none", reduced_motion="reduce")
    wrong += page.evaluate(MOVING)
    page.emulate_media(reduced_motion="no-preference", media="print", color_scheme="dark")
    wrong += [f"print: {line}" for line in page.evaluate(PRINTED)]
    page.emulate_media(media="screen", color_scheme="light")
    return wrong


def everything(page: Page) -> list[str]:
    return [*axe(page), *reflow(page), *text_spacing(page), *keyboard(page), *colours_and_motion(page)]
