"""MeshView: the whole of one mesh as one immutable value, and what a change does to it.

Holds indexes and lookups only; decisions are policy's, Envoy's configuration is envoy's. Manifests enter by view/manifests.py alone.
No protobuf, no I/O.
envoy/ and everything above may import it.
"""
