"""Discovery: brings each proxy's resources to its Envoy over xDS, and follows every change.

    feed       changes of objects   -> changes of each mesh's view
    discovery  changes of a view    -> which proxies need what (pure; one per mesh)
    delta      one proxy's stream   -> responses, in an order that breaks nothing (pure)
    plan       what one response holds, worked out once for all that are at the same point (pure)
    wire       values <-> bytes
    sotw       the same for clients of the older protocol
    server     the gRPC edge: mTLS on a unix socket, one per mesh
    meshes     opens and closes a server as control planes come and go

It decides nothing about traffic or security: resources come from hauberk.envoy. Imported by runtime only.
"""
