"""Joins the parts into processes: supervisor, control plane, node.

The only package that knows them all: it starts, joins and drains. It holds no decision about the mesh and no protocol.
Only `hauberk.cli` may import it.
"""
