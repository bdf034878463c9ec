from hauberk.cli.usage import UsageError
from hauberk.errors import ConfigError


def test_a_verb_that_is_refused_leaves_with_kubectls_exit_code() -> None:
    assert (UsageError.exit_code, issubclass(UsageError, ConfigError)) == (1, True)
