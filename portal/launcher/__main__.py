"""`python -m portal.launcher demo|reset|install`: starts with any Python from 3.11 and nothing else."""

import os
import signal
import sys

from portal.launcher import install
from portal.launcher.processes import STOP_SIGNALS, end_with_parent
from portal.launcher.trouble import Trouble, from_os_error

COMMANDS = ("demo", "reset", "install")


def main(words: list[str]) -> int:
    """Runs one of the launcher's commands; returns its exit status."""
    if not words or words[0] not in COMMANDS:
        print(f"usage: python -m portal.launcher {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    for sign in STOP_SIGNALS:  # from the first step on
        signal.signal(sign, signal.default_int_handler)
    if os.environ.get("MAKELEVEL"):
        end_with_parent(signal.SIGTERM, os.getppid())()  # a killed make takes its demo with it
    try:
        if words[0] == "install":
            install.ensure(words[1] if len(words) > 1 else "dev")
            return 0
        install.ensure("demo")
        if sys.prefix != str(install.VENV):
            env = install.quiet_env()
            os.chdir(install.ROOT)
            os.execve(install.PYTHON, [str(install.PYTHON), "-m", "portal.launcher", *words], env)
        from portal.launcher import demo

        return demo.reset() if words[0] == "reset" else demo.run()
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
    except OSError as error:
        print(from_os_error(error), file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.")
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
