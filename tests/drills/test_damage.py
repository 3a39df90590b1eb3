"""Damaged history files: whatever lies on the disk, the daemon starts, answers, says what it found and keeps what it acknowledges.

Each round takes a copy of a good history, damages it in a random way, starts on it, pushes, kills, and starts again.
"""
import os
import pathlib
import random
import shutil
import signal

from drill import Case, Pusher, history_files, main, stored_commands

ROUNDS = int(os.environ.get("DRILL_DAMAGES", "100"))
PAGE = 4096


def flip_bits(data, rng):
    for _ in range(rng.choice((1, 10, 1000))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def zero_pages(data, rng):
    for _ in range(rng.choice((1, 5))):
        at = rng.randrange(len(data) // PAGE) * PAGE
        data[at:at + PAGE] = bytes(PAGE)
    return data


def swap_pages(data, rng):
    a, b = (rng.randrange(1, len(data) // PAGE) * PAGE for _ in range(2))
    data[a:a + PAGE], data[b:b + PAGE] = data[b:b + PAGE], data[a:a + PAGE]
    return data


def cut(data, rng):
    return data[:rng.randrange(len(data))]


def cut_to_whole_pages(data, rng):
    return data[:rng.randrange(len(data) // PAGE) * PAGE]


def scramble_head(data, rng):
    data[0:100] = rng.randbytes(100)
    return data


def something_else(data, rng):
    return rng.choice((b"", b"SQLite format 3\0", b"not a database at all\n" * 1000, rng.randbytes(100000)))


def grow(data, rng):
    return data + rng.randbytes(rng.randrange(1, 3 * PAGE))


DAMAGES = (flip_bits, zero_pages, swap_pages, cut, cut_to_whole_pages, scramble_head, something_else, grow)


class Damage(Case):
    def good_history(self):
        """A state folder as a kill leaves it, with a log beside the file that is not in it yet."""
        d = self.patienced("-max-metrics", "1000000")
        pusher = Pusher(self.path("s"), "good", per_push=20, pushes=60)
        pusher.start()
        pusher.join(30)
        self.assertEqual(len(pusher.acked), 1200)
        self.assertEqual(d.stop(), 0)  # the file is whole
        d = self.patienced("-max-metrics", "1000000")
        pusher = Pusher(self.path("s"), "late", per_push=20, pushes=10)
        pusher.start()
        pusher.join(30)
        d.kill9()  # the log is not copied
        shutil.copytree(self.path("state"), self.path("good"))
        return set(stored_commands(self.path("state")))

    def damage(self, rng):
        shutil.rmtree(self.path("state"))
        shutil.copytree(self.path("good"), self.path("state"))
        file = history_files(self.path("state"))[0]
        wal = pathlib.Path(str(file) + "-wal")
        if rng.random() < 0.3:
            os.unlink(str(file) + "-shm")
        kind, victim = rng.choice(DAMAGES), rng.choice((file, file, wal))
        victim.write_bytes(kind(bytearray(victim.read_bytes()), rng))
        return "%s of %s" % (kind.__name__, victim.name)

    def start_on_it(self, round, rng, good):
        """Answers how many of the good runs are held, and whether the damage was told."""
        d = self.patienced("-max-metrics", "1000000")
        pusher = Pusher(self.path("s"), "new%d" % round, per_push=5, pushes=4)
        pusher.start()
        pusher.join(30)
        self.assertEqual(len(pusher.acked), 20, "what comes now is acknowledged: " + d.log())
        d.kill9()
        log = d.log()
        d = self.patienced("-max-metrics", "1000000")
        held = [m["metrics"]["command"] for m in d.json("/api/metrics/export")]
        self.assertEqual([c for c in pusher.acked if held.count(c) != 1], [], "acknowledged is kept, once")
        self.assertEqual(d.get("/api/metrics/stats").status, 200)
        self.assertEqual(d.stop(rng.choice((signal.SIGTERM, signal.SIGINT))), 0)
        return len(good & set(held)), "damaged" in log + d.log()

    def test_it_starts_and_keeps_what_comes(self):
        rng = random.Random(int(os.environ.get("DRILL_SEED", "20261123")))
        good = self.good_history()
        kept = told = silent = shorter = 0
        for i in range(ROUNDS):
            what = self.damage(rng)
            with self.subTest(round=i, damage=what):
                held, said = self.start_on_it(i, rng, good)
                kept += held == len(good)
                told += said
                # A log that ends early is what every loss of power leaves: SQLite reads what is whole and does not tell.
                # And a bit of a text that flips is another text: SQLite's pages have no checksums.
                altered = 2 if "flip_bits" in what else 0
                unsaid = held < len(good) - altered and not said
                shorter += unsaid and what.endswith("-wal")
                silent += unsaid and not what.endswith("-wal")
        self.assertEqual(silent, 0, "runs of the file went away and nobody said so")
        print("%d damaged histories: %d lost nothing, %d told, %d with a shorter log" % (ROUNDS, kept, told, shorter))


if __name__ == "__main__":
    main()
