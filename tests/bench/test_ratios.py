"""What pytest-benchmark stores holds ratios, and a run that is slower than a stored one is shown to be."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCHMARK = """
import os, time

def bench_sleep(benchmark):
    benchmark.pedantic(time.sleep, args=(float(os.environ["SLEEP"]),), rounds=3)
"""


def run(folder: Path, seconds: float, *options: str) -> str:
    """A benchmark that takes so long, with pytest's options; what pytest prints."""
    (folder / "bench_sleep.py").write_text(BENCHMARK, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", str(folder / "bench_sleep.py"), "-p", "tests.bench.ratios", "-c"]
    configuration = folder / "pytest.ini"
    configuration.write_text("[pytest]\npython_functions = bench_*\npython_files = bench_*.py\n", encoding="utf-8")
    environment = {"SLEEP": str(seconds), "PATH": "", "PYTHONPATH": str(ROOT)}
    storage = f"--benchmark-storage=file://{folder}/stored"
    found = subprocess.run(
        [*command, str(configuration), f"--rootdir={folder}", storage, *options],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_a_slowdown_against_a_stored_run_is_shown(tmp_path: Path) -> None:
    """Twenty times as long: no load of the machine makes up for that."""
    run(tmp_path, 0.01, "--benchmark-save=before")
    (stored,) = (tmp_path / "stored").rglob("*_before.json")
    (benchmark,) = json.loads(stored.read_text(encoding="utf-8"))["benchmarks"]
    info = benchmark["extra_info"]
    assert info["ratio"] == benchmark["stats"]["min"] / info["bare_seconds"] > 0
    slower = run(tmp_path, 0.2, "--benchmark-compare")
    assert "ratios to the bare dict of the same run" in slower
    assert "bench_sleep: stored " in slower
    assert "REGRESSION" in slower
    assert "Worse than stored by more than 20%: bench_sleep." in slower


def test_what_is_as_fast_as_stored_is_no_regression(tmp_path: Path) -> None:
    run(tmp_path, 0.2, "--benchmark-save=before")
    faster = run(tmp_path, 0.01, "--benchmark-compare")
    assert "bench_sleep: stored " in faster
    assert "REGRESSION" not in faster
