"""The mesh's own nouns, as frozen values: identity, workload, service, traffic, security, mesh, proxy.

No manifests (k8s/ parses them into these), no protobuf (envoy/ builds it from these), no I/O. Anyone above may import it.
Mappings inside the values are never changed after they were made.
"""
