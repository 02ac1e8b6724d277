"""Addresses of the crisis plan."""

from django.urls import path

from crisisplans.views.crisis import crisis_plan, crisis_plan_of
from crisisplans.views.paper import plan_pdf, plan_print

urlpatterns = [
    path("krise/plan/", crisis_plan, name="crisis_plan"),
    path("krise/plan/<uuid:family_id>/", crisis_plan_of, name="crisis_plan_of"),
    path("familie/<uuid:family_id>/plan/utskrift/", plan_print, name="plan_print"),
    path("familie/<uuid:family_id>/plan/utskrift/pdf/", plan_pdf, name="plan_pdf"),
]
