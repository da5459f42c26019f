"""What was promised, and whether it held."""
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent


class Report:
    def __init__(self):
        self.broken, self.kept, self.began = [], 0, time.monotonic()

    def part(self, title):
        print(f"--- {title} (after {time.monotonic() - self.began:.0f} s)", flush=True)

    def promise(self, holds, text, details=""):
        """Notes a promise with its figures; the details of a broken one are shown."""
        if holds:
            self.kept += 1
            print(f"ok      {text}", flush=True)
        else:
            self.broken.append(text)
            print(f"BROKEN  {text}" + (f"\n        {details}" if details else ""), flush=True)
        return holds

    def note(self, text):
        print(f"        {text}", flush=True)

    def finish(self):
        print(f"{self.kept} promises held, {len(self.broken)} did not, {time.monotonic() - self.began:.0f} s")
        for text in self.broken:
            print(f"BROKEN  {text}", file=sys.stderr)
        return 1 if self.broken else 0


def own(name):
    """The text of a script that is kept here."""
    return (HERE / "scripts" / name).read_text()


def seeded(name, instead):
    """A script of GBVM_SEED, or another one where that is not there; and where it is from."""
    folder = os.environ.get("GBVM_SEED")
    path = Path(folder) / name if folder else None
    if path and path.exists():
        return path.read_text(), "GBVM_SEED"
    return instead.read_text(), str(instead.relative_to(PROJECT))
