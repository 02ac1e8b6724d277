"""Addresses of the crisis plan."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
