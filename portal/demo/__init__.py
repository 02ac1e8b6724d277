"""Code and data of the demo. Never enabled in production."""
