"""What pages name by heart, since they ask no database: the front page, `/krise/`, and the bar on every page.

A curator who changes or withdraws one of these changes nothing there. Whoever changes such a page changes this too.
"""

CHILDREN_PAGE = "til-deg-som-er-barn"
ARTICLES = frozenset({CHILDREN_PAGE, "tilbakefall-og-overdose"})
SERVICES = frozenset({"113", "112", "110", "legevakt", "rusinfo", "ivareta", "alarmtelefonen"})
