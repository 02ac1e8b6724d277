"""Views of a family's members."""
