"""A YAML file is read with lines, and every fault of it is reported at once."""

from pathlib import Path

import pytest

from tickets import InputFaults
from tickets.document import parse_document, read_document

SCHEMA = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "size": {"type": "integer"},
        "colour": {"enum": ["red", "green"]},
    },
}


def faults_of(text: str) -> list[str]:
    with pytest.raises(InputFaults) as caught:
        parse_document(text, name="file.yaml", schema=SCHEMA).refuse_if()
    return [str(fault) for fault in caught.value.faults]


def test_sound_values_are_plain_and_know_their_lines() -> None:
    document = parse_document("name: a\nsize: 3\n", name="file.yaml", schema=SCHEMA)
    assert document.values == {"name": "a", "size": 3}
    assert document.line(("size",)) == 2


def test_all_faults_are_reported_at_once_in_the_order_of_lines() -> None:
    assert faults_of("nmae: a\nsize: big\ncolour: gren\nsize: 4\n") == [
        'file.yaml:1: "name" is missing (add it)',
        'file.yaml:1: unknown key "nmae" (did you mean "name"?)',
        'file.yaml:2: size: expected a whole number, found "big"',
        'file.yaml:3: colour: "gren" is not known (did you mean "green"?)',
        'file.yaml:4: key "size" stands twice (the first is in line 2)',
    ]


@pytest.mark.parametrize("word", ["no", "on", "yes", "08", "1_000", "12:30:00", "2026-07-10"])
def test_words_that_yaml_1_1_would_turn_into_something_else_stay_text(word: str) -> None:
    assert parse_document(f"name: {word}", name="f", schema=SCHEMA).values == {"name": word}


def test_a_number_where_text_belongs_is_told_to_be_quoted() -> None:
    assert faults_of("name: 5") == [
        "file.yaml:1: name: expected text, found 5 (put it in quotes)",
    ]


def test_text_that_is_no_yaml_names_the_line() -> None:
    (fault,) = faults_of("name: a\n  size: [1\n")
    assert fault.startswith("file.yaml:2: is not YAML")


def test_a_tag_that_would_run_code_is_only_text() -> None:
    text = "name: !!python/object/apply:os.system ['true']"
    assert faults_of(text) == ["file.yaml:1: name: expected text, found a list"]


def test_endless_depth_is_refused() -> None:
    assert faults_of("name: " + "[" * 2000 + "]" * 2000)


def test_aliases_that_would_multiply_are_refused_at_once() -> None:
    bomb = "name: &a0 [x]\n" + "".join(
        f"k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    assert any("used again by an alias" in fault for fault in faults_of(bomb))


def test_an_alias_to_itself_is_refused() -> None:
    assert any("used again by an alias" in fault for fault in faults_of("name: &a [*a]"))


def test_a_missing_file_is_one_clear_fault(tmp_path: Path) -> None:
    with pytest.raises(InputFaults, match="check the path"):
        read_document(tmp_path / "absent.yaml", SCHEMA)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: Zürich".encode("latin-1"))
    with pytest.raises(InputFaults, match="save it as UTF-8"):
        read_document(path, SCHEMA)


def test_the_version_changes_with_the_text() -> None:
    one = parse_document("name: a", name="f", schema=SCHEMA)
    other = parse_document("name: b", name="f", schema=SCHEMA)
    assert one.version != other.version
    assert len(one.version) == 12
