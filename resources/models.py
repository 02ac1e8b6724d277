"""The public directory: services, their channels, and articles. Contains no data of families."""

import uuid
from datetime import date, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.history import version_model
from common.queries import Given
from resources.facets import Audience, ChannelKind, County, Kind, LinkProblem, OnFailure, State, Theme

CHECK_EVERY = timedelta(days=182)  # half a year: the default interval between checks
UNPINNED = 32_767  # sorts after every pin: the largest possible value
NAME, WORD = "|", "#"  # delimiters of each name and each keyword in `search_names`
STEMS = "norwegian"  # PostgreSQL's text search configuration
DEAD_LINK_AFTER = 3  # consecutive failed checks, on as many days


def _words(max_length: int, **options: Any) -> Any:
    return ArrayField(models.CharField(max_length=max_length), default=list, blank=True, **options)


class Checked(models.Model):
    """Base of content that curators are responsible for: publication state, source, and the last check.

    `loaded_digest` is the fingerprint of what the data file last stored; a row that no longer matches it was changed by
    a curator.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.SlugField(max_length=60, unique=True)  # stable: identifies the row in the data file and in public URLs
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    source = models.TextField(blank=True, default="")  # text for display
    checked_on = models.DateField(null=True, blank=True)
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    check_days = models.PositiveSmallIntegerField(default=CHECK_EVERY.days, validators=[MinValueValidator(1)])
    due_on = models.DateField(default=timezone.localdate)  # date of the next check
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # None: the data file
    loaded_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    versions: Any  # the related manager of the version table, added by pghistory

    class Meta:
        abstract = True

    def is_due(self, today: date) -> bool:
        """Return whether the check interval has passed since the last check, or there was none."""
        return self.checked_on is None or self.due_on <= today


def checked_pair(name: str) -> models.CheckConstraint:
    """Return a constraint that the date and the author of a check are set together."""
    return models.CheckConstraint(
        name=name,
        condition=Q(checked_on__isnull=True, checked_by__isnull=True)
        | Q(checked_on__isnull=False, checked_by__isnull=False),
    )


class HelpServiceQuerySet(models.QuerySet["HelpService"]):
    def public(self, today: date | Given | None = None) -> Self:
        """Return services visible to the public on `today` (default: the current date).

        They are published, and not hidden because of a failed check. A pinned service is never hidden: an outdated
        number is better than an empty page.
        """
        due = Q(checked_on__isnull=False, due_on__lte=today or timezone.localdate())
        failed = due | Q(link_failures__gte=DEAD_LINK_AFTER)
        hidden = Q(on_failure=OnFailure.HIDE, pin__isnull=True) & failed
        return self.filter(state=State.PUBLISHED).exclude(hidden)

    def in_order(self) -> Self:
        """Order by pin, then by name in Norwegian alphabetical order."""
        return self.order_by(F("pin").asc(nulls_last=True), "sort_key", "id")


class HelpService(Checked):  # type: ignore[django-manager-missing]  # `versions` comes from pghistory
    """A service that offers help; one row, however many channels it has.

    `is_anonymous`, `is_free` and `needs_referral` are None if no source states them. No counties means nationwide; no
    languages means not stated.
    """

    name = models.CharField(max_length=120)
    former_names = _words(120)
    summary = models.CharField(max_length=200)  # one line on a card
    description = models.TextField(blank=True, default="")  # Markdown, HTML disabled
    audiences = ArrayField(models.CharField(max_length=20, choices=Audience), default=list)
    kinds = ArrayField(models.CharField(max_length=20, choices=Kind), default=list)
    age_from = models.PositiveSmallIntegerField(null=True, blank=True)
    age_to = models.PositiveSmallIntegerField(null=True, blank=True)
    counties = ArrayField(models.CharField(max_length=20, choices=County), default=list, blank=True)
    places = _words(60)  # towns, in ordinary spelling
    is_anonymous = models.BooleanField(null=True, blank=True)
    is_free = models.BooleanField(null=True, blank=True)
    needs_referral = models.BooleanField(null=True, blank=True)
    languages = _words(10)  # ISO 639-1
    web = models.URLField(max_length=300, blank=True, default="")
    keywords = _words(60)  # additional search terms
    pin = models.PositiveSmallIntegerField(null=True, blank=True)  # order at the top of the list
    on_failure = models.CharField(max_length=4, choices=OnFailure, default=OnFailure.WARN)
    link_checked_at = models.DateTimeField(null=True, blank=True)
    link_failures = models.PositiveSmallIntegerField(default=0)  # in a row
    link_problem = models.CharField(max_length=10, choices=LinkProblem, blank=True, default="")

    # Derived from the other fields whenever a service is saved (resources.actions.index).
    sort_key = models.CharField(max_length=130, default="", editable=False, db_collation="C")
    search_names = models.TextField(default="", editable=False)  # folded: names, former names, numbers, keywords
    search_text = models.TextField(default="", editable=False)  # folded: all other searchable text

    objects = HelpServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        constraints = [checked_pair("service_checked_pair")]
        indexes = [
            GinIndex(fields=["audiences", "kinds", "counties"], fastupdate=False, name="service_facets"),
        ]

    def __str__(self) -> str:
        return self.name


class Channel(models.Model):  # type: ignore[django-manager-missing]  # `versions` comes from pghistory
    """A way to contact a service, with its own opening hours."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    service = models.ForeignKey(HelpService, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=10, choices=ChannelKind)
    value = models.CharField(max_length=300)  # dialable phone number (common.phones), web address or street address
    label = models.CharField(max_length=120, blank=True, default="")  # if a service has several channels of a kind
    opening_hours = models.CharField(max_length=300, blank=True, default="")  # OSM syntax; empty if not stated
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("way to reach it")
        verbose_name_plural = _("ways to reach it")
        ordering: ClassVar[list[str]] = ["position", "id"]

    def __str__(self) -> str:
        return self.value


class DirectoryMark(models.Model):
    """Marks that show whether the directory has changed.

    Whenever a service or a channel is changed in any way, triggers replace a mark with a new one that was never used
    before. There are several rows, and a transaction changes one of them, so that edits of different services do not
    wait for each other. All marks together identify the state of the directory, as visible in the current transaction.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    mark = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.mark)


class NumberReport(models.Model):
    """How often a number was reported as not working on a day. Nothing about the reporters is stored."""

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
        """Return articles visible to the public."""
        return self.filter(state=State.PUBLISHED).defer("search_words")

    def in_order(self) -> Self:
        return self.order_by("position", "title", "id")


class GuidanceArticle(Checked):  # type: ignore[django-manager-missing]  # `versions` comes from pghistory
    """An editorial article: what the reader can do today, then the full text. Markdown, HTML disabled."""

    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=200)  # one line in the list
    theme = models.CharField(max_length=12, choices=Theme, default=Theme.BETWEEN_US)
    today = models.TextField(blank=True, default="")  # a list of three
    body = models.TextField()
    is_for_children = models.BooleanField(default=False)  # large print, short text
    position = models.PositiveSmallIntegerField(default=0)
    services = models.ManyToManyField(HelpService, blank=True, related_name="articles")
    search_words = models.GeneratedField(
        expression=SearchVector("title", "summary", weight="A", config=STEMS)
        + SearchVector("today", "body", weight="D", config=STEMS),
        output_field=SearchVectorField(),
        db_persist=True,
    )  # the stems of all texts, generated by the database; title and summary have the highest weight

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
    "link_checked_at",
    "link_failures",
    "link_problem",
    "loaded_digest",
)
_NOT_WRITTEN = ("loaded_digest", "search_words")


class HelpServiceVersion(version_model(HelpService, exclude=_MADE, with_removals=True)):  # type: ignore[misc]  # the base is made by pghistory
    """A service after each change."""


class ChannelVersion(version_model(Channel, with_removals=True)):  # type: ignore[misc]  # the base is made by pghistory
    """A channel after each change; if removed, its last state."""


class GuidanceArticleVersion(version_model(GuidanceArticle, exclude=_NOT_WRITTEN, with_removals=True)):  # type: ignore[misc]  # the base is made by pghistory
    """An article after each change."""
