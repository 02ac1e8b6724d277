"""URLs of the crisis plan."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from crisisplans.sections import SectionConverter
from crisisplans.views import comments, crisis, entry, history, paper, plan, section

register_converter(SectionConverter, "section")

of_an_entry: list[URLPattern | URLResolver] = [
    path("endre/", entry.edit_entry, name="edit_entry"),
    path("flytt/", entry.move, name="move_entry"),
    path("fjern/", entry.remove, name="remove_entry"),
    path("tilbake/", entry.bring_back, name="bring_back_entry"),
    path("historikk/", history.history, name="entry_history"),
    path("historikk/tilbake/", history.restore, name="restore_version"),
    path("kommentar/", comments.comment, name="comment_entry"),
]

of_a_section: list[URLPattern | URLResolver] = [
    path("", section.section, name="section"),
    path("klar/", plan.section_ready, name="section_ready"),
    path("eksempel/", section.example, name="take_example"),
    path("<uuid:entry_id>/", include(of_an_entry)),
    path("kommentar/<uuid:comment_id>/fjern/", comments.take_back, name="remove_comment"),
]

of_a_plan: list[URLPattern | URLResolver] = [
    path("", plan.plan, name="plan"),
    path("dato/", plan.review_day, name="review_day"),
    path("gjennomgang/", plan.reviewed, name="plan_reviewed"),
    path("hvem-vi-ringer/<uuid:entry_id>/testet/", entry.tested, name="contact_tested"),
    path("utskrift/", paper.plan_print, name="plan_print"),
    path("utskrift/pdf/", paper.plan_pdf, name="plan_pdf"),
    path("<section:section>/", include(of_a_section)),
]

urlpatterns = [
    path("familie/<uuid:family_id>/plan/", include(of_a_plan)),
    path("krise/plan/", crisis.crisis_plan, name="crisis_plan"),
    path("krise/plan/<uuid:family_id>/", crisis.crisis_plan_of, name="crisis_plan_of"),
]
