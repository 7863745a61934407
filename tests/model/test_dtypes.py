from __future__ import annotations

from scopeview.model.dtypes import NON_NUMERIC, dtype_name, element_bytes
from tests.oracle import Oracle


def test_every_data_type_has_the_name_and_size_that_tensorflow_gives_it(oracle: Oracle) -> None:
    truth = oracle.ask("data_types", "")

    for number, (name, size) in truth.items():
        ours = dtype_name(int(number))
        assert ours == name
        if ours.removesuffix("_ref") in NON_NUMERIC:
            assert element_bytes(ours) is None
        else:
            assert element_bytes(ours) == size
