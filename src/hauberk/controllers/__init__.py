"""Controllers: each brings one kind of object closer to what its spec asks for, as a client of the API and nothing else.

Holds: `cluster` (what was observed, indexed), `actions` (what can be done, as data), `controller` (what a controller is),
`queue` (whose turn it is), `perform` and `loop` (the edge: requests, informers, workers); one file a controller below
`workloads/` (what Kubernetes' controllers do), `smcp/` and `mesh/` (what OpenShift Service Mesh's operator and istiod do);
`injection` and `admission`: decisions that the API server asks for while it admits an object.

A controller is `observe -> plan -> actions`. `plan` is pure: it reads the `Cluster`, answers actions, and is run again when
anything that it watches has changed; it never trusts that an earlier action was done. All I/O is in `perform` and `loop`.

May be imported by `runtime` and `cli` only.
"""
