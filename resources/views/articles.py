"""Views of articles."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from common.http import for_everybody, render_page
from common.views import public
from resources.presenters.articles import show_article, show_list
from resources.selectors.articles import find_article, list_articles, list_closed


@public
@require_safe
def articles(request: HttpRequest) -> HttpResponse:
    """List the articles by theme."""
    page = render_page(request, "resources/articles.html", {"themes": show_list(list_articles())})
    return for_everybody(request, page)


@public
@require_safe
def article(request: HttpRequest, key: str) -> HttpResponse:
    """Show an article. Articles for children have their own template."""
    found = find_article(key)
    template = "resources/article_for_children.html" if found.is_for_children else "resources/article.html"
    shown = show_article(found, timezone.now(), list_closed(found))
    page = render_page(request, template, {"article": shown})
    return for_everybody(request, page)
