from hauberk.model.connections import ConnectionPool, ConnectionSettings, LoadBalancer


def test_blocks_override_one_by_one() -> None:
    wider = ConnectionSettings(LoadBalancer("RANDOM"), ConnectionPool(max_connections=1))
    narrower = ConnectionSettings(LoadBalancer("ROUND_ROBIN"))
    assert narrower.over(wider) == ConnectionSettings(LoadBalancer("ROUND_ROBIN"), ConnectionPool(max_connections=1))
