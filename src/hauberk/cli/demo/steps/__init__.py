"""The demo's steps, a file a theme; each types what an operator would and checks what came back.

They share `facts` and the `Story`, and know nothing of one another. Only `cli/demo/play.py` may import them.
"""
