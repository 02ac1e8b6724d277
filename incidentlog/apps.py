from django.apps import AppConfig


class IncidentLogConfig(AppConfig):
    name = "incidentlog"
