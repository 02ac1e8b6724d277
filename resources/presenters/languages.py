"""Names of languages."""

from django.conf.locale import LANG_INFO


def language_name(code: str) -> str:
    """Return a language's name in the language itself, or its code if unknown."""
    return str(LANG_INFO.get(code, {}).get("name_local", code))
