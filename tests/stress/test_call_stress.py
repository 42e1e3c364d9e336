"""The stress of calls, small; `call_stress.py` makes any number."""

import call_stress


def test_every_call_ends_right_or_with_its_own_error() -> None:
    findings, growth = call_stress.run(8, 60, 8, patience_seconds=120.0)

    assert findings.faults == []
    assert findings.endings.total() == 480
    assert findings.endings["python fails: its error"] > 20
    assert findings.endings["kernel fails: its error"] > 20
    assert findings.endings["cancelled: cancelled"] > 10
    assert growth["threads"] == 0
    assert growth["files"] == 0
