"""What would be noticed? Checks and policies are taken away one at a time, and a test must fail each time (ADR 0032).

`make mutants`; some of them by name: `make mutants ARGS="invite families_family"`.
"""
