"""URLs of the crisis plan."""

from django.urls import URLPattern, URLResolver, include, path, register_converter

from crisisplans.sections import SectionConverter
from crisisplans.views import comments, crisis, history, item, pdf, plan, section

register_converter(SectionConverter, "section")

of_an_item: list[URLPattern | URLResolver] = [
    path("endre/", item.edit_item, name="edit_item"),
    path("flytt/", item.move, name="move_item"),
    path("fjern/", item.remove, name="remove_item"),
    path("tilbake/", item.bring_back, name="restore_item"),
    path("historikk/", history.history, name="item_history"),
    path("historikk/tilbake/", history.restore, name="restore_version"),
    path("kommentar/", comments.comment, name="comment_item"),
]

of_a_section: list[URLPattern | URLResolver] = [
    path("", section.section, name="section"),
    path("klar/", plan.section_ready, name="section_ready"),
    path("eksempel/", section.example, name="add_example"),
    path("<uuid:item_id>/", include(of_an_item)),
    path("kommentar/<uuid:comment_id>/fjern/", comments.take_back, name="remove_comment"),
]

of_a_plan: list[URLPattern | URLResolver] = [
    path("", plan.plan, name="plan"),
    path("dato/", plan.review_day, name="review_day"),
    path("gjennomgang/", plan.reviewed, name="plan_reviewed"),
    path("hvem-vi-ringer/<uuid:item_id>/testet/", item.tested, name="contact_tested"),
    path("utskrift/", pdf.plan_print, name="plan_print"),
    path("utskrift/pdf/", pdf.plan_pdf, name="plan_pdf"),
    path("<section:section>/", include(of_a_section)),
]

urlpatterns = [
    path("familie/<uuid:family_id>/plan/", include(of_a_plan)),
    path("krise/plan/", crisis.crisis_plan, name="crisis_plan"),
    path("krise/plan/<uuid:family_id>/", crisis.crisis_plan_of, name="crisis_plan_of"),
]
