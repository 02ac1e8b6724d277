"""The plan on paper: what stands on it (paper), what goes along (forms), that it was printed (actions)."""
