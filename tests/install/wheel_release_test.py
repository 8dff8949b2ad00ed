"""Release checks: one version everywhere, pinned sources, and workflows with minimal permissions."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import yaml

SOURCE = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((SOURCE / ".github" / "workflows").glob("*.yml"))
PUBLISHING = {"pypi", "npm"}


def version(tree: Path, *words: str) -> Tuple[int, str]:
    command = [sys.executable, str(tree / "packaging" / "version.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the files that contain the version."""
    files = ["VERSION", "CHANGELOG.md", "packaging/version.py", "node/package.json", "node/package-lock.json"]
    files += ["examples/rust/Cargo.toml", "examples/java/pom.xml", "packaging/deb/debian/changelog"]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE / name, tmp_path / name)
    return tmp_path


# ---- The version


def test_all_packages_have_the_version_of_the_version_file() -> None:
    assert version(SOURCE, "check") == (0, "")
    number = (SOURCE / "VERSION").read_text().strip()
    assert version(SOURCE) == (0, number + "\n")
    assert json.loads((SOURCE / "node" / "package.json").read_text())["version"] == number


def test_a_new_version_is_written_everywhere(tree: Path) -> None:
    assert version(tree, "set", "7.8.9") == (0, "")
    assert version(tree, "check", "v7.8.9") == (0, "")
    assert json.loads((tree / "node" / "package.json").read_text())["version"] == "7.8.9"
    lock = json.loads((tree / "node" / "package-lock.json").read_text())
    assert {lock["version"], lock["packages"][""]["version"]} == {"7.8.9"}
    changes = (tree / "CHANGELOG.md").read_text()
    assert re.search(r"^## Unreleased\n\n## 7\.8\.9 – \d{4}-\d\d-\d\d\n\n- ", changes, re.M)
    assert (tree / "packaging" / "deb" / "debian" / "changelog").read_text().startswith("provenlog (7.8.9-1) ")


def test_a_file_that_was_left_behind_and_a_wrong_tag_are_found(tree: Path) -> None:
    assert version(tree, "check", "v9.9.9")[0] == 1
    (tree / "VERSION").write_text("7.8.9\n")
    status, output = version(tree, "check")
    assert status == 1
    assert "node/package.json: 0." in output
    assert version(tree, "set", "next")[0] == 1


# ---- The libraries inside the wheels


def test_a_source_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    script = SOURCE / "packaging" / "wheel_deps.sh"
    first = re.search(r"source_of \S+/(\S+) \\\n +[0-9a-f]{64}\)", script.read_text())
    assert first is not None
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / first.group(1)).write_bytes(b"something else")
    environment = {**os.environ, "PLOG_DOWNLOADS": str(tmp_path / "downloads"), "TMPDIR": str(tmp_path)}
    command = ["bash", str(script), str(tmp_path / "prefix")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode != 0
    assert "is not what" in done.stderr
    assert list((tmp_path / "prefix").rglob("*.a")) == []


def test_every_source_is_pinned_by_its_sum() -> None:
    text = (SOURCE / "packaging" / "wheel_deps.sh").read_text()
    assert text.count("$(source_of ") == len(re.findall(r"\$\(source_of \S+ \\\n +[0-9a-f]{64}\)", text)) >= 6


# ---- The workflows


def workflow(path: Path) -> Dict[str, Any]:
    content: Dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def jobs() -> Iterator[Tuple[str, Dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in workflow(path)["jobs"].items():
            yield f"{path.stem}/{name}", job


def steps() -> List[Dict[str, Any]]:
    return [step for _, job in jobs() for step in job.get("steps", [])]


def test_there_is_a_workflow_for_tests_wheels_prebuilds_and_releases() -> None:
    assert {path.stem for path in WORKFLOWS} >= {"test", "wheels", "prebuilds", "release"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_nothing_else(path: Path) -> None:
    assert workflow(path)["permissions"] == {"contents": "read"}


def test_only_publishing_jobs_get_an_identity_and_each_has_its_own_environment() -> None:
    granted = {name: job["permissions"] for name, job in jobs() if "permissions" in job}
    publishing = {f"release/{name}" for name in PUBLISHING}
    assert granted == {
        **{name: {"id-token": "write"} for name in publishing},
        "release/github": {"contents": "write"},
    }
    environments = {name: job.get("environment") for name, job in jobs() if "environment" in job}
    assert environments == {f"release/{name}": name for name in PUBLISHING}


def test_nothing_is_published_before_tests_wheels_and_addons_are_there() -> None:
    release = workflow(SOURCE / ".github" / "workflows" / "release.yml")["jobs"]
    for name in PUBLISHING:
        assert set(release[name]["needs"]) == {"test", "wheels", "prebuilds"}
    for name in ("test", "wheels", "prebuilds"):
        assert release[name]["needs"] == "version"


def test_actions_are_pinned_by_full_versions_and_no_secret_is_used() -> None:
    used = [step["uses"] for step in steps() if "uses" in step]
    assert len(used) > 5
    assert [use for use in used if not re.fullmatch(r"[\w.-]+/[\w./-]+@v\d+\.\d+\.\d+", use)] == []
    assert [path.name for path in WORKFLOWS if "secrets." in path.read_text()] == []
    kept = [step for step in steps() if "actions/checkout" in step.get("uses", "")]
    assert [step for step in kept if step.get("with", {}).get("persist-credentials") is not False] == []


def test_every_job_ends_some_time() -> None:
    assert [name for name, job in jobs() if "uses" not in job and "timeout-minutes" not in job] == []


def test_what_workflows_and_cibuildwheel_run_exists() -> None:
    named = " ".join(step.get("run", "") for step in steps()) + (SOURCE / "pyproject.toml").read_text()
    scripts = set(re.findall(r"(?:packaging|tools|\.ci)/[\w./-]*\w", named)) - {"packaging/licenses"}
    assert {"packaging/version.py", "packaging/wheel_deps.sh", "packaging/wheel_smoke.py", ".ci/run"} <= scripts
    assert [name for name in scripts if not (SOURCE / name).exists()] == []
    targets = set(re.findall(r"^([a-z-]+):", (SOURCE / "Makefile").read_text(), re.M))
    assert set(re.findall(r"\bmake ([a-z-]+)", " ".join(step.get("run", "") for step in steps()))) <= targets


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_actionlint_finds_nothing() -> None:
    done = subprocess.run(["actionlint", *map(str, WORKFLOWS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
