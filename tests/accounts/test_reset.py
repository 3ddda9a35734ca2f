"""Resetting a password by mail."""

import re
from smtplib import SMTPException

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client

from accounts.access import forget_old_addresses
from accounts.models import User
from tests.conftest import PASSWORD

NEW_PASSWORD = "another fine passphrase"


def ask(email: str, **headers: str) -> Client:
    """A browser that asked for a link."""
    client = Client()
    client.post("/accounts/password/reset/", {"email": email}, **headers)  # type: ignore[arg-type]
    return client


def link(mail: EmailMessage) -> str:
    """The path in the mail's link, which leads to this site."""
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(mail.body))
    assert found
    return found[1]


def test_the_owner_resets_the_password(
    owner: User, owner_client: Client, mailoutbox: list[EmailMessage]
) -> None:
    client = ask("Olivia@example.org")
    (mail,) = mailoutbox
    assert mail.to == ["olivia@example.org"]
    assert mail.subject == "Reset your Parley password"
    assert "olivia" in mail.body
    page = client.get(link(mail), follow=True)
    path, _status = page.redirect_chain[-1]
    assert link(mail).rsplit("-", 1)[1] not in path, "the key is not left in the address"
    response = client.post(path, {"password1": NEW_PASSWORD})
    assert response["Location"] == "/accounts/password/reset/key/done/"
    owner.refresh_from_db()
    assert owner.check_password(NEW_PASSWORD)
    assert owner_client.get("/settings/").status_code == 302, "other sessions have ended"
    assert mailoutbox[-1].subject == "Your Parley password has been changed"


def test_a_link_works_once(owner: User, mailoutbox: list[EmailMessage]) -> None:
    client = ask("olivia@example.org")
    path = client.get(link(mailoutbox[0]))["Location"]
    client.post(path, {"password1": NEW_PASSWORD})
    for browser in (client, Client()):
        assert "This link does not work" in browser.get(link(mailoutbox[0]), follow=True).text


def test_a_link_of_one_account_does_not_open_another(
    owner: User, stranger: User, mailoutbox: list[EmailMessage]
) -> None:
    ask("olivia@example.org")
    ask("sam@example.org")
    first, second = (re.fullmatch(r"(.*/)([^-/]+)-(.+)/", link(mail)) for mail in mailoutbox)
    assert first
    assert second
    crossed = f"{first[1]}{second[2]}-{first[3]}/"
    assert "This link does not work" in Client().get(crossed, follow=True).text


def test_a_poor_password_is_refused(owner: User, mailoutbox: list[EmailMessage]) -> None:
    client = ask("olivia@example.org")
    path = client.get(link(mailoutbox[0]))["Location"]
    assert client.post(path, {"password1": "password"}).status_code == 200
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_a_known_and_an_unknown_address_get_the_same_answer_and_work(
    owner: User, mailoutbox: list[EmailMessage]
) -> None:
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in ("olivia@example.org", "nobody@example.org")
    ]
    assert answers[0].text == answers[1].text
    assert answers[0].redirect_chain == answers[1].redirect_chain
    assert [mail.to for mail in mailoutbox] == [["olivia@example.org"], ["nobody@example.org"]]


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "evil.example"},
        {"HTTP_HOST": "testserver@evil.example"},
        {"HTTP_HOST": "testserver.evil.example"},
    ],
)
def test_a_foreign_host_header_is_refused(
    headers: dict[str, str], owner: User, mailoutbox: list[EmailMessage]
) -> None:
    response = Client().post(
        "/accounts/password/reset/",
        {"email": "olivia@example.org"},
        **headers,  # type: ignore[arg-type]
    )
    assert response.status_code == 400
    assert mailoutbox == []


@pytest.mark.parametrize("header", ["X_FORWARDED_HOST", "X_HOST", "FORWARDED"])
def test_a_proxy_header_does_not_change_the_link(
    header: str, owner: User, mailoutbox: list[EmailMessage]
) -> None:
    ask("olivia@example.org", **{f"HTTP_{header}": "evil.example"})
    assert "evil.example" not in mailoutbox[0].body
    assert link(mailoutbox[0])


def test_a_deactivated_account_gets_no_link(owner: User, mailoutbox: list[EmailMessage]) -> None:
    owner.is_active = False
    owner.save()
    ask("olivia@example.org")
    assert all("/reset/key/" not in mail.body for mail in mailoutbox)


def test_an_address_that_was_replaced_gets_no_link(
    owner: User, mailoutbox: list[EmailMessage]
) -> None:
    ask("olivia@example.org")
    owner.email = "new@example.org"
    owner.save()
    forget_old_addresses(user=owner)
    ask("olivia@example.org")
    ask("new@example.org")
    assert ["/reset/key/" in mail.body for mail in mailoutbox] == [True, False, True]
    assert "This link does not work" in Client().get(link(mailoutbox[0]), follow=True).text


def test_a_mail_server_that_fails_is_named_and_logged(
    owner: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object) -> int:
        raise SMTPException("no")

    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    pages = [
        Client().post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in ("olivia@example.org", "nobody@example.org")
    ]
    assert "The mail could not be sent" in pages[0].text
    assert pages[0].text == pages[1].text
    assert caplog.text.count("Mail could not be sent") == 2
    assert "/reset/key/" not in caplog.text
