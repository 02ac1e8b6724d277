"""Keys that are hard-coded in pages without database access: the front page, `/krise/` and the bar on every page.

A curator's change or withdrawal of one of these has no effect there. Update this module together with these pages.
"""

CHILDREN_PAGE = "til-deg-som-er-barn"
ARTICLES = frozenset({CHILDREN_PAGE, "tilbakefall-og-overdose"})
SERVICES = frozenset({"113", "112", "110", "legevakt", "rusinfo", "ivareta", "alarmtelefonen"})
