"""Paper: how it is set (worker, paper.css), where that happens (pool), what the machine must have (checks)."""
