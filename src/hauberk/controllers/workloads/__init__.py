"""What a Kubernetes control plane does for workloads: scheduling, Deployments, ReplicaSets, EndpointSlices, namespaces.

Pure: no I/O in here. Imported by `controllers.registry`. Behaviour follows kubernetes/pkg/controller and pkg/scheduler.
"""
