"""What holds for every test."""

from hypothesis import settings

# Tests never assert times: a busy machine is no failure.
settings.register_profile("hauberk", deadline=None)
settings.load_profile("hauberk")
