"""Two runs at the same time, each on one half of the processors; they change places every two seconds, because processors are not alike.

What others do on the machine falls on both. On a machine whose speed wanders, that is worth more than having all of it.
"""
import contextlib
import dataclasses
import os
import threading

SWAP_S = 2.0


def halves():
    """The processors that may be used, in two halves. The same one twice where there is only one."""
    cpus = sorted(os.sched_getaffinity(0))
    return [cpus[::2], cpus[1::2]] if len(cpus) > 1 else [cpus, cpus]


def pinned(arm, cpus):
    """The arm, started on these processors."""
    return dataclasses.replace(arm, prefix=["taskset", "-c", ",".join(map(str, cpus)), *arm.prefix])


def at_once(jobs):
    """The results of functions that run side by side. Threads that do not keep the program from ending; their children are the session's."""
    results = [None] * len(jobs)

    def work(i):
        try:
            results[i] = jobs[i]()
        except BaseException as e:
            results[i] = e
    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.5)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def change_places(sessions, cpus, over):
    """Every two seconds all threads of both processes move to the other half."""
    while not over.wait(SWAP_S):
        cpus.reverse()
        for session, half in zip(sessions, cpus):
            child = session.child
            with contextlib.suppress(OSError):
                for thread in os.listdir(f"/proc/{child.pid}/task") if child else []:
                    os.sched_setaffinity(int(thread), half)


def side_by_side(sessions, cpus, jobs):
    """jobs[i] runs in sessions[i] and begins on cpus[i]. Their results."""
    over = threading.Event()
    mover = threading.Thread(target=change_places, args=(sessions, list(cpus), over), daemon=True)
    mover.start()
    try:
        return at_once(jobs)
    finally:
        over.set()
        mover.join()
