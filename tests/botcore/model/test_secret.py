"""A secret is shown by nothing but `reveal`: whatever prints, stores or copies what it stands in."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import traceback

import orjson
import pytest

from botcore.model.secret import Secret
from botcore.venues.dialect import Credentials, UserStream
from botcore.venues.port import HttpRequest

TEXT = "canary-7f3a91c2e4b8d605"


@pytest.fixture
def secret() -> Secret:
    return Secret(TEXT)


def test_only_reveal_gives_it_out(secret: Secret) -> None:
    assert secret.reveal() == TEXT
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>20}",
        f"{secret!r}",
        " ".join([str(secret)]),
        repr([secret]),
        str({"key": secret}),
        repr((secret,)),
    ]
    assert not any(TEXT in text or "canary" in text for text in shown)


def test_json_orjson_and_pickle_refuse_it(secret: Secret) -> None:
    for encode in (json.dumps, orjson.dumps, pickle.dumps):
        with pytest.raises(TypeError) as caught:
            encode({"key": secret})  # type: ignore[operator]
        assert TEXT not in str(caught.value)
    assert json.dumps({"key": secret}, default=str) == '{"key": "***"}'


def test_a_copy_is_the_same_secret_and_dataclasses_do_not_open_it(secret: Secret) -> None:
    assert copy.copy(secret) is secret and copy.deepcopy([secret])[0] is secret
    both = Credentials(secret, Secret("other-secret-000"))
    assert TEXT not in repr(dataclasses.asdict(both)) and TEXT not in repr(both) and "other" not in str(both)
    assert not hasattr(secret, "__dict__")


def test_it_equals_only_a_secret_of_the_same_text_and_is_no_key(secret: Secret) -> None:
    assert secret == Secret(TEXT) and secret != Secret("else") and secret != TEXT
    with pytest.raises(TypeError):
        hash(secret)
    assert secret and not Secret("")


def test_what_a_person_sees_of_it_is_its_end_and_of_a_short_one_nothing(secret: Secret) -> None:
    assert secret.masked == "…d605"
    assert Secret("short").masked == "***"


def test_a_traceback_with_it_and_its_requests_does_not_show_it(secret: Secret) -> None:
    request = HttpRequest("GET", f"https://venue/api?x=1&signature={TEXT}", {"X-MBX-APIKEY": TEXT})
    stream = UserStream(f"wss://venue/{TEXT}", (TEXT.encode(),))
    try:
        raise ValueError(f"{secret} {request} {stream} {Credentials(secret, secret)!r}")
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    # the parts that hold it are among the locals of this very function, but for the text itself
    assert shown.count(TEXT) == 0


def test_credentials_take_plain_texts_in_and_hide_them_in_the_words_of_a_venue() -> None:
    mine = Credentials("key-of-mine-123", "secret-of-mine-456")
    assert mine.key == Secret("key-of-mine-123")
    assert mine.hidden_in("bad key-of-mine-123 signed by secret-of-mine-456") == "bad *** signed by ***"
    assert Credentials("k", "s").hidden_in("keys") == "keys"
