"""What Kubernetes' own kinds need beyond upstream's schema: columns, defaults and semantic checks, after upstream's Go.

Pure functions on manifests. Imported by the group modules of `k8s` only.
"""
