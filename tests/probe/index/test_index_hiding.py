"""What installers print has no credentials, and is otherwise as it was."""

from __future__ import annotations

from npdoctor.model.index import Indexes
from npdoctor.probe.index.hiding import Hider

SECRETIVE = Indexes(
    ("https://me:p%40ssword@private.example/simple", "https://a-long-token@t.example/"),
    ("https://you:find-these@links.example/",),
)


def test_logins_of_indexes_are_hidden_as_written_and_decoded() -> None:
    text = "see https://me:p%40ssword@private.example/x, p@ssword, p%40ssword, a-long-token, find-these"
    assert Hider(SECRETIVE, {}).hide(text) == (
        "see https://<hidden>@private.example/x, <hidden>, <hidden>, <hidden>, <hidden>"
    )


def test_the_login_of_any_address_is_hidden_and_no_mail_address() -> None:
    hide = Hider(Indexes(), {}).hide
    assert hide("ftp://u:v@h/, me@mail.example") == "ftp://<hidden>@h/, me@mail.example"
    assert hide("the user asked https://pypi.org/simple/numpy") == (
        "the user asked https://pypi.org/simple/numpy"
    )


def test_variables_of_installers_and_proxies_may_hold_secrets() -> None:
    environ = {
        "UV_INDEX_OWN_PASSWORD": "hunter2x",
        "PIP_EXTRA_INDEX_URL": "https://a:first-one@a.example/ https://b:second-one@b.example/",
        "https_proxy": "http://me:third-one@proxy.example:3128",
        "DATABASE_URL": "postgres://me:not-an-installers@host/base",
        "UV_HTTP_TIMEOUT": "300 s",
    }
    text = "hunter2x first-one second-one third-one not-an-installers 300 s"
    assert Hider(Indexes(), environ).hide(text) == (
        "<hidden> <hidden> <hidden> <hidden> not-an-installers 300 s"
    )


def test_a_short_password_is_no_part_of_a_name() -> None:
    hide = Hider(Indexes(("https://me:test@private.example/simple",)), {}).hide
    assert hide('{"name": "pytest"} test pytest-cov') == '{"name": "pytest"} <hidden> pytest-cov'
