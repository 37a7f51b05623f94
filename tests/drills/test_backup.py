"""A backup is put back whole, and one that is not is noticed: rows, files, roles, row security and the trail."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from portal.backup.work import put_back, take
from portal.launcher import roles
from portal.launcher.trouble import Trouble
from tests import services
from tests.worlds import World

pytestmark = [pytest.mark.drill, pytest.mark.django_db(transaction=True, databases=["default", "aside"])]

RESTORED = "concord_restored"


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A folder with two files of documents."""
    folder = tmp_path / "documents"
    (folder / "ab").mkdir(parents=True)
    (folder / "ab" / "one").write_bytes(b"%PDF-1.7 one")
    (folder / "ab" / "two").write_bytes(b"two")
    return folder


def address(database: str, name: str = "DATABASE_OWNER_URL") -> str:
    return services.running().environment(database)[name]


def empty() -> str:
    """An empty database; returns the owner's address of it."""
    with closing(services.running().postgres.connect()) as admin:
        roles.drop_database(admin, RESTORED)
        roles.create_database(admin, RESTORED)
    return address(RESTORED)


def others() -> list[str]:
    return [address(RESTORED, "DATABASE_URL"), address(RESTORED, "DATABASE_JOB_URL")]


def test_what_was_backed_up_is_put_back_whole(world: World, documents: Path, tmp_path: Path) -> None:
    services.owner(
        "INSERT INTO agencies_change (uuid, at, user_id, user_name, agency_name, channel, request_id, verb,"
        " record_type, object_type, object_id, before, after, reason)"
        " VALUES (gen_random_uuid(), now(), 1, 'Olsen', 'Pine', 'html', '',"
        " 'plan.goal_changed', 'cases.case', 'cases.goal', '1', '{}', '{}', 'Because')"
    )
    manifest = take(address(services.DATABASE), documents, tmp_path / "backup")
    assert manifest["rows"]["cases_case"] == len(world.cases)
    put_back(empty(), tmp_path / "elsewhere", tmp_path / "backup", others())
    with services.connect("app", RESTORED) as app, app.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case")
        assert cursor.fetchone() == (0,), "row security came back"
    with services.connect("owner", RESTORED) as owner, owner.cursor() as cursor:
        cursor.execute("SELECT reason FROM agencies_change")
        assert cursor.fetchall() == [("Because",)]
    assert (tmp_path / "elsewhere" / "ab" / "one").read_bytes() == b"%PDF-1.7 one"


def test_nothing_is_written_over(world: World, documents: Path, tmp_path: Path) -> None:
    take(address(services.DATABASE), documents, tmp_path / "backup")
    with pytest.raises(Trouble, match="never writes over"):
        take(address(services.DATABASE), documents, tmp_path / "backup")
    with pytest.raises(Trouble, match="not empty"):
        put_back(address(services.DATABASE), tmp_path / "elsewhere", tmp_path / "backup", [])
    with pytest.raises(Trouble, match="not empty"):
        put_back(empty(), documents, tmp_path / "backup", [])
    with pytest.raises(Trouble, match="no whole backup"):
        put_back(empty(), tmp_path / "elsewhere", tmp_path / "nothing", [])


def test_a_changed_file_a_lost_row_and_a_touched_trail_are_noticed(
    world: World, documents: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    take(address(services.DATABASE), documents, backup)
    (backup / "documents" / "ab" / "two").write_bytes(b"2")
    text = (backup / "manifest.json").read_text()
    (backup / "manifest.json").write_text(
        text.replace('"cases_case": 20', '"cases_case": 21').replace('"agencies_read": "', '"agencies_read": "0')
    )
    with pytest.raises(Trouble) as caught:
        put_back(empty(), tmp_path / "elsewhere", backup, others())
    for wrong in ("file ab/two is changed", "cases_case has 20 rows", "trail in agencies_read differs"):
        assert wrong in str(caught.value)


def test_a_powerful_role_is_noticed(world: World, documents: Path, tmp_path: Path) -> None:
    take(address(services.DATABASE), documents, tmp_path / "backup")
    with pytest.raises(Trouble, match="owns tables"):
        put_back(empty(), tmp_path / "elsewhere", tmp_path / "backup", [address(RESTORED)])
