"""Admin of articles."""

from typing import Any

from django import forms
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from resources.admin.base import CuratedAdmin
from resources.admin.filters import ByTheme, Shown, ToCheck
from resources.admin.forms import ArticleForm
from resources.admin.words import LABELS
from resources.hardcoded import ARTICLES
from resources.models import GuidanceArticle, HelpService


class ArticleAdmin(CuratedAdmin):
    """Articles, in the order of the public list."""

    form = ArticleForm
    public_page = "article"
    list_display = ("called", "about", "shown", "stands", "verify_button")
    list_filter = (ToCheck, Shown, ByTheme)
    search_fields = ("title", "summary", "body", "today", "source")
    sortable_by = ()
    fieldsets = (
        (None, {"fields": ("seen", "title", "key", "summary", "theme", "position", "is_for_children")}),
        (gettext_lazy("The text"), {"fields": ("today", "body")}),
        (gettext_lazy("Help that belongs to it"), {"fields": ("services",)}),
        (gettext_lazy("Source and check"), {"fields": ("source", "check_days", "verified")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[GuidanceArticle]:
        return GuidanceArticle.objects.all()

    def get_ordering(self, request: HttpRequest) -> Any:
        return ("position", "title", "id")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = HelpService.objects.in_order()
        kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def fixed_words(self, item: GuidanceArticle) -> str:
        if item.key not in ARTICLES:
            return ""
        return _("Crisis now leads here too, fixed. Tell those who run the site if it is to be withdrawn.")

    @display(description=LABELS["title"])
    def called(self, article: GuidanceArticle) -> str:
        return article.title

    @display(description=LABELS["theme"])
    def about(self, article: GuidanceArticle) -> str:
        return article.get_theme_display()

    @display(description=gettext_lazy("Shown"))
    def shown(self, article: GuidanceArticle) -> str:
        return article.get_state_display()

    @display(description=gettext_lazy("Check"))
    def stands(self, article: GuidanceArticle) -> str:
        return self.check_words(article)
