"""docker-compose.yml comes up from nothing, serves, keeps what it promises of its processes, and goes down."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from portal.launcher.debian import find
from tests.drills.containers import build
from tests.services import ROOT

pytestmark = pytest.mark.drill


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts and networks of its own need root")
def test_the_whole_of_it_comes_up_serves_and_goes_down(tmp_path: Path) -> None:
    assert find("caddy"), "the drill needs Caddy: on Debian, apt-get install caddy"
    context = tmp_path / "context"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, context / name)
    subprocess.run([context / "portal" / "deploy" / "make-secrets.sh"], check=True)
    built = build(context, tmp_path / "image", tmp_path / "venv")
    (tmp_path / "built.json").write_text(json.dumps(built))
    alone = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    words = [*alone, sys.executable, "-m", "tests.drills.rehearsal", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
