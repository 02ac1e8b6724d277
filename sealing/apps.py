from django.apps import AppConfig
from django.core.checks import Tags, register


class SealingConfig(AppConfig):
    name = "sealing"

    def ready(self) -> None:
        from sealing.checks import check_keys, check_models, check_wrapping

        register(check_keys)
        register(check_models)
        register(check_wrapping, Tags.database)
