"""The certificate authority: keys, certificates, issuance and verification by the book of X509-SVID, and its gRPC server.

Holds one CA per mesh as a value (`ca.SigningCa`) and everything that is done with it. Pure: clock, keys and serial numbers are
arguments; only `server` does I/O. Knows nothing of pods, proxies or controllers. `runtime`, `agent`, `xds`, `controllers`, `proof`
and `cli` may import it.
"""
