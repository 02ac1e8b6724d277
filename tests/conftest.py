"""What every test stands on: real servers, roles, families."""

pytest_plugins = ["tests.database", "tests.mail", "tests.fixtures"]
