"""Hauberk."""
