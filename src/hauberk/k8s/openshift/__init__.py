"""Pydantic models of OpenShift Service Mesh's kinds and Route (`spec` only), their defaults and checks.

Imported by the group modules of `k8s` only.
"""
