from hauberk.model.tls import MeshTls, TlsVersion


def test_auto_is_from_1_2_to_1_3() -> None:
    assert (MeshTls().lowest, MeshTls().highest) == (TlsVersion.V1_2, TlsVersion.V1_3)


def test_what_is_said_holds() -> None:
    said = MeshTls(TlsVersion.V1_0, TlsVersion.V1_2)
    assert (said.lowest, said.highest) == (TlsVersion.V1_0, TlsVersion.V1_2)


def test_post_quantum_key_exchange_needs_tls_1_3() -> None:
    said = MeshTls(TlsVersion.V1_0, TlsVersion.V1_2, post_quantum=True)
    assert (said.lowest, said.highest) == (TlsVersion.V1_3, TlsVersion.V1_3)
