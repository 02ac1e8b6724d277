"""The pages of the people in a family."""
