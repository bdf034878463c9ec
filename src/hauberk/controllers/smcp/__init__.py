"""A ServiceMeshControlPlane and all that it consists of: policies, gateways, settings, status.

Pure: no I/O in here. `reconcile` is the controller; the other files are the parts that it puts together, `profiles` the spec that
they read. Imported by `controllers.registry`, `controllers.injection` and `controllers.admission`.
"""
