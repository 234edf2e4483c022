"""From runs to figures: paired ratios with intervals, throughput against time, what the journal says was changed, tables and plots."""
import dataclasses
import datetime
import math
import shutil
import statistics
import subprocess

# Two-sided 95 % points of Student's t for 1, 2, 3... degrees of freedom.
T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101,
       2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042]


@dataclasses.dataclass
class Ratio:
    """Geometric mean of paired ratios with a 95 % interval (Student's t on their logarithms); lo and hi are nan below two pairs."""
    value: float
    lo: float
    hi: float
    raw: list

    def __str__(self):
        if math.isnan(self.value):
            return "n/a"
        interval = "" if math.isnan(self.lo) else f" [{self.lo:.3f}, {self.hi:.3f}]"
        return f"{self.value:.3f}{interval}"


def paired_ratio(over, under):
    pairs = [(a, b) for a, b in zip(over, under) if a > 0 and b > 0]
    if not pairs:
        return Ratio(math.nan, math.nan, math.nan, [])
    logs = [math.log(a / b) for a, b in pairs]
    mean = statistics.fmean(logs)
    raw = [a / b for a, b in pairs]
    if len(logs) < 2:
        return Ratio(math.exp(mean), math.nan, math.nan, raw)
    t = T95[len(logs) - 2] if len(logs) - 2 < len(T95) else 1.96
    half = t * statistics.stdev(logs) / math.sqrt(len(logs))
    return Ratio(math.exp(mean), math.exp(mean - half), math.exp(mean + half), raw)


def worst_window(rates, seconds, against):
    """The slowest stretch of so many seconds, relative to a level."""
    if len(rates) < seconds or against <= 0:
        return math.nan
    return min(sum(rates[i:i + seconds]) for i in range(len(rates) - seconds + 1)) / seconds / against


def seconds_below(rates, control, share):
    """How many seconds were slower than that share of the control's same second."""
    return sum(1 for a, b in zip(rates, control) if a < share * b)


def end_seconds(duration):
    """The end state is the last 30 seconds, or the last third of a short run."""
    return max(1, min(30, duration // 3))


@dataclasses.dataclass
class Change:
    """One line of the tuner's own account. second counts from the start of the run."""
    second: float
    what: str  # kept, reverted, refused, invalid, tripped
    summary: str
    effect: float = math.nan
    lo: float = math.nan
    hi: float = math.nan
    why: str = ""

    def __str__(self):
        effect = "" if math.isnan(self.effect) else f"  {100 * self.effect:+.1f} %"
        if not math.isnan(self.lo) and not math.isnan(self.hi):
            effect += f" [{100 * self.lo:+.1f}, {100 * self.hi:+.1f}]"
        return f"{self.second:5.0f} s  {self.what:<8}  {self.summary}{effect}"


VERDICTS = {"keep": "kept", "revert": "reverted", "invalid": "invalid"}


def changes_of(run):
    """The verdicts, refusals and tripwires of a journal. Unknown kinds and odd records are passed over: this is somebody else's file."""
    changes, proposed, judged = [], {}, {}
    for record in run.journal:
        kind, trial = record.get("kind"), record.get("trial")
        second = seconds_of(record.get("ts")) - run.began
        if kind == "proposal":
            proposed[trial] = describe(part(record, "proposal").get("changes"))
        elif kind == "verdict":
            verdict = part(record, "verdict")
            what = "tripped" if record.get("trip") else VERDICTS.get(verdict.get("kind"))
            if what:
                judged[trial] = str(record.get("changes") or proposed.get(trial, ""))
                changes.append(Change(second, what, judged[trial], number(verdict.get("effect")), number(verdict.get("lo")),
                                      number(verdict.get("hi")), str(verdict.get("why", ""))))
        elif kind == "refused":
            refusal = part(record, "refusal")
            changes.append(Change(second, "refused", proposed.get(trial) or str(refusal.get("rule", "")), why=str(refusal.get("why", ""))))
        elif kind == "trip" and trial in judged:  # after a keep; during a trial the verdict says it
            changes.append(Change(second, "tripped", judged[trial], why=str(record.get("why", ""))))
    return changes


def part(record, key):
    return record[key] if isinstance(record.get(key), dict) else {}


def describe(changes):
    """"write_buffer_size = 256 MiB, ..." from the changes of a proposal."""
    if not isinstance(changes, list):
        return ""
    return ", ".join(f"{c.get('option')} = {c.get('means', c.get('value'))}" for c in changes if isinstance(c, dict))


def number(value):
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def seconds_of(ts):
    """Seconds since 1970 from ISO 8601."""
    try:
        return datetime.datetime.fromisoformat(str(ts).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return math.nan


def table(rows, indent="  ", left=1):
    """So many columns to the left, the others to the right."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [str(c).ljust(w) if i < left else str(c).rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)


COLOURS = {"control": "#7a8794", "tuned": "#d9480f", "static": "#2b8a3e", "ours": "#d9480f", "theirs": "#1864ab"}
OTHER_COLOURS = ["#1864ab", "#862e9c", "#5c940d", "#a61e4d", "#0b7285"]


def plot_runs(path, title, runs):
    """Throughput against time: a thin line a run, a thick one for the median of each arm, a dashed one where a change was kept."""
    arms = list(dict.fromkeys(r.arm for r in runs))
    colour = {a: COLOURS.get(a, OTHER_COLOURS[i % len(OTHER_COLOURS)]) for i, a in enumerate(arms)}
    script = [f"set terminal svg size 900,420 font 'sans,11' background '#ffffff'", f"set output '{path}'", f"set title \"{title}\"",
              "set xlabel 'seconds'", "set ylabel 'thousand operations a second'", "set yrange [0:*]", "set key outside right top",
              "set grid ytics lc rgb '#e0e0e0'", "set style data lines"]
    for i, (run, change) in enumerate([(r, c) for r in runs for c in changes_of(r) if c.what == "kept"], 1):
        script.append(f"set arrow {i} from {change.second:.1f}, graph 0 to {change.second:.1f}, graph 1 nohead dt 2 lc rgb '#f08c00'")
    plots, data = [], []
    for run in runs:
        plots.append(f"'-' using 1:2 notitle lw 0.5 lc rgb '#a0{colour[run.arm][1:]}'")
        data.append(run.rates)
    for arm in arms:
        plots.append(f"'-' using 1:2 title '{arm}' lw 2.5 lc rgb '{colour[arm]}'")
        data.append([statistics.median(second) for second in zip(*(r.rates for r in runs if r.arm == arm and r.rates))])
    script.append("plot " + ", ".join(plots))
    for rates in data:
        script += [f"{i + 1} {rate / 1000:.3f}" for i, rate in enumerate(rates)] or ["0 nan"]
        script.append("e")
    gnuplot("\n".join(script) + "\n")


def plot_ratios(path, title, groups):
    """Ratios with their intervals, one row each. groups: list of (label, Ratio)."""
    rows = [f"{i} {r.value:.5f} {r.lo:.5f} {r.hi:.5f}" for i, (_, r) in enumerate(reversed(groups))]
    names = ", ".join(f"\"{label}\" {i}" for i, (label, _) in enumerate(reversed(groups)))
    gnuplot("\n".join([f"set terminal svg size 800,{100 + 30 * len(groups)} font 'sans,11' background '#ffffff'", f"set output '{path}'",
                       f"set title \"{title}\"", f"set ytics ({names})", f"set yrange [-0.7:{len(groups) - 0.3}]",
                       "set grid xtics lc rgb '#e0e0e0'", "set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb '#7a8794'",
                       "plot '-' using 2:1:3:4 with xerrorbars notitle pt 7 lc rgb '#d9480f'", *rows, "e"]) + "\n")


def gnuplot(script):
    if shutil.which("gnuplot"):
        subprocess.run(["gnuplot"], input=script, text=True, check=False)
