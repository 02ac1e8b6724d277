from django.apps import AppConfig
from django.core.checks import register


class SealingConfig(AppConfig):
    name = "sealing"

    def ready(self) -> None:
        from sealing.checks import check_keys, check_models

        register(check_keys)
        register(check_models)
