"""Password validators with the site's own messages."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class LongEnough(MinimumLengthValidator):
    """Django's validator with another message: Django's own is not translated into Norwegian bokmål."""

    def get_error_message(self) -> str:
        return ngettext(
            "The password is too short. Write at least %(length)d character.",
            "The password is too short. Write at least %(length)d characters.",
            self.min_length,
        ) % {"length": self.min_length}
