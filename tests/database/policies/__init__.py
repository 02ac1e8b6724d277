"""What each policy and guard opens and shuts: raw SQL by the app role, in the name of each kind of person.

A change without a WHERE need not read, so the policy of changing stands alone.
"""
