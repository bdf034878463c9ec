"""Who belongs to which mesh, and what members get: rolls, members, the CA and its roots, Routes.

Pure: no I/O in here; new keys come from a function that `controllers.registry` passes in. Knows nothing of `controllers.smcp`.
"""
