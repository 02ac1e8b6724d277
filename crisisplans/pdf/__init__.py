"""The plan on paper: what stands on it (paper), how it is set (worker, paper.css), where that happens (pool)."""
