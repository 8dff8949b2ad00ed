"""Every option of a client exists in every language, in plog.h and in the documentation, with the same values.

The declaration is core/client/options.cpp, which `plog generate options` prints. tools/option_tables.py knows how each
language spells a name.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from toolchains import BUILD, EXAMPLES, SOURCE

sys.path.insert(0, str(SOURCE / "tools"))
import generated_page
import option_tables

Option = dict[str, Any]

# What exists in one language only, with the reason.
ONLY_C = {
    "struct_size": "convention 7 of plog.h",
    "no_salt": "callers that were compiled before `salt` existed",
    "reserved": "padding",
}
ONLY_PYTHON = {
    "timeout": "C and the others pass a timeout to each call of flush and close",
    "on_error": "C and the others wait for errors with plog_client_next_error",
    "api_key": "rejected until server mode exists",
}
ONLY_NODE = {"timeout": "as in Python", "onError": "as in Python", "apiKey": "as in Python"}
ONLY_JAVA = {
    "captureField": "the member `fields` of capture_content",
    "captureActionType": "the member `action_types` of capture_content",
}


@pytest.fixture(scope="module")
def options() -> list[Option]:
    plog = BUILD / "plog"
    if not plog.exists():
        pytest.skip(f"{plog} is not built")
    return generated_page.declared(plog, "options")


@pytest.fixture(scope="module")
def arguments(options: list[Option]) -> list[Option]:
    return [option for option in options if option["argument"]]


def read(path: str) -> str:
    return (SOURCE / path).read_text(encoding="utf-8")


def body(text: str, start: str, end: str) -> str:
    match = re.search(rf"{start}\n(.*?)\n{end}", text, re.S)
    assert match, start
    return match[1]


def names(arguments: list[Option], language: str) -> set[str]:
    return {option_tables.LANGUAGES[language](option) for option in arguments}


def chosen(arguments: list[Option], name: str) -> list[str]:
    return next(option["choices"] for option in arguments if option["name"] == name)


def limits(arguments: list[Option]) -> list[Option]:
    return [option for option in arguments if option["maximum"] is not None]


# How the guides and comments of a language write a limit: as a number, or with a unit.
UNITS = {
    1: ["1", "0.001"],
    64: ["64"],
    4096: ["4096"],
    3600000: ["3600", "1 h"],
    86400000: ["86400", "24 h"],
    67108864: ["67108864"],
    1048576: ["1048576", "1 MiB"],
    2**53: ["2^53", "9007199254740992"],
}


def states(comment: str, limit: int) -> bool:
    return any(text in comment for text in [str(limit), *UNITS[limit]])


def test_the_page_about_configuration_has_the_declared_tables(options: list[Option]) -> None:
    text = option_tables.PAGE.read_text(encoding="utf-8")
    assert option_tables.updated(text, options) == text, "run tools/option_tables.py"


def test_plog_h(arguments: list[Option]) -> None:
    struct = body(
        read("capi/include/provenlog/plog.h"), "typedef struct plog_client_options {", "} plog_client_options;"
    )
    fields = re.findall(r"^\s*(?:const )?(\w+ \*?)(\w+);", re.sub(r"/\*.*?\*/", "", struct, flags=re.S), re.M)
    kinds = {name: kind.strip() for kind, name in fields}
    assert set(kinds) - set(ONLY_C) == names(arguments, "C")
    assert set(ONLY_C) <= set(kinds)
    text = "char *"
    expected = {
        "text": [text],
        "object": [text],
        "choice or object": [text],
        "choice": ["int32_t"],
        "boolean": ["int32_t"],
    }
    for option in arguments:
        name = option_tables.c_name(option)
        assert kinds[name] in expected.get(option["type"], ["uint32_t", "uint64_t"]), name
        if option["maximum"] is not None:
            assert f"{option['minimum']}..{option['maximum']}" in struct, name


def test_the_numbers_of_choices_in_plog_h(arguments: list[Option]) -> None:
    header = read("capi/include/provenlog/plog.h")
    for name, prefix in (("durability", "PLOG_DURABILITY_"), ("on_full", "PLOG_ON_FULL_")):
        found = re.findall(rf"^  {prefix}(\w+) = (\d+)", header, re.M)
        assert found == [("DEFAULT", "0"), *((c.upper(), str(i)) for i, c in enumerate(chosen(arguments, name), 1))]


PYTHON = """
import inspect, json, sys
sys.path.insert(0, sys.argv[1])
from provenlog import ProvenLogClient, client
signature = inspect.signature(ProvenLogClient)
print(json.dumps([{name: p.default for name, p in signature.parameters.items()}, ProvenLogClient.__doc__,
                  {"durability": client._DURABILITY, "on_full": client._ON_FULL}]))
"""


def test_python(arguments: list[Option]) -> None:
    output = subprocess.check_output([sys.executable, "-c", PYTHON, str(BUILD / "python")], text=True)
    parameters, documentation, numbers = json.loads(output)
    assert set(parameters) - set(ONLY_PYTHON) == names(arguments, "Python")
    assert set(ONLY_PYTHON) <= set(parameters)
    assert {name: value for name, value in parameters.items() if value is not None} == {"timeout": 30.0}
    for option in arguments:
        assert f"``{option['name']}``" in documentation
    for option in limits(arguments):
        comment = documentation[documentation.index(f"``{option['name']}``") :][:250]
        assert states(comment, option["minimum"]) and states(comment, option["maximum"]), option["name"]
    for name, found in numbers.items():
        assert found == {choice: i for i, choice in enumerate(chosen(arguments, name), 1)}


def test_node(arguments: list[Option]) -> None:
    source = read("node/src/options.ts")
    interface = body(source, r"export interface ClientOptions \{", r"\}")
    members = re.findall(r"^  (\w+)\?: .* \| undefined;$", interface, re.M)
    expected = (names(arguments, "Node") - {"url"}) | set(ONLY_NODE)
    assert set(members) == expected
    assert len(re.findall(r"^  \w+\??:", interface, re.M)) == len(members), "an option without `?: ... | undefined`"
    assert set(re.findall(r'^  "(\w+)",$', body(source, r"const NAMES[^\n]*", r"\]\);"), re.M)) == expected
    assert "constructor(url: string, options?: ClientOptions);" in read("node/src/client.ts")
    for option in limits(arguments):
        comment = interface[: interface.index(f"  {option_tables.node_name(option)}?:")][-250:]
        assert states(comment, option["minimum"]) and states(comment, option["maximum"]), option["name"]
    for name, constant in (("durability", "DURABILITY"), ("on_full", "ON_FULL")):
        found = re.search(rf"const {constant} = {{ (.*) }}", source)
        assert found
        assert found[1] == ", ".join(f"{choice}: {i}" for i, choice in enumerate(chosen(arguments, name), 1))
    assert re.search(r"type Capture = (.*);", source)[1] == " | ".join(  # type: ignore[index]
        f'"{choice}"' for choice in chosen(arguments, "capture_content")
    )


def test_go(arguments: list[Option]) -> None:
    source = (EXAMPLES / "go/options.go").read_text(encoding="utf-8")
    struct = body(source, r"type Options struct \{", r"\}")
    lines = dict(re.findall(r"^\t(\w+) +(.*)$", struct, re.M))
    assert set(lines) == names(arguments, "Go")
    for option in limits(arguments):
        line = lines[option_tables.go_name(option)]
        assert states(line, option["minimum"]) and states(line, option["maximum"]), line
    for name, kind in (("durability", "Durability"), ("on_full", "OnFull")):
        found = re.findall(rf"^\t{kind}(\w+) +{kind} = (\d)", source, re.M)
        assert found == [
            ("Default", "0"),
            *((c.capitalize(), str(i)) for i, c in enumerate(chosen(arguments, name), 1)),
        ]
    assert re.findall(r'Capture = "(\w+)"', source) == chosen(arguments, "capture_content")


def test_rust(arguments: list[Option]) -> None:
    source = (EXAMPLES / "rust/src/options.rs").read_text(encoding="utf-8")
    setters = body(source, r"impl Options \{", r"\}")
    found = re.findall(r"pub fn (\w+)\(\s*mut self", setters)
    assert set(found) == names(arguments, "Rust")
    for option in limits(arguments):
        comment = setters[: setters.index(f"pub fn {option_tables.rust_name(option)}(")][-300:]
        assert states(comment, option["minimum"]) and states(comment, option["maximum"]), option["name"]
    for name, kind in (("durability", "Durability"), ("on_full", "OnFull")):
        variants = re.findall(r"^    (\w+) = (\d),$", body(source, rf"pub enum {kind} \{{", r"\}"), re.M)
        assert variants == [(c.capitalize(), str(i)) for i, c in enumerate(chosen(arguments, name), 1)]
    assert re.findall(r'Capture::\w+ => "(\w+)"', source) == chosen(arguments, "capture_content")


def test_java(arguments: list[Option]) -> None:
    source = (EXAMPLES / "java/src/main/java/io/provenlog/ClientOptions.java").read_text(encoding="utf-8")
    setters = set(re.findall(r"^  public ClientOptions (\w+)\(", source, re.M))
    assert setters - set(ONLY_JAVA) == names(arguments, "Java")
    assert set(ONLY_JAVA) <= setters
    for option in limits(arguments):
        comment = source[: source.index(f"public ClientOptions {option_tables.java_name(option)}(")][-300:]
        assert states(comment, option["minimum"]) and states(comment, option["maximum"]), option["name"]
    for name, kind, first in (
        ("durability", "Durability", ["default"]),
        ("on_full", "OnFull", ["default"]),
        ("capture_content", "Capture", []),
    ):
        constants = re.findall(r"^    ([A-Z]+)[,;]?$", body(source, rf"  public enum {kind} \{{", r"  \}"), re.M)
        assert [constant.lower() for constant in constants] == [*first, *chosen(arguments, name)]


def test_every_option_has_one_name_in_each_language(arguments: list[Option]) -> None:
    for language in option_tables.LANGUAGES:
        assert len(names(arguments, language)) == len(arguments), language


def test_the_tool_checks_and_writes(tmp_path: Path, options: list[Option]) -> None:
    text = option_tables.PAGE.read_text(encoding="utf-8")
    assert option_tables.updated(text.replace("whole number, 1 to 4096", "whole number, 1 to 5000"), options) == text
    run = [sys.executable, str(SOURCE / "tools/option_tables.py"), "--check", str(BUILD / "plog")]
    assert subprocess.run(run, cwd=tmp_path, check=False).returncode == 0
