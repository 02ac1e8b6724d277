"""PDF rendering: layout (worker, paper.css), the processes (pool), and system checks (checks)."""
