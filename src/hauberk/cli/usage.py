"""What kubectl's verbs refuse, with kubectl's words and its exit code."""

from hauberk.errors import ConfigError

__all__ = ["UsageError"]


class UsageError(ConfigError):
    """A verb cannot be carried out as typed. kubectl leaves with 1 then, and scripts rely on it."""

    exit_code = 1
