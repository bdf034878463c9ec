"""The verbs of the API, one a file: each takes an `Api` and a `Call` and answers a `Reply`, or raises an `ApiError`.

No I/O beyond the store that `Api` holds: nothing here knows HTTP, asyncio or files. Imported by `apiserver.dispatch`, the
subresources and the garbage collector.
"""
