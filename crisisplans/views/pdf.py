"""Print the plan: choose what to include, then download the PDF."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from common.http import render_page
from common.pdf.pool import PdfBusyError, PdfError, PdfUnavailableError, render_pdf
from crisisplans.actions import record_print
from crisisplans.models import CrisisPlan, CrisisPlanQuerySet
from crisisplans.pdf_form import PrintForm
from crisisplans.presenters.pdf import Choice, plan_pdf_html
from crisisplans.presenters.plan import PlanPresenter, present_plan
from families.access import FamilyRequest, family_view, get_for_reading

TOO_MUCH, LATER = 422, 503


@family_view
def plan_print(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Choose what to include in the PDF."""
    plan = get_for_reading(request, CrisisPlan, family_id)
    shown = present_plan(plan, request.actor)
    return show_choice(request, plan, PrintForm(plan=shown))


@family_view
def plan_pdf(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Return the PDF. A GET request redirects to the options."""
    plan = get_for_reading(request, CrisisPlan, family_id, CrisisPlanQuerySet.with_revision)
    if request.method != "POST":
        return redirect("plan_print", family_id=family_id)
    shown = present_plan(plan, request.actor)
    form = PrintForm(request.POST, plan=shown)
    if not form.is_valid():
        return show_choice(request, plan, form, status=TOO_MUCH)
    try:
        pdf = make_pdf(shown, form.choice())
    except PdfError as error:
        return show_choice(request, plan, form, problem=in_words(error), status=LATER)
    record_print(plan=plan, by=request.actor, with_relatives=form.choice().with_relatives)
    name = f"plan-{timezone.localdate():%Y-%m-%d}.pdf"
    return HttpResponse(pdf, "application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def show_choice(
    request: FamilyRequest, plan: CrisisPlan, form: PrintForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"form": form, "family_id": plan.pk, "problem": problem}
    return render_page(request, "crisisplans/print.html", context, status=status)


def make_pdf(plan: PlanPresenter, choice: Choice) -> bytes:
    """Render the chosen parts. If characters are missing, render again with a note about it. Raises PdfError."""
    paper = render_pdf(plan_pdf_html(plan, choice))
    if paper.missing:
        paper = render_pdf(plan_pdf_html(plan, choice, missing=paper.missing))
    return paper.pdf


def in_words(error: PdfError) -> str:
    """Return what went wrong, and what the user can do."""
    if isinstance(error, PdfUnavailableError):
        return _(
            "This site cannot make papers yet: its machine lacks something. "
            "You can open the plan and print it from your browser."
        )
    if isinstance(error, PdfBusyError):
        return _("Many are printing just now. Try again in a minute.")
    return _("It took too long to make the paper. Choose fewer parts, and try again.")
