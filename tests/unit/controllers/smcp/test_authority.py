"""The condition about a control plane's CA."""

from hauberk.controllers.mesh.ca import CaChoice
from hauberk.controllers.smcp.authority import authority_condition
from hauberk.errors import Finding, Level

WARNING = Finding("HBK0421", Level.WARNING, "Secret a/cacerts", 'data["ca-crl.pem"]', "it is bad.", "Mend it.")
ERROR = Finding("HBK0403", Level.ERROR, "Secret a/cacerts", 'data["ca-key.pem"]', "it is bad.", "Mend it.")


def test_there_is_no_condition_while_all_is_as_asked_for() -> None:
    assert authority_condition(CaChoice("cacerts")) is None
    assert authority_condition(CaChoice("cacerts", findings=(ERROR,))) is None  # Reconciled says that


def test_a_change_under_way_and_what_is_left_out_are_said() -> None:
    rotating = authority_condition(CaChoice("cacerts", rotation="step 1 of 3"))
    assert rotating == {
        "type": "CertificateAuthority",
        "status": "False",
        "reason": "Rotating",
        "message": "Change of the CA, step 1 of 3.",
    }
    both = authority_condition(CaChoice("cacerts", findings=(WARNING,), rotation="step 1 of 3"))
    assert both is not None
    assert (both["reason"], both["message"]) == ("PartlyUsed", f"Change of the CA, step 1 of 3. {WARNING}")
