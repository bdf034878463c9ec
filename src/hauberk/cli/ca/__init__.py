"""`hauberk ca`: the certificate authorities of the meshes, and the making of one to plug in.

One file a command; `describe` says what is to be said of a certificate, `files` reads and writes the four files, `meshes` asks the API.
Nothing is decided here about what makes a CA good: that is `hauberk.pki`. Only `cli/app.py` may import it.
"""
