"""Print the plan: choose what to include, then download the PDF."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from common.http import render_page
from common.paper.pool import PaperBusyError, PaperError, PaperUnavailableError, print_paper
from crisisplans.models import CrisisPlan, CrisisPlanQuerySet
from crisisplans.pdf.actions import record_print
from crisisplans.pdf.forms import PrintForm
from crisisplans.pdf.paper import Choice, paper_html
from crisisplans.reading import Reading, read_plan
from families.access import FamilyRequest, door, get_for_reading
from families.models import Family
from families.names import relatives_in

TOO_MUCH, LATER = 422, 503


@door
def plan_print(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Choose what to include in the PDF."""
    plan = get_for_reading(request, CrisisPlan, family_id)
    reading = read_plan(plan, request.user)
    return show_choice(request, plan, PrintForm(reading=reading, relatives=relatives_in(family_id)))


@door
def plan_pdf(request: FamilyRequest, family_id: UUID) -> HttpResponse:
    """Return the PDF. A GET request redirects to the options."""
    plan = get_for_reading(request, CrisisPlan, family_id, CrisisPlanQuerySet.with_revision)
    if request.method != "POST":
        return redirect("plan_print", family_id=family_id)
    reading = read_plan(plan, request.user)
    relatives = relatives_in(family_id)
    form = PrintForm(request.POST, reading=reading, relatives=relatives)
    if not form.is_valid():
        return show_choice(request, plan, form, status=TOO_MUCH)
    try:
        pdf = set_paper(reading, form.choice(), request.member.family, relatives)
    except PaperError as error:
        return show_choice(request, plan, form, problem=in_words(error), status=LATER)
    record_print(plan=plan, by=request.user, with_kin=form.choice().with_kin)
    name = f"plan-{timezone.localdate():%Y-%m-%d}.pdf"
    return HttpResponse(pdf, "application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def show_choice(
    request: FamilyRequest, plan: CrisisPlan, form: PrintForm, *, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {"form": form, "family_id": plan.pk, "problem": problem}
    return render_page(request, "crisisplans/print.html", context, status=status)


def set_paper(reading: Reading, choice: Choice, family: Family, relatives: list[str]) -> bytes:
    """Render the chosen parts. If characters are missing, render again with a note about it. Raises PaperError."""
    paper = print_paper(paper_html(reading, choice, family=family, relatives=relatives))
    if paper.missing:
        paper = print_paper(paper_html(reading, choice, family=family, relatives=relatives, missing=paper.missing))
    return paper.pdf


def in_words(error: PaperError) -> str:
    """Return what went wrong, and what the user can do."""
    if isinstance(error, PaperUnavailableError):
        return _(
            "This site cannot make papers yet: its machine lacks something. "
            "You can open the plan and print it from your browser."
        )
    if isinstance(error, PaperBusyError):
        return _("Many are printing just now. Try again in a minute.")
    return _("It took too long to make the paper. Choose fewer parts, and try again.")
