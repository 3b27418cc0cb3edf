"""What error messages show of the URLs of stores."""

import pytest

from retention.errors import RetentionError
from retention.stores import loki
from retention.stores.clickhouse import Server


@pytest.mark.parametrize(
    "read", [loki.read_config, lambda url: Server(url).rows("table", database="a", table="b")]
)
def test_a_message_does_not_show_the_password_of_a_url(read):
    with pytest.raises(RetentionError) as error:
        read("http://reader:secret@127.0.0.1:9")
    assert "http://127.0.0.1:9" in str(error.value)
    assert "secret" not in str(error.value)
