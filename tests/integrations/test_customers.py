"""The customer file gives each ticket its tier."""

from __future__ import annotations

from pathlib import Path

import pytest

from tickets import InputFaults
from triage.integrations import Customers, load_customers

CSV = """\
organization,domain,tier
Acme  Telecom,acme.example,premium
52077,,Premium
,voice.northwind.example,premium
,@northwind.example,standard
*,,standard
"""
YAML = """\
default: standard
customers:
  - {organization: Acme Telecom, domain: acme.example, tier: premium}
  - {organization: "52077", tier: premium}
  - {domain: voice.northwind.example, tier: premium}
  - {domain: "*.northwind.example", tier: standard}
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(
    params=[("c.csv", CSV), ("c.yaml", YAML), ("c2.csv", "\ufeff" + CSV.replace(",", ";"))]
)
def customers(request: pytest.FixtureRequest, tmp_path: Path) -> Customers:
    """The same customers, from CSV with either separator and from YAML."""
    return load_customers(written(tmp_path, *request.param))


@pytest.mark.parametrize(
    ("organization", "requester", "tier"),
    [
        ("ACME telecom", None, "premium"),
        ("52077", None, "premium"),
        ("Nobody", "rui@acme.example", "premium"),
        (None, "rui@mail.ACME.example", "premium"),
        (None, "Rui Alves <rui@acme.example>", "premium"),
        (None, "a@voice.northwind.example", "premium"),
        (None, "a@eu.voice.northwind.example", "premium"),
        (None, "a@northwind.example", "standard"),
        ("Acme Telecom", "a@northwind.example", "premium"),
        (None, "a@notacme.example", "standard"),
        (None, "acme.example", "standard"),
        (None, "rui@acme.example" + " " * 600, "standard"),
        ("", "", "standard"),
        (None, None, "standard"),
    ],
)
def test_the_organization_decides_then_the_nearest_domain_then_the_default(
    organization: str | None, requester: str | None, tier: str, customers: Customers
) -> None:
    assert customers.tier_of(organization, requester) == tier


def test_without_a_default_nothing_is_guessed(tmp_path: Path) -> None:
    customers = load_customers(written(tmp_path, "c.csv", "domain,tier\nacme.example,premium\n"))
    assert customers.tier_of("Acme", "a@other.example") is None


def faults(path: Path) -> list[str]:
    with pytest.raises(InputFaults) as caught:
        load_customers(path)
    return [str(fault) for fault in caught.value.faults]


def test_contradictions_name_both_lines(tmp_path: Path) -> None:
    csv = written(
        tmp_path,
        "c.csv",
        "organization,domain,tier\nAcme,acme.example,premium\nacme ,,premium\nACME,,standard\n"
        ",Acme.Example,standard\n*,,standard\n*,,premium\n",
    )
    assert faults(csv) == [
        'c.csv:4: "acme" is standard here and premium in line 2 (keep one of the two rows)',
        'c.csv:5: "acme.example" is standard here and premium in line 2 (keep one of the two rows)',
        'c.csv:7: "*" is premium here and standard in line 6 (keep one of the two rows)',
    ]
    yaml = written(
        tmp_path,
        "c.yaml",
        "customers:\n  - {organization: Acme, tier: premium}\n"
        "  - organization: acme\n    tier: standard\n",
    )
    assert faults(yaml) == [
        'c.yaml:3: "acme" is standard here and premium in line 2 (keep one of the two rows)'
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "c.csv",
            "organization,tier\nAcme,gold\n",
            ['c.csv:2: unknown tier "gold" (use one of standard, premium)'],
        ),
        (
            "c.csv",
            "organization,tier\nAcme\n",
            ["c.csv:2: the tier is missing (use one of standard, premium)"],
        ),
        (
            "c.csv",
            "organization,tier\n,premium\n",
            ["c.csv:2: names no customer (give an organization or a domain)"],
        ),
        (
            "c.csv",
            "domain,tier\na@acme.example,premium\n",
            ['c.csv:2: "a@acme.example" is no mail domain (write it as acme.example)'],
        ),
        (
            "c.csv",
            "domain,tier\nacme..example,premium\n",
            ['c.csv:2: "acme..example" is no mail domain (write it as acme.example)'],
        ),
        (
            "c.csv",
            "organisation,tier\nAcme,premium\n",
            [
                'c.csv:1: unknown column "organisation" (did you mean "organization"?)',
                "c.csv:1: lacks columns (begin with the line organization,domain,tier)",
            ],
        ),
        (
            "c.csv",
            "tier,tier,domain\na,b,c\n",
            ["c.csv:1: a column stands twice (rename one of them)"],
        ),
        ("c.csv", "", ["c.csv:1: lacks columns (begin with the line organization,domain,tier)"]),
        (
            "c.yaml",
            "default: gold\n",
            ['c.yaml:1: default: "gold" is not known (use one of standard, premium)'],
        ),
        (
            "c.yaml",
            "customers:\n  - {organisation: Acme, tier: premium}\n",
            ['c.yaml:2: customers.0: unknown key "organisation" (did you mean "organization"?)'],
        ),
        (
            "c.yaml",
            "customers:\n  - {tier: premium}\n",
            ["c.yaml:2: names no customer (give an organization or a domain)"],
        ),
    ],
)
def test_faults_name_line_value_and_remedy(
    name: str, text: str, expected: list[str], tmp_path: Path
) -> None:
    assert faults(written(tmp_path, name, text)) == expected


def test_files_that_cannot_be_used_are_told(tmp_path: Path) -> None:
    (other,) = faults(written(tmp_path, "c.xlsx", ""))
    assert other.endswith("c.xlsx: has an unknown file ending (use one of .csv, .yaml, .yml)")
    (absent,) = faults(tmp_path / "absent.csv")
    assert absent.endswith("absent.csv: does not exist (check the path)")
    latin = tmp_path / "latin.csv"
    latin.write_bytes("organization,tier\nZürich,premium\n".encode("latin-1"))
    (encoded,) = faults(latin)
    assert encoded.endswith("is not UTF-8 text (save it as UTF-8)")
