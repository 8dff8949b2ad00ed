"""Threads, tasks, forks, process exit, and other programs that use the same database file."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any, Callable

import pytest
from package import PACKAGE_ROOT

import provenlog
from provenlog import ProvenLogClient, ProvenLogError

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]


def stored(db: Path) -> list[dict[str, Any]]:
    """Adopts orphaned journals, checks that the ledger verifies, and returns all its events."""
    with ProvenLogClient(agent_id="reader", db_path=db) as client:
        events = list(client.iter_events())
        report = client.verify()
    assert report["valid"], report
    return events


def in_child(body: Callable[[], None]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            body()
            code = 0
        finally:
            os._exit(code)
    return pid


def wait(pid: int) -> None:
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


# ---- Threads and tasks


def test_threads_lose_nothing_and_keep_their_order(client: ProvenLogClient) -> None:
    ids: dict[int, list[str]] = {}

    def work(number: int) -> None:
        ids[number] = [client.log_event(agent_id=f"t{number}", action_output=i) for i in range(500)]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(8):
        events = list(client.iter_events(f"t{number}"))
        assert [event["id"] for event in events] == ids[number]
        assert [event["sequence"] for event in events] == list(range(1, 501))
    assert client.verify()["valid"]


def test_readers_and_writers_do_not_wait_for_one_another(client: ProvenLogClient) -> None:
    stop = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                assert client.verify()["valid"]
                list(client.iter_events(limit=50))
                client.stats()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(2_000):
        client.log_event(action_output=i, action_input={"v": "x" * (i % 200) * 1000})
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
    assert sum(1 for _ in client.iter_events()) == 2_000


def test_one_iterator_in_two_threads_is_refused_or_works_but_never_crashes(client: ProvenLogClient) -> None:
    for i in range(3_000):
        client.log_event(action_output=i)
    cursor = client._cursor(None, None, {})
    seen: list[str] = []
    refused = []

    def read() -> None:
        while True:
            try:
                page = cursor.fetch(10)
            except ProvenLogError as error:
                refused.append(error)
                continue
            if not page:
                return
            seen.extend(page)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 3_000


def test_closing_while_others_log_loses_nothing_that_was_acknowledged(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)
    acknowledged: list[str] = []
    started = threading.Barrier(5)

    def work() -> None:
        started.wait()
        try:
            while True:
                acknowledged.append(client.log_event(action_name="x"))
        except provenlog.ClosedError:
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    time.sleep(0.2)
    client.close()
    for thread in threads:
        thread.join()
    assert Counter(event["id"] for event in stored(db)) == Counter(acknowledged)


def test_an_event_loop_is_not_kept_waiting_by_a_full_journal(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db, block_timeout=30, journal_limit_bytes=1 << 20)
    foreign = sqlite3.connect(db, isolation_level=None, timeout=30)
    foreign.execute("BEGIN IMMEDIATE")

    async def main() -> float:
        began = time.monotonic()
        while client.log_event(action_input={"v": "x" * 60_000}):
            await asyncio.sleep(0)
        return time.monotonic() - began

    assert asyncio.run(main()) < 20
    foreign.rollback()
    foreign.close()
    client.close()


def test_a_signal_interrupts_a_flush(run_python: RunPython, db: Path) -> None:
    done = run_python(
        """
        import os, signal, sqlite3, sys, threading, time
        from provenlog import ProvenLogClient
        client = ProvenLogClient(agent_id="a", db_path=sys.argv[1])
        foreign = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30, check_same_thread=False)
        foreign.execute("BEGIN IMMEDIATE")
        client.log_event()
        began = time.monotonic()
        try:
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
            client.flush(50)
        except KeyboardInterrupt:
            print("interrupted", time.monotonic() - began < 30)
        foreign.rollback()
        """,
        db,
    )
    assert done.stdout == "interrupted True\n", done.stderr
    assert len(stored(db)) == 1


# ---- fork


def test_both_sides_of_a_fork_record(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)
    client.log_event(action_name="before")

    def child() -> None:
        for i in range(50):
            client.log_event(action_name="child", action_output=i)

    pids = [in_child(child) for _ in range(3)]
    for _ in range(50):
        client.log_event(action_name="parent")
    for pid in pids:
        wait(pid)
    client.close()
    assert Counter(event["action_name"] for event in stored(db)) == {"before": 1, "child": 150, "parent": 50}


def test_a_child_may_flush_query_and_close(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)
    client.log_event(action_name="before")
    client.flush()

    def child() -> None:
        client.log_event(action_name="child")
        client.flush()
        assert {event["action_name"] for event in client.get_events()} == {"before", "child"}
        assert client.verify()["valid"]
        client.close()

    wait(in_child(child))
    client.log_event(action_name="after")
    client.close()
    assert [event["action_name"] for event in stored(db)] == ["before", "child", "after"]


def test_user_code_may_fork_while_an_event_is_read(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)
    pids: list[int] = []

    class Forking:
        def __repr__(self) -> str:
            pid = os.fork()
            if pid == 0:
                return "in the child"
            pids.append(pid)
            return "in the parent"

    client.log_event(action_name="forked", action_input=[Forking()])
    if not pids:
        os._exit(0)
    wait(pids[0])
    client.close()
    assert sorted(event["action_input"][0] for event in stored(db)) == ["in the child", "in the parent"]


def test_threads_that_log_while_another_forks(db: Path) -> None:
    client = ProvenLogClient(agent_id="a", db_path=db)
    stop = threading.Event()
    acknowledged: list[str] = []

    def work() -> None:
        while not stop.is_set():
            acknowledged.append(client.log_event(action_name="parent"))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        wait(in_child(lambda: [client.log_event(action_name="child") for _ in range(5)] and None))
    stop.set()
    for thread in threads:
        thread.join()
    client.close()
    found = Counter(event["action_name"] for event in stored(db))
    assert found == {"parent": len(acknowledged), "child": 50}


def test_on_error_works_again_in_a_child(db: Path, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    client = ProvenLogClient(agent_id="a", db_path=db, on_error=lambda error: marks.write_text(str(os.getpid())))
    known = client.log_event(action_name="first")
    client.flush()

    def child() -> None:
        client.log_event(action_name="second", id=known)
        client.flush()
        deadline = time.monotonic() + 30
        while not (marks.exists() and marks.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)

    pid = in_child(child)
    wait(pid)
    assert marks.read_text() == str(pid)
    client.close()


MULTIPROCESSING = """
import multiprocessing, sys
from provenlog import ProvenLogClient

def work(path, number):
    client = CLIENT or ProvenLogClient(agent_id="a", db_path=path)
    for i in range(20):
        client.log_event(action_name=f"worker{number}", action_output=i)
    if number == 0:
        client.close()

CLIENT = None

if __name__ == "__main__":
    path, method = sys.argv[1:]
    if method == "fork":
        CLIENT = ProvenLogClient(agent_id="a", db_path=path)
        CLIENT.log_event(action_name="main")
    context = multiprocessing.get_context(method)
    with context.Pool(3) as pool:
        pool.starmap(work, [(path, n) for n in range(1, 7)])
        pool.close()
        pool.join()
    process = context.Process(target=work, args=(path, 0))
    process.start()
    process.join()
    print(process.exitcode)
"""


@pytest.mark.parametrize(
    "method", [m for m in ("fork", "spawn", "forkserver") if m in multiprocessing.get_all_start_methods()]
)
def test_multiprocessing(run_python: RunPython, db: Path, method: str) -> None:
    done = run_python(MULTIPROCESSING, db, method, timeout=120)
    assert done.stdout.strip() == "0", done.stderr
    counts = Counter(event["action_name"] for event in stored(db))
    assert counts.pop("main", 1) == 1
    assert counts == {f"worker{n}": 20 for n in range(7)}


def test_gunicorn_with_a_preloaded_application(db: Path, tmp_path: Path) -> None:
    pytest.importorskip("gunicorn")
    (tmp_path / "application.py").write_text(
        "import os\n"
        "from provenlog import ProvenLogClient\n"
        f"client = ProvenLogClient(agent_id='web', db_path={str(db)!r})\n"
        "client.log_event(action_name='loaded')\n"
        "def app(environ, start_response):\n"
        "    event_id = client.log_event(action_name='request', metadata={'pid': os.getpid()})\n"
        "    start_response('200 OK', [('Content-Type', 'text/plain')])\n"
        "    return [event_id.encode()]\n"
    )
    log = tmp_path / "gunicorn.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "gunicorn",
                "--preload",
                "--workers",
                "3",
                "--bind",
                "127.0.0.1:0",
                "application:app",
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": f"{PACKAGE_ROOT}{os.pathsep}{tmp_path}"},
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + 60
        while "Listening at: " not in log.read_text():
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        address = log.read_text().split("Listening at: ", 1)[1].split()[0]
        ids = [urllib.request.urlopen(address, timeout=30).read().decode() for _ in range(40)]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)
    events = stored(db)
    assert Counter(event["action_name"] for event in events) == {"loaded": 1, "request": 40}
    assert Counter(event["id"] for event in events if event["action_name"] == "request") == Counter(ids)


# ---- Exit


@pytest.mark.parametrize(
    "ending", ["", "sys.exit(0)", "os._exit(0)", "os.kill(os.getpid(), 9)", "raise SystemExit", "client.close()"]
)
def test_no_way_out_loses_events(run_python: RunPython, db: Path, ending: str) -> None:
    began = time.monotonic()
    done = run_python(
        f"""
        import os, sys
        from provenlog import ProvenLogClient
        client = ProvenLogClient(agent_id="a", db_path=sys.argv[1], flush_interval=3600)
        for i in range(100):
            client.log_event(action_output=i)
        {ending}
        """,
        db,
    )
    assert time.monotonic() - began < 30
    assert done.stderr == ""
    assert [event["action_output"] for event in stored(db)] == list(range(100))


def test_events_logged_after_the_exit_hook_are_kept(run_python: RunPython, db: Path) -> None:
    done = run_python(
        """
        import atexit, sys
        @atexit.register
        def late():  # registered first, so it runs after provenlog's own hook
            client.log_event(action_name="late")
            print(len(client.get_events()))
        from provenlog import ProvenLogClient
        class Last:
            def __del__(self):
                client.log_event(action_name="last")
        client = ProvenLogClient(agent_id="a", db_path=sys.argv[1], on_error=print)
        client.log_event(action_name="early")
        last = Last()
        """,
        db,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "2\n")
    assert [event["action_name"] for event in stored(db)] == ["early", "late", "last"]


def test_exit_does_not_hang_when_the_ledger_is_locked(run_python: RunPython, db: Path) -> None:
    ProvenLogClient(agent_id="a", db_path=db).close()
    foreign = sqlite3.connect(db, isolation_level=None, timeout=30)
    foreign.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    done = run_python(
        """
        import sys
        from provenlog import ProvenLogClient
        client = ProvenLogClient(agent_id="a", db_path=sys.argv[1])
        client.log_event(action_name="kept")
        """,
        db,
    )
    assert time.monotonic() - began < 40
    assert done.returncode == 0
    foreign.rollback()
    foreign.close()
    assert [event["action_name"] for event in stored(db)] == ["kept"]


def test_daemon_threads_at_exit(run_python: RunPython, db: Path) -> None:
    for _ in range(5):
        done = run_python(
            """
            import sys, threading, time
            from provenlog import ProvenLogClient
            client = ProvenLogClient(agent_id="a", db_path=sys.argv[1], on_error=lambda error: None)
            class Chatty:
                def __repr__(self):
                    return "".join(str(i) for i in range(50))
            def work():
                while True:
                    client.log_event(action_input={"v": Chatty(), "w": [Chatty()] * 3})
            def read():
                while True:
                    client.get_events(limit=10)
                    client.stats()
            for target in (work, work, read):
                threading.Thread(target=target, daemon=True).start()
            time.sleep(0.2)
            """,
            db,
        )
        assert done.returncode == 0, done.stderr
    assert stored(db)


# ---- Other programs that use the file


def test_pythons_own_sqlite_may_open_read_and_close_the_database(db: Path) -> None:
    acknowledged = []
    with ProvenLogClient(agent_id="a", db_path=db, batch_size=5, flush_interval=0.01) as client:
        for i in range(300):
            acknowledged.append(client.log_event(action_output=i))
            if i % 10 == 0:
                reader = sqlite3.connect(db, timeout=30)
                reader.execute("SELECT count(*) FROM sqlite_master").fetchall()
                reader.close()
    assert [event["id"] for event in stored(db)] == acknowledged


@pytest.mark.parametrize("first", ["import provenlog", ""], ids=["imported before", "imported nowhere else"])
def test_a_subinterpreter_is_refused(run_python: RunPython, first: str) -> None:
    done = run_python(
        """
        import sys, textwrap
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        exec(sys.argv[1])
        code = textwrap.dedent('''
            import sys
            sys.path[:] = %r
            try:
                import provenlog
            except ImportError as error:
                assert "subinterpreter" in str(error), error
                print("refused", flush=True)
        ''' % sys.path)
        for arguments in ((), ("legacy",)) if sys.version_info >= (3, 13) else ((),):
            interpreter = interpreters.create(*arguments)
            problem = (interpreters.exec if hasattr(interpreters, "exec") else interpreters.run_string)(interpreter, code)
            assert not problem, problem
            interpreters.destroy(interpreter)
        import provenlog
        print("done", provenlog.__version__ != "")
        """,
        first,
    )
    assert set(done.stdout.split("\n")) == {"refused", "done True", ""}, done.stderr
