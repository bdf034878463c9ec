"""Our own Bookinfo: the sample that everybody knows from Istio, with its services, paths, answers and environment variables.

productpage asks details and reviews, reviews (v2, v3) asks ratings. Code, texts and looks are ours. Each service listens on port 9080, or
on the port that is its argument, as upstream's do.
"""
