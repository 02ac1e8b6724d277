"""How every form looks and what every text field refuses."""

from django.forms.renderers import TemplatesSetting


class PortalRenderer(TemplatesSetting):
    """Django's own form rendering, with the templates in templates/django/forms."""
