"""The node: a kubelet for one machine, whose pods are processes in namespaces of their own, with the network that joins them.

Holds: `pod` (the life of one pod), `traffic` (DNS, the router, Service VIPs as plans), `server` (logs and exec for the API
server), `linux` (the kernel's side), and what joins them: `kubelet`, `services`, `run`. Everything it knows comes from the
API, everything it does is written there. Must not know meshes, policies or certificates: Envoy is a container that
`pod.programs.WorkloadAgent` prepares. Only `hauberk.runtime` imports it.
"""
