"""The plan as a PDF: its content (paper), its options (forms), and the log entry (actions)."""
