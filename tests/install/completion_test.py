"""The installed completion scripts and manual pages: they are complete, and the shells accept them."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

COMPLETIONS = {
    "bash": "share/bash-completion/completions/plog",
    "fish": "share/fish/vendor_completions.d/plog.fish",
    "zsh": "share/zsh/site-functions/_plog",
}
MANUAL = "share/man/man1/plog.1"


def text_of(prefix: Path, *arguments: str) -> str:
    return subprocess.run([str(prefix / "bin" / "plog"), *arguments], capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def syntax(prefix: Path) -> dict[str, set[str]]:
    """The options of each command, and of plog itself (""), according to --help."""
    commands = re.search(r"^Subcommands:\n((?:  .*\n)+)", text_of(prefix, "--help"), re.MULTILINE)
    assert commands is not None
    names = re.findall(r"^  ([\w-]+)", commands[1], re.MULTILINE)
    assert "log" in names and "verify" in names
    return {name: options_of(text_of(prefix, *name.split(), "--help")) for name in ["", *names]}


def options_of(help_text: str) -> set[str]:
    return {name for names in re.findall(r"^  (-\S+)", help_text, re.MULTILINE) for name in names.split(",")}


def shell(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"needs {name}")
    return program


def complete_bash(prefix: Path, line: str, folder: Path) -> set[str]:
    """The completions that bash offers for the last word of `line`."""
    words = re.findall(r"=|[^\s=]+", line) + ([""] if line.endswith(" ") else [])
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        f"source '{prefix / COMPLETIONS['bash']}'\n"
        'compopt() { echo "compopt $*" >&2; }\n'
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n"
        '_plog; printf "%s\\n" "${COMPREPLY[@]}"; [[ $(complete -p plog) == "complete -F _plog plog" ]]'
    )
    done = subprocess.run([shell("bash"), "-u", "-c", script], capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    # plog leaves the completion of file names to bash.
    return set(done.stdout.split()) | ({"<files>"} if "compopt -o default" in done.stderr else set())


def complete_fish(prefix: Path, line: str, folder: Path) -> set[str]:
    script = f"source '{prefix / COMPLETIONS['fish']}'; complete -C '{line}'"
    environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    done = subprocess.run(
        [shell("fish"), "--no-config", "-c", script], capture_output=True, text=True, cwd=folder, env=environment
    )
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return {text.split("\t")[0] for text in done.stdout.splitlines()}


def complete_zsh(prefix: Path, line: str, folder: Path) -> str:
    """What the terminal shows after zsh has listed the completions of `line`."""
    functions = (prefix / COMPLETIONS["zsh"]).parent
    # Binds ^T in the line editor: list all matches, then print END-OF-LIST.
    setup = (
        f"fpath=('{functions}' $fpath); autoload -Uz compinit; compinit -u -D; PS1=; LISTMAX=0; unsetopt list_ambiguous\n"
        "zstyle ':completion:*' list-colors; zle -C list-all list-choices _main_complete; "
        "finish() { zle list-all; zle -R; print -r -- END-OF-LIST; }; zle -N finish; bindkey '^T' finish; "
        "print -r -- READY-TO-'COMPLETE'\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(shell("zsh"), ["zsh", "-f", "-i"], {"TERM": "dumb", "PATH": os.environ["PATH"], "HOME": str(folder)})
    try:
        os.write(terminal, setup.encode())
        read_until(terminal, "READY-TO-COMPLETE")
        os.write(terminal, line.encode() + b"\x14")
        return read_until(terminal, "END-OF-LIST")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def read_until(terminal: int, mark: str) -> str:
    received = b""
    deadline = time.monotonic() + 60
    while mark.encode() not in received:
        left = deadline - time.monotonic()
        assert left > 0 and select.select([terminal], [], [], left)[0], received
        received += os.read(terminal, 65536)
    return received.decode()


@pytest.mark.parametrize("shell_name", COMPLETIONS)
def test_an_installation_holds_what_plog_generates(prefix: Path, shell_name: str) -> None:
    assert (prefix / COMPLETIONS[shell_name]).read_text(encoding="utf-8") == text_of(prefix, "generate", shell_name)
    assert (prefix / MANUAL).read_text(encoding="utf-8") == text_of(prefix, "generate", "man")


@pytest.mark.parametrize("complete", [complete_bash, complete_fish])
def test_every_command_and_option_is_offered(prefix, syntax, complete, tmp_path) -> None:
    assert complete(prefix, "plog ", tmp_path) == set(syntax) - {""}
    for command, options in syntax.items():
        offered = complete(prefix, f"plog {command} -".replace("  ", " "), tmp_path)
        offered |= complete(prefix, f"plog {command} --".replace("  ", " "), tmp_path)
        assert options <= offered, command


def test_zsh_offers_every_command_and_option(prefix: Path, syntax: dict[str, set[str]], tmp_path: Path) -> None:
    offered = complete_zsh(prefix, "plog ", tmp_path)
    for command in set(syntax) - {""}:
        assert re.search(rf"^{command} +-- ", offered, re.MULTILINE), command
    for command, options in syntax.items():
        offered = complete_zsh(prefix, f"plog {command} -".replace("  ", " "), tmp_path)
        for option in options:
            assert re.search(rf"(^|\s){option}(\s|=)", offered), f"{command} {option}: {offered}"


VALUES = [
    ("plog --color ", {"auto", "always", "never"}),
    ("plog log --color=a", {"auto", "always"}),
    ("plog --db /x/y.db log --status ", {"success", "error", "timeout"}),
    ("plog log --action-type LLM_C", {"LLM_CALL"}),
    ("plog generate ", {"bash", "fish", "zsh", "man", "operations", "options"}),
    ("plog log -n ", set()),
    ("plog verify --agent-id lo", set()),
]


@pytest.mark.parametrize(("line", "values"), VALUES)
def test_values_are_offered_where_they_are_known(prefix: Path, line: str, values: set[str], tmp_path: Path) -> None:
    assert complete_bash(prefix, line, tmp_path) == values
    found = {value.split("=")[-1] for value in complete_fish(prefix, line, tmp_path)}
    assert found == values


@pytest.mark.parametrize("line", ["plog ingest ev", "plog backup ev", "plog --db ev", "plog stats --db ev"])
def test_files_are_offered_where_a_file_is_wanted(prefix: Path, line: str, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").touch()
    assert complete_bash(prefix, line, tmp_path) == {"<files>"}
    assert complete_fish(prefix, line, tmp_path) == {"events.jsonl"}


def test_the_manual_page_describes_every_command_and_option(prefix: Path, syntax: dict[str, set[str]]) -> None:
    page = (prefix / MANUAL).read_text(encoding="utf-8").replace("\\-", "-")
    head, *sections = re.split(r"^\.SS ", page.split("\n.SH EXAMPLES")[0], flags=re.MULTILINE)
    described = {section.split("\n")[0]: set(re.findall(r"\\fB(--?[a-z-]+)\\fR", section)) for section in sections}
    common = set(re.findall(r"\\fB(--?[a-z-]+)\\fR", head))
    assert common == syntax[""]
    assert {name: options | common - {"--version"} for name, options in described.items()} == {
        name: options for name, options in syntax.items() if name
    }


@pytest.mark.parametrize("page", [MANUAL, "share/man/man3/libprovenlog.3"])
def test_manual_pages_are_formatted_without_a_warning(prefix: Path, page: str) -> None:
    done = subprocess.run(
        [shell("groff"), "-man", "-ww", "-z", "-Tutf8", str(prefix / page)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
