"""Pydantic models of Istio's kinds (`spec` only) and the checks that span fields, with Istio's texts.

Fields that Istio has and Hauberk does not implement yet are declared with the `Later...` types of `models`; setting one is a
warning that names it. Implementing a field means giving it its type here. Imported by the group modules of `k8s` only.
"""
