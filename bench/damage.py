"""From runs to damage: what was lost against the control, what crashed or hung, how long bad values were in force, what was left changed."""
import dataclasses
import statistics

import figures
import lib


@dataclasses.dataclass
class Damage:
    """One run beside its control. events: (second, what) of a peer's own account; start, end: OPTIONS files, to the byte."""
    case: str
    side: str  # ours, theirs
    run: lib.Run
    control: lib.Run
    start: bytes = b""
    end: bytes = b""
    events: list = dataclasses.field(default_factory=list)

    def crashed(self):
        return self.run.status != 0 and not self.run.hung

    def share(self):
        """Operations served, relative to the control. A second in which nothing runs any more is one without operations."""
        n = len(self.control.rates)
        return served(self.run, n) / served(self.control, n) if n and served(self.control, n) else 0.0

    def worst(self):
        n = len(self.control.rates)
        level = statistics.median(self.control.rates) if n else 0.0
        return figures.worst_window(padded(self.run.rates, n), 5, level)

    def changed(self):
        """Names of options that do not end as they began; an asterisk if the files differ in some other way."""
        before, after = values(self.start), values(self.end)
        names = sorted(k.split("\n")[1] for k in before.keys() | after.keys() if before.get(k) != after.get(k))
        return names if names or self.start == self.end else ["*"]

    def account(self):
        return account_of_journal(self.run) if self.side == "ours" else account_of_events(self.events)


@dataclasses.dataclass
class Account:
    """What a tuner did: proposals heard, those turned down before anything was written, tried, put back, kept, and for how many seconds each that
    was put back had been in force."""
    heard: int = 0
    refused: int = 0
    tried: int = 0
    reverted: int = 0
    kept: int = 0
    seconds: list = dataclasses.field(default_factory=list)


def padded(rates, n):
    return (rates + [0] * n)[:n]


def served(run, n):
    return sum(padded(run.rates, n)) / n if n else 0.0


def values(text):
    """section and key -> value of an OPTIONS file."""
    found, section = {}, ""
    for line in text.decode(errors="replace").splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line
        elif "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found[f"{section}\n{key}"] = value
    return found


def account_of_journal(run):
    """From our journal. An answer that says nothing usable is a proposal too, and refused; a call that failed is neither."""
    account, begun = Account(), {}
    for record in run.journal:
        kind, trial, second = record.get("kind"), record.get("trial"), figures.seconds_of(record.get("ts"))
        if kind == "proposal":
            account.heard += 1
        elif kind == "advice" and record.get("outcome") not in ("ok", "no-change") and record.get("reply"):
            account.heard += 1
            account.refused += 1
        elif kind == "refused":
            account.refused += 1
        elif kind == "intent":
            begun[trial] = second
            account.tried += 1
        elif kind == "kept":
            account.kept += 1
        elif kind == "settled" and trial in begun:
            account.seconds.append(second - begun.pop(trial))
    account.reverted = max(0, len(account.seconds) - account.kept)
    return account


def account_of_events(events):
    account, since = Account(), None
    for second, what in events:
        if what in ("applied", "failed"):
            account.heard += 1
            account.tried += what == "applied"
            account.refused += what == "failed"
            since = second if what == "applied" else since
        elif what == "reverted":
            account.reverted += 1
            account.seconds.append(second - since)
        elif what == "kept":
            account.kept += 1
    return account


def complaints(damages, enough=5, loss=0.01):
    """What must not happen to ours, as sentences. A loss counts when its whole interval lies beyond the bar."""
    found = []
    for d in damages:
        at = f"{d.case}, pair {d.run.pair + 1}"
        if d.run.hung:
            found.append(f"{at}: hung")
        elif d.crashed() or not d.run.rates:
            found.append(f"{at}: ended with status {d.run.status}")
        elif d.changed():
            found.append(f"{at}: options not as before: {', '.join(d.changed())}")
    for case in [*dict.fromkeys(d.case for d in damages), None]:
        mine = [d.share() for d in damages if case in (None, d.case)]
        ratio = figures.paired_ratio(mine, [1.0] * len(mine))
        if len(mine) >= enough and ratio.hi < 1 - loss:
            found.append(f"{case or 'all cases together'}: {ratio} of the control's throughput: more than {100 * loss:.0f} % is lost")
    return found
