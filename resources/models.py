"""The public directory: services that help, how to reach them, articles. Nothing here belongs to a family."""

import uuid
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.history import version_model
from common.queries import Given
from resources.facets import Audience, ChannelKind, County, Kind, LinkProblem, OnFailure, State, Theme

CHECK_EVERY = timedelta(days=182)  # half a year: directory-facts, what every entry is flagged by
UNPINNED = 32_767  # stands after every pin: the largest a pin can be
NAME, WORD = "|", "#"  # what stands before and after each name, each keyword, in `search_names`
STEMS = "norwegian"  # whose endings PostgreSQL knows
DEAD_LINK_AFTER = 3  # checks in a row that failed, on as many days


def _words(max_length: int, **options: Any) -> Any:
    return ArrayField(models.CharField(max_length=max_length), default=list, blank=True, **options)


class Checked(models.Model):
    """What a curator answers for: whether it is shown, where it comes from, when it was last checked and by whom.

    `loaded_digest` is of what the data file last put here; a row that no longer matches it was changed by a curator.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.SlugField(max_length=60, unique=True)  # stable: the data file's, and the public address
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    source = models.TextField(blank=True, default="")  # in words fit to show
    checked_on = models.DateField(null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    check_days = models.PositiveSmallIntegerField(default=CHECK_EVERY.days, validators=[MinValueValidator(1)])
    due_on = models.DateField(default=timezone.localdate)  # when it is to be checked (again)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # nobody: the data file
    loaded_digest = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        abstract = True

    def is_due(self, today: date) -> bool:
        """Whether half a year (or what was chosen) has passed since somebody checked it, or nobody ever has."""
        return self.checked_on is None or self.due_on <= today


def checked_pair(name: str) -> models.CheckConstraint:
    """Who checked and when stand together."""
    return models.CheckConstraint(
        name=name,
        condition=Q(checked_on__isnull=True, checked_by__isnull=True)
        | Q(checked_on__isnull=False, checked_by__isnull=False),
    )


class HelpServiceQuerySet(models.QuerySet["HelpService"]):
    def public(self, today: date | Given | None = None) -> Self:
        """What anybody may see `today` (this day): published, and not hidden because it failed its checks.

        A pinned service is never hidden: an old number is better than an empty page.
        """
        due = Q(checked_on__isnull=False, due_on__lte=today or timezone.localdate())
        failed = due | Q(link_failures__gte=DEAD_LINK_AFTER)
        hidden = Q(on_failure=OnFailure.HIDE, pin__isnull=True) & failed
        return self.filter(state=State.PUBLISHED).exclude(hidden).defer("search_words")

    def in_order(self) -> Self:
        """Pinned first in the order of their pins, then by name as Norwegians sort."""
        return self.order_by(F("pin").asc(nulls_last=True), "sort_key", "id")


class HelpService(Checked):  # type: ignore[django-manager-missing]  # `versions` comes from pghistory
    """Somebody who helps, once, however many ways lead to them.

    Three-valued facts (`is_anonymous`, `is_free`, `needs_referral`) are None where no source says. No counties means
    the whole country; no languages means not stated.
    """

    name = models.CharField(max_length=120)
    former_names = _words(120)
    summary = models.CharField(max_length=200)  # one line on a card
    description = models.TextField(blank=True, default="")  # Markdown, HTML off
    audiences = ArrayField(models.CharField(max_length=20, choices=Audience), default=list)
    kinds = ArrayField(models.CharField(max_length=20, choices=Kind), default=list)
    age_from = models.PositiveSmallIntegerField(null=True, blank=True)
    age_to = models.PositiveSmallIntegerField(null=True, blank=True)
    counties = ArrayField(models.CharField(max_length=20, choices=County), default=list, blank=True)
    places = _words(60)  # towns, as one writes them
    is_anonymous = models.BooleanField(null=True, blank=True)
    is_free = models.BooleanField(null=True, blank=True)
    needs_referral = models.BooleanField(null=True, blank=True)
    languages = _words(10)  # ISO 639-1
    web = models.URLField(max_length=300, blank=True, default="")
    keywords = _words(60)  # other words people search by
    pin = models.PositiveSmallIntegerField(null=True, blank=True)  # on top, in this order
    on_failure = models.CharField(max_length=4, choices=OnFailure, default=OnFailure.WARN)
    link_checked_at = models.DateTimeField(null=True, blank=True)
    link_failures = models.PositiveSmallIntegerField(default=0)  # in a row
    link_problem = models.CharField(max_length=10, choices=LinkProblem, blank=True, default="")

    # Made of the others whenever a service is saved (resources.actions.index).
    sort_key = models.CharField(max_length=130, default="", editable=False, db_collation="C")
    search_names = models.TextField(default="", editable=False)  # folded: names, former names, numbers, keywords
    search_text = models.TextField(default="", editable=False)  # folded: all else that a search may find
    search_words = models.GeneratedField(
        expression=Func(
            SearchVector("search_names", "search_text", config=STEMS),
            function="strip",
            output_field=SearchVectorField(),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )  # the stems of both; made by the database

    objects = HelpServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        constraints = [checked_pair("service_checked_pair")]
        indexes = [
            GinIndex(fields=["audiences", "kinds", "counties"], fastupdate=False, name="service_facets"),
            GinIndex(fields=["search_words"], fastupdate=False, name="service_search_words"),
        ]

    def __str__(self) -> str:
        return self.name


class SearchWord(models.Model):
    """A word that a published service is found by, folded, so that a misspelt one can be taken for it
    (resources.actions.index). `is_name` when a service is called just so."""

    word = models.CharField(max_length=24, primary_key=True)
    is_name = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.word


class Channel(models.Model):  # type: ignore[django-manager-missing]  # `versions` comes from pghistory
    """One way to reach a service, with the hours of its own."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(HelpService, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=10, choices=ChannelKind)
    value = models.CharField(max_length=300)  # a number as dialled (common.phones), an address on the web, a street
    label = models.CharField(max_length=120, blank=True, default="")  # where a service has several of a kind
    opening_hours = models.CharField(max_length=300, blank=True, default="")  # OSM syntax; empty: no source says
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("way to reach it")
        verbose_name_plural = _("ways to reach it")
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.value


class DirectoryMark(models.Model):
    """Whether the directory has changed. Triggers write another mark, never an old one again, whenever a service or a
    way to reach it does, whoever writes. There are a few, and a transaction takes one, so that nobody who changes one
    service waits for who changes another; together they say how it is. Within a transaction it is of what that sees."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    mark = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.mark)


class NumberReport(models.Model):
    """How many said, on a day, that a number did not work. Who they were is not kept."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="reports")
    reported_on = models.DateField(default=timezone.localdate)
    count = models.PositiveIntegerField(default=1)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("report of a number")
        verbose_name_plural = _("reports of numbers")
        constraints = [
            models.UniqueConstraint(fields=["channel", "reported_on"], name="report_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.reported_on}"


class GuidanceArticleQuerySet(models.QuerySet["GuidanceArticle"]):
    def public(self) -> Self:
        """What anybody may read."""
        return self.filter(state=State.PUBLISHED).defer("search_words")

    def in_order(self) -> Self:
        return self.order_by("position", "title", "id")


class GuidanceArticle(Checked):  # type: ignore[django-manager-missing]  # `versions` comes from pghistory
    """Something to read, in our own words: what one can do today first, then the rest. Markdown, HTML off."""

    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=200)  # one line in the list
    theme = models.CharField(max_length=12, choices=Theme, default=Theme.BETWEEN_US)
    today = models.TextField(blank=True, default="")  # a list of three
    body = models.TextField()
    is_for_children = models.BooleanField(default=False)  # big text, few words
    position = models.PositiveSmallIntegerField(default=0)
    services = models.ManyToManyField(HelpService, blank=True, related_name="articles")
    search_words = models.GeneratedField(
        expression=SearchVector("title", "summary", weight="A", config=STEMS)
        + SearchVector("today", "body", weight="D", config=STEMS),
        output_field=SearchVectorField(),
        db_persist=True,
    )  # the stems of all of it, made by the database; what the title says weighs most

    objects = GuidanceArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        constraints = [checked_pair("article_checked_pair")]

    def __str__(self) -> str:
        return self.title


_MADE = (
    "sort_key",
    "search_names",
    "search_text",
    "search_words",
    "link_checked_at",
    "link_failures",
    "link_problem",
    "loaded_digest",
)
_NOT_WRITTEN = ("loaded_digest", "search_words")


class HelpServiceVersion(version_model(HelpService, exclude=_MADE, with_removals=True)):  # type: ignore[misc]  # the base is made by pghistory
    """A service as it was after each change."""


class ChannelVersion(version_model(Channel, with_removals=True)):  # type: ignore[misc]  # the base is made by pghistory
    """A way to reach a service, as it was after each change; of a removed one, as it was last."""


class GuidanceArticleVersion(version_model(GuidanceArticle, exclude=_NOT_WRITTEN, with_removals=True)):  # type: ignore[misc]  # the base is made by pghistory
    """An article as it was after each change."""
