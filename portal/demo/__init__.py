"""What only the demo has. Never in production."""
