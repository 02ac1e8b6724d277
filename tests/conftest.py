"""What every test stands on: real servers, roles, families."""

pytest_plugins = ["tests.traps.plugin", "tests.database", "tests.mail", "tests.fixtures"]
