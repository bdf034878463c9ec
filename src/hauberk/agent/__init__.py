"""What stands beside a workload: its key, its certificate for Envoy, kept fresh; and how its Envoy is started.

Pure: `renewal` (when), `credentials` (which files), `launch` (which command line). Edges: `files` (the pod's tmpfs), `ca_client` (the
CA's socket), `workload` (the loop). Knows neither pods' namespaces nor discovery; `runtime` hands it what it needs of the
API as callables. Only `runtime` may import it.
"""
