"""URLs of the demo."""

from django.urls import path

from portal.demo.views import demo_code, demo_mail

urlpatterns = [
    path("post/", demo_mail, name="demo_mail"),
    path("kode/", demo_code, name="demo_code"),
]
