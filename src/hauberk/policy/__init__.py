"""Where mTLS is decided: effective modes, client settings, outcomes of connections, injection.

Pure functions over model values; each answers the decision together with the object and the rule that decided it. The same
functions build Envoy's configuration, answer tls-check and feed the dashboard. No manifests, no protobuf, no I/O; imports
only model, names and errors. view/ and everything above may import it.
"""
