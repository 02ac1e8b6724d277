"""Addresses of families and the people in them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
