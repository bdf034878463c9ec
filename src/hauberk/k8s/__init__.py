"""Kinds of the API: names, columns, defaults, validation, schemas, and their parsing into the model.

A kind is one `Kind` value in its group's module, gathered by `registry`. `builtin` holds what Kubernetes' own kinds need,
`istio` and `openshift` the pydantic models of the others. Pure: manifests in, values and findings out; the one file that is
read is upstream's schema data, once (`definitions`). Anyone above `model` may import it; it imports `model`, `names`, `errors`.
"""
