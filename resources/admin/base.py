"""Base classes of the admin: permissions, saving, buttons, history and preview."""

from collections.abc import Callable
from copy import copy
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin, ShowFacets, display
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, resolve, reverse
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from common.dates import day_words, exact_words
from common.http import render_page, undo_tag
from resources import actions
from resources.admin.site import DirectorySite
from resources.admin.words import LABELS, differences
from resources.facets import State
from resources.models import Checked
from resources.selectors.versions import version_of, versions_of

PREVIEW = "_preview"


class ReadAdmin(ModelAdmin):  # type: ignore[type-arg]  # for several models
    """Read access for users with permission on the site.

    Nothing is ever deleted, and Django's admin log stays empty, because the version tables contain the history.
    """

    admin_site: DirectorySite
    actions = None
    list_per_page = 50
    show_facets = ShowFacets.NEVER  # each count would cost a query

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def address(self, name: str, *args: Any) -> str:
        """Return the URL of one of this model's admin pages."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    def route(self, pattern: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
        """Return a URL pattern for an additional page of this model, behind the site's permission check."""
        checked: Callable[..., HttpResponse] = self.admin_site.admin_view(view)
        return path(pattern, checked, name=f"{self.opts.app_label}_{self.opts.model_name}_{name}")

    def found(self, pk: Any) -> Any:
        try:
            return self.model._default_manager.get(pk=pk)
        except self.model.DoesNotExist:
            raise Http404 from None

    def back(self, request: HttpRequest, otherwise: str) -> HttpResponse:
        """Redirect to the admin page with the button that was pressed."""
        came_from = request.headers.get("Referer", "")
        ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, require_https=request.is_secure())
        inside = ours and reverse("admin:index") in came_from
        return HttpResponseRedirect(came_from if inside else otherwise)


class CuratedAdmin(ReadAdmin):
    """Base admin of services and articles: drafts, checks, history and preview."""

    change_form_template = "resources/admin/change_form.html"
    change_list_template = "resources/admin/change_list.html"
    public_page = ""  # name of the public page's URL pattern
    as_shown: dict[str, Any] = {"state": State.PUBLISHED}  # field values that make it public
    save_on_top = False
    view_on_site = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.admin_site.has_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def get_urls(self) -> list[URLPattern]:
        """Return Django's list, add and change pages, and the custom ones."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        plain = [
            pattern
            for pattern in super().get_urls()
            if pattern.name in {f"{prefix}changelist", f"{prefix}add", f"{prefix}change"}
        ]
        own = [
            self.route("<uuid:pk>/historikk/", require_safe(self.history), "history"),
            self.route("<uuid:pk>/historikk/<int:version_id>/tilbake/", require_POST(self.restore), "restore"),
            self.route("<uuid:pk>/kontrollert/", require_POST(self.verify), "verify"),
            self.route("<uuid:pk>/publiser/", require_POST(self.publish), "publish"),
            self.route("<uuid:pk>/trekk-tilbake/", require_POST(self.withdraw), "withdraw"),
            self.route("<uuid:pk>/angre/<int:version_id>/", require_POST(self.undo), "undo"),
        ]
        return own + plain

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("address_here",) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fieldsets. After creation, the key is shown as a read-only URL."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        return [
            (name, options | {"fields": tuple("address_here" if one == "key" else one for one in options["fields"])})
            for name, options in super().get_fieldsets(request, obj)
        ]

    @display(description=LABELS["key"])
    def address_here(self, item: Checked) -> str:
        return reverse(self.public_page, args=[item.key])

    # Buttons

    def verify(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Record that the curator has checked the item now."""
        item = actions.verify(item=self.found(pk), by=request.user)
        done = _("“%(name)s” is checked. Next time: %(day)s.") % {"name": item, "day": day_words(item.due_on)}
        return self._done(request, item, done)

    def publish(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Publish the item."""
        item = actions.publish(item=self.found(pk), by=request.user)
        return self._done(request, item, _("“%(name)s” is shown to everybody now.") % {"name": item})

    def withdraw(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Withdraw the item from public view."""
        item = actions.withdraw(item=self.found(pk), by=request.user)
        return self._done(request, item, _("“%(name)s” is shown to nobody any more.") % {"name": item})

    def undo(self, request: HttpRequest, pk: Any, version_id: int) -> HttpResponse:
        """Revert a recent check, publication or withdrawal."""
        item = self.found(pk)
        if actions.undo(item=item, version_id=version_id, by=request.user):
            messages.success(request, _("Undone."))
        else:
            messages.warning(request, _("It has been changed since, so there is nothing to undo. See the history."))
        return self.back(request, self.address("change", item.pk))

    def _done(self, request: HttpRequest, item: Checked, words: str) -> HttpResponse:
        newest = versions_of(item)[0]
        messages.success(request, words, extra_tags=undo_tag(self.address("undo", item.pk, newest.id)))
        return self.back(request, self.address("changelist"))

    # History

    def history(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show who changed what and when, newest first."""
        item = self.found(pk)
        newest, *older = versions_of(item)
        versions = [
            {
                "at": exact_words(version.at),
                "by": version.by or _("the data file"),
                "differences": differences(version.before, version.now) if version.before else [],
                "restore_url": "" if version is newest else self.address("restore", item.pk, version.id),
            }
            for version in [newest, *older]
        ]
        context = self.admin_site.each_context(request) | {
            "title": _("History"),
            "subtitle": str(item),
            "opts": self.opts,
            "original": item,
            "versions": versions,
        }
        request.current_app = self.admin_site.name
        return render_page(request, "resources/admin/history.html", context)

    def restore(self, request: HttpRequest, pk: Any, version_id: int) -> HttpResponse:
        """Restore the content of an older version. The current one remains in the history."""
        item = self.found(pk)
        version = version_of(item, version_id)
        if version is None:
            raise Http404
        actions.restore(item=item, version=version, by=request.user)
        messages.success(request, _("It says again what it said %(when)s.") % {"when": exact_words(version.at)})
        return HttpResponseRedirect(self.address("change", item.pk))

    # The form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"kept": getattr(request, "is_kept", False)})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show the form or save it.

        The row is locked before it is compared with the form and until it is saved, so that only one curator saves at a
        time. A preview saves the form, renders the public page and rolls back.
        """
        request = self._with_what_was_kept(request)
        context = self._about(object_id) | (extra_context or {})
        with transaction.atomic():
            if request.method == "POST" and object_id:
                self._hold(object_id)
            response = super().changeform_view(request, object_id, form_url, context)
            if PREVIEW in request.POST:
                transaction.set_rollback(True)
        return response

    def _with_what_was_kept(self, request: HttpRequest) -> Any:
        """Return the request or, after an expired session, a copy with the data that was sent, which is never saved."""
        kept = self.admin_site.kept(request)
        if not kept:
            return request
        sent = QueryDict(mutable=True)
        for name, value in kept.items():
            sent.setlist(name, value if isinstance(value, list) else [value])
        again: Any = copy(request)
        again.method, again.POST, again.is_kept = "POST", sent, True
        again._files = MultiValueDict()  # or Django would parse the empty body
        return again

    def _hold(self, object_id: str) -> None:
        held = self.get_object(HttpRequest(), object_id)
        self.model._default_manager.select_for_update(of=("self",)).get(pk=held.pk)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def _about(self, object_id: str | None) -> dict[str, Any]:
        """Return the item's status and available actions, shown above the form."""
        if object_id is None:
            return {"about": None}
        item = self.get_object(HttpRequest(), object_id)
        hidden = self.why_hidden(item)
        seen = item.state == State.PUBLISHED and not hidden
        return {
            "about": {
                "state": hidden or item.get_state_display(),
                "fixed": self.fixed_words(item),
                "check": self.check_words(item),
                "history_url": self.address("history", item.pk),
                "verify_url": self.address("verify", item.pk),
                "publish_url": "" if item.state == State.PUBLISHED else self.address("publish", item.pk),
                "withdraw_url": self.address("withdraw", item.pk) if item.state == State.PUBLISHED else "",
                "public_url": reverse(self.public_page, args=[item.key]) if seen else "",
            }
        }

    def why_hidden(self, item: Any) -> str:
        """Return why a published item is hidden from the public, or an empty string."""
        return ""

    def fixed_words(self, item: Any) -> str:
        """Return a warning if the item is also hard-coded in a page, or an empty string."""
        return ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.changed_by, obj.changed_at = request.user, timezone.now()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        self.saved(form.instance)
        if form.cleaned_data.get("verified"):
            actions.verify(item=form.instance, by=request.user)

    def saved(self, item: Any) -> None:
        """Update data derived from the item. Called after the item and its inlines are saved."""

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._preview(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._preview(request, obj) or super().response_change(request, obj)

    def _preview(self, request: HttpRequest, obj: Any) -> HttpResponse | None:
        """Return the public page, rendered by its view from uncommitted data, with a notice that it is a preview."""
        if PREVIEW not in request.POST:
            return None
        self.model._default_manager.filter(pk=obj.pk).update(**self.as_shown)
        messages.info(request, _("This is how everybody would see it. Not saved."))
        page = reverse(self.public_page, args=[obj.key])
        looking = copy(request)
        looking.method, looking.path, looking.path_info = "GET", page, page
        view, args, kwargs = resolve(page)
        response: HttpResponse = view(looking, *args, **kwargs)
        if hasattr(response, "render"):
            response.render()
        return response

    # The list

    def check_words(self, item: Checked) -> str:
        """Describe when the item was checked and when it is due."""
        today = timezone.localdate()
        if item.checked_on is None:
            return _("never checked")
        if item.due_on > today:
            return _("checked %(day)s, next time %(next)s") % {
                "day": day_words(item.checked_on),
                "next": day_words(item.due_on),
            }
        late = (today - item.due_on).days
        return _("checked %(day)s, %(late)d days late") % {"day": day_words(item.checked_on), "late": late}

    @display(description=gettext_lazy("Check now"))
    def verify_button(self, item: Checked) -> str:
        """Return a button that submits the changelist's form, which contains the CSRF token."""
        return format_html(
            '<button class="button" type="submit" formaction="{}">{}<span class="visually-hidden"> {}</span></button>',
            self.address("verify", item.pk),
            _("Checked now"),
            item,
        )
