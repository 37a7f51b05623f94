"""`python -m tests.drills.rehearsal FOLDER`: docker-compose.yml from nothing to somebody signed in, and down again.

Runs in a network of its own, where the names of the services lead. What it finds it says, and ends with 1.
"""

from __future__ import annotations

import email
import http.client
import json
import quopri
import re
import ssl
import subprocess
import sys
import time
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.drills.containers import Compose

PASSWORD = "a lake is deep enough"
AGENCY = ["Lake County Probation", "--short-name", "Lake Probation", "--kind", "probation_adult"]
HEAD = ["--administrator", "head@lake.example", "--administrator-name", "Hedda Lake"]


class Browser:
    """Somebody at https://localhost:8443/, with their cookies."""

    def __init__(self, authority: Path) -> None:
        self.trusts = ssl.create_default_context(cafile=str(authority))
        self.cookies: dict[str, str] = {}
        self.at = ""

    def ask(
        self, method: str, address: str, body: dict[str, str] | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """Status, headers and text of an answer."""
        line = http.client.HTTPSConnection("localhost", 8443, timeout=30, context=self.trusts)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        sent = None
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": "https://localhost:8443/"}
            sent = urlencode(body)
        line.request(method, address, sent, headers)
        answer = line.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            assert "Secure" in cookie or "Max-Age=0" in cookie, cookie
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
        return answer.status, answer.headers, answer.read().decode(errors="replace")

    def get(self, address: str) -> str:
        """The page at the end of the redirects."""
        for _ in range(5):
            status, headers, text = self.ask("GET", address)
            if status not in (301, 302):
                assert status == 200, f"{address}: {status}"
                return text
            address = headers["Location"].removeprefix("https://localhost:8443")
            self.at = address
        raise AssertionError(f"{address} leads round in circles")

    def send(self, address: str, page: str, fields: dict[str, str]) -> str:
        """Sends a form of the page. Returns where it leads."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        status, headers, text = self.ask("POST", address, {"csrfmiddlewaretoken": token[1], **fields})
        assert status == 302, f"{address}: {status} {text[-2000:]}"
        return headers["Location"]


def rehearse(compose: Compose) -> None:
    begun = time.monotonic()
    compose.up("mail", "web", "worker", "sender", "beat", "proxy")
    sys.stdout.write(f"up and well after {time.monotonic() - begun:.0f} s\n")

    confined(compose)
    opened = compose.run("worker", ["python", "manage.py", "open_agency", *AGENCY, *HEAD])
    assert opened.returncode == 0, opened.stderr
    inside = Path(f"/proc/{compose.running['proxy'].pid}/root")
    browser = Browser(inside / "data/caddy/pki/authorities/local/root.crt")
    choose_password_and_sign_in(browser, link_in_letter(compose, "head@lake.example"))
    seen_from_outside(compose, browser)

    kept = compose.run("backup", ["take", "/backups/first"])
    assert kept.returncode == 0, kept.stdout + kept.stderr
    assert (compose.folder / "volumes" / "backups" / "first" / "manifest.json").exists()

    took = compose.down()
    sys.stdout.write("down: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items()) + "\n")
    for name in took:
        assert "Traceback" not in compose.log(name), f"{name}:\n{compose.log(name)}"


def confined(compose: Compose) -> None:
    """No running process is root or gets a right; ours neither write to their tree nor know others' secrets."""
    for name, process in compose.running.items():
        if process.poll() is None:
            status = Path(f"/proc/{process.pid}/status").read_text()
            said = dict(re.findall(r"^(Uid|CapEff|CapPrm|NoNewPrivs):\s+(\w+)", status, re.MULTILINE))
            assert said == {"Uid": "65534", "CapEff": "0" * 16, "CapPrm": "0" * 16, "NoNewPrivs": "1"}, (name, said)
    for name in ("web", "worker", "sender", "beat"):
        found = compose.run(name, ["sh", "-c", "touch /srv/concord/x; ls /run/secrets"])
        assert "Read-only file system" in found.stderr, found
        assert not re.search("owner|admin|migrator", found.stdout), found
    powerful = compose.run(
        "migrate", ["sh", "-c", "DATABASE_URL_FILE=$DATABASE_OWNER_URL_FILE gunicorn -b :8001 portal.wsgi"]
    )
    assert powerful.returncode != 0, powerful
    assert "Concord does not start" in powerful.stdout + powerful.stderr, powerful


def link_in_letter(compose: Compose, address: str) -> str:
    """The path of the link in the letter that this address gets."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for file in (compose.folder / "volumes" / "mail").glob("[!.]*"):
            letter = email.message_from_bytes(file.read_bytes())
            text = quopri.decodestring(letter.get_payload()).decode()
            if letter["To"] == address and (found := re.search(r"https://\S+", text)):
                return urlsplit(found[0]).path
        time.sleep(0.5)
    raise AssertionError(f"no letter for {address}:\n{compose.log('sender')}{compose.log('worker')}")


def choose_password_and_sign_in(browser: Browser, link: str) -> None:
    page = browser.get(link)
    browser.send(browser.at, page, {"password1": PASSWORD, "password2": PASSWORD})
    page = browser.get("/accounts/login/")
    browser.send("/accounts/login/", page, {"login": "head@lake.example", "password": PASSWORD})
    assert "Lake County Probation" in browser.get("/agency/")


def seen_from_outside(compose: Compose, browser: Browser) -> None:
    """TLS, health, static files by their digest, and what is kept inside."""
    status, headers, text = browser.ask("GET", "/healthz")
    state = json.loads(text)
    assert (status, {state[name] for name in ("database", "broker", "worker", "sender")}) == (200, {"ok"}), state
    assert headers["Strict-Transport-Security"]
    assert "gunicorn" not in str(headers)
    sheet = re.search(r'href="(/static/[^"]+\.css)"', browser.get("/"))
    assert sheet
    assert re.search(r"\.[0-9a-f]{12}\.css$", sheet[1])
    assert browser.get(sheet[1])
    inside = "import urllib.request as r; print(r.urlopen('http://localhost:8000/livez').status)"
    assert compose.run("web", ["python", "-c", inside]).stdout.strip() == "204"
    assert browser.ask("GET", "/livez")[0] == 404
    assert browser.ask("GET", "/demo/")[0] == 404


def main(folder: Path) -> int:
    """Runs the drill on what was built in the folder."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    environment, user = json.loads((folder / "built.json").read_text())
    compose = Compose(folder, environment, user)
    try:
        rehearse(compose)
    finally:
        for process in compose.running.values():
            process.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
