"""What each edge of a mesh really is, from what was measured: Envoy's counters.

Pure: text in, edges out; who fetches the text is the caller's business. Decides nothing about policy. `runtime` and `cli` may
import it.
"""
