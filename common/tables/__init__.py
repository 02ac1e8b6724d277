"""Rights in the database: row-level security, grants, guards and constraints, declared once a table.

Each app declares its tables in `<app>/rights.py`, by the classes of `declarations`. `compiler` turns a declaration into
SQL, and `sync` brings the database in step with all of them at the end of `manage.py migrate` (docs/adr/0039).
"""
