"""Small programs that stand for container images: Bookinfo, an HTTP echo, a TLS echo, a curl-like client, a sleeper.

They run in a pod's sandbox, many at a time, so they import nothing but the few light parts of the standard library that they need
(start in about 20 ms, about 10 MB each), and nothing of Hauberk but each other. `images` says which program stands for which
image. `runtime` and `cli` may import this package; the manifests beside the modules are read through importlib.resources.
"""
