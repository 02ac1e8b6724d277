"""How every form looks and what every text field refuses."""

from django import forms
from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Django's own form rendering, with the templates in templates/django/forms."""


class PortalForm(forms.Form):
    """The base of every form here."""

    use_required_attribute = False
