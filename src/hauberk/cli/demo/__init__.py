"""The demo: the reference document's story, typed by a program that checks every answer.

Holds the steps and the narrator. It decides nothing about the mesh and reaches it only through the API and the Route, as a
user would. Only `cli/app.py` may import it.
"""
