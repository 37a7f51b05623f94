"""`python -m portal.backup take FOLDER` and `python -m portal.backup restore FOLDER`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from portal.backup.work import put_back, take
from portal.launcher import state
from portal.launcher.trouble import Trouble


def main(words: list[str]) -> int:
    """Runs one of the two; returns the exit status. Addresses come from the environment, else from the running demo."""
    if len(words) != 2 or words[0] not in ("take", "restore"):
        print(__doc__, file=sys.stderr)
        return 2
    folder, begun = Path(words[1]), time.monotonic()
    try:
        owner = _address("DATABASE_OWNER_URL")
        documents = Path(os.environ.get("DOCUMENTS_ROOT") or state.STATE / "documents")
        if words[0] == "take":
            manifest = take(owner, documents, folder)
        else:
            manifest = put_back(owner, documents, folder, [_address("DATABASE_URL"), _address("DATABASE_JOB_URL")])
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    what = "Backed up into" if words[0] == "take" else "Restored and verified from"
    print(
        f"{what} {folder}, in {time.monotonic() - begun:.0f} s: {sum(manifest['rows'].values()):,} rows in"
        f" {len(manifest['rows'])} tables, {len(manifest['files']):,} files, as of {manifest['taken_at']}."
    )
    return 0


def _address(name: str) -> str:
    """An address of the database: the variable, the file that NAME_FILE names, or the running demo's."""
    given = os.environ.get(name) or (
        Path(os.environ[f"{name}_FILE"]).read_text().strip() if f"{name}_FILE" in os.environ else ""
    )
    found: str = given or state.load().get(name, "")
    if not found:
        raise Trouble(f"{name} is not set, and no demo of this working copy has noted one.")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
