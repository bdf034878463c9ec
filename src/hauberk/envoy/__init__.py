"""(MeshView, proxy) -> Envoy's configuration: listeners, clusters, routes, endpoints, bootstrap, with Istio's names and layout.

Decides nothing: what a port accepts and a client sends is asked of policy/. No I/O; xds/ serves what is built here, agent/ and
node/ write the bootstrap. One module, messages.py, knows where the protobuf classes come from.
"""
