"""Opening: addresses, migrations by several processes at once, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from tickets import InputFaults
from tickets.store import DeliveryState, Outgoing, QueueQuery, Store, open_store
from tickets.store.address import parse_address
from tickets.store.migration import MIGRATIONS, NEWEST
from tickets.store.tables import metadata

NOW = datetime(2026, 7, 10, 9, 0, tzinfo=UTC)


def test_an_empty_database_gets_its_tables(empty_url: str) -> None:
    with closing(open_store(empty_url)) as store:
        store.ping()
        assert store.suggestions.queue(QueueQuery()).items == ()
    with closing(open_store(empty_url)) as again:
        again.ping()


def test_the_migrations_lead_to_the_tables_of_the_program(store: Store) -> None:
    """A text that holds its column's type counts as that; the search's own tables are left out."""

    def is_ours(_object: object, name: str | None, kind: str, _found: bool, _other: object) -> bool:
        searched = str(name).startswith(("ticket_words", "store_version"))
        return not (kind == "table" and searched)

    with store.database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_type": False}
        )
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_that_the_program_wants() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [NEWEST]


OPEN = """
import sys
from datetime import UTC, datetime
from tickets.store import open_store
print("ready", flush=True)
number = sys.stdin.readline().strip()
store = open_store(sys.argv[1])
for each in range(10):
    store.inbox.put("s", number, str(each), {}, b"", datetime(2026, 7, 10, tzinfo=UTC))
store.close()
"""


def test_four_processes_may_make_a_database_at_once_and_write_to_it(
    empty_url: str, tmp_path: Path
) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OPEN, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for number, process in enumerate(processes):
        assert process.stdin is not None
        process.stdin.write(f"{number}\n")
        process.stdin.flush()
    outcomes = [(process.communicate(timeout=60)[1], process.returncode) for process in processes]
    assert outcomes == [("", 0)] * 4
    with closing(open_store(empty_url)) as store, store.database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM store_version")).all() == [
            (NEWEST,)
        ]
        assert store.inbox.counts()[DeliveryState.WAITING] == 40


def test_a_store_of_the_first_schema_is_brought_to_the_newest_with_what_it_holds(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.store.migration.NEWEST", "0001")
    with closing(open_store(empty_url)) as store:
        store.outbox.put(Outgoing("zendesk", "acme", {"act": "auto"}, "key"), NOW)
    monkeypatch.undo()
    with closing(open_store(empty_url)) as store:
        [message] = store.outbox.claim("w", 5, NOW, timedelta(minutes=1))
        store.outbox.retry(message.id, "503", NOW, failing_since=NOW)
        [waiting] = store.outbox.waiting(5)
    assert (waiting.payload, waiting.attempts) == ({"act": "auto"}, 1)
    assert waiting.failing_since == NOW


def test_a_schema_of_a_newer_program_is_refused(empty_url: str) -> None:
    with closing(open_store(empty_url)) as store, store.database.writing() as connection:
        connection.execute(text("UPDATE store_version SET version_num = '9999'"))
    with pytest.raises(InputFaults, match=r"9999, is newer than this program .*upgrade"):
        open_store(empty_url)


def test_tables_of_another_program_are_left_alone(empty_url: str) -> None:
    engine = create_engine(parse_address(empty_url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (name text)"))
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('abc')"))
    with pytest.raises(InputFaults, match=r"tables there \(users\) \(name an empty database\)"):
        open_store(empty_url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE users"))
    engine.dispose()
    open_store(empty_url).close()


def test_a_migration_that_fails_leaves_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", fail)
    with pytest.raises(KeyboardInterrupt):
        open_store(empty_url)
    monkeypatch.undo()
    open_store(empty_url).close()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "no address of a database"),
        ("/var/lib/triage.db", "no address of a database"),
        ("mysql://root@localhost/x", "mysql is none of the databases"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("sqlite:////no/such/folder/triage.db", "no folder /no/such/folder"),
    ],
)
def test_a_wrong_address_is_refused_with_a_remedy(address: str, said: str) -> None:
    with pytest.raises(InputFaults, match=said):
        open_store(address)


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(InputFaults) as fault:
        open_store("postgresql://ann:sesame@127.0.0.1:1/triage")
    assert "postgresql://ann:***@127.0.0.1:1/triage" in str(fault.value)
    assert "refused" in str(fault.value)
    assert "sesame" not in str(fault.value)


@pytest.mark.parametrize("name", ["no_such_database", "postgres"])
def test_a_database_or_user_that_does_not_exist_is_named(postgresql: str, name: str) -> None:
    address = (
        postgresql.replace("postgres@", "no_such_user@")
        if name == "postgres"
        else postgresql.rpartition("/")[0] + "/no_such_database"
    )
    with pytest.raises(InputFaults, match=r"no_such_\w+.*does not exist"):
        open_store(address)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Dear all, this is a long letter and not a database.\n" * 40)
    before = file.read_bytes()
    with pytest.raises(InputFaults, match=r"notes.txt: file is not a database \(.*name another\)"):
        open_store(f"sqlite:///{file}")
    assert file.read_bytes() == before


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match="unable to open"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_path_may_hold_signs_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "50% größer, mit Leerzeichen"
    folder.mkdir()
    with closing(open_store(f"sqlite:///{folder}/triage.db")) as store:
        store.ping()


def test_a_relative_address_is_of_the_working_directory(
    in_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_store("sqlite:///triage.db")) as store:
        (in_folder / "elsewhere").mkdir()
        monkeypatch.chdir(in_folder / "elsewhere")
        store.ping()
    assert (in_folder / "triage.db").exists()
    assert not (in_folder / "elsewhere" / "triage.db").exists()


def test_the_nouns_need_no_database_library() -> None:
    code = "import tickets, sys; print('sqlalchemy' in sys.modules, 'tickets.store' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_opening_what_is_migrated_waits_for_no_migration_library(
    store_url: str,
) -> None:
    code = (
        "import sys; from tickets.store import open_store; open_store(sys.argv[1]).close();"
        " print('alembic' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, store_url], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
