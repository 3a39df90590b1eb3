"""kill -9 at random moments under load: an independent reader of the history finds all that was acknowledged, once."""
import os
import random
import time
import unittest

from drill import Case, Pusher, check, main

ROUNDS = int(os.environ.get("DRILL_KILLS", "200"))


class Kills(Case):
    def test_acknowledged_runs_survive(self):
        rng = random.Random(20261122)
        acked = []
        d = self.patienced("-max-metrics", "1000000")
        for i in range(ROUNDS):
            pushers = [Pusher(self.path("s"), "%d.%d" % (i, k), per_push=rng.choice((1, 5, 40))) for k in range(2)]
            for p in pushers:
                p.start()
            time.sleep(rng.uniform(0.0, 0.06))
            d.kill9()
            for p in pushers:
                p.join(20)
                acked += p.acked
            d = self.patienced("-max-metrics", "1000000")
            if i % 20 == 19:
                check(self, self.path("state"), acked)
        check(self, self.path("state"), acked)
        self.assertGreater(len(acked), ROUNDS, "the load did work")
        held = {m["metrics"]["command"] for m in d.json("/api/metrics/export")}
        self.assertEqual([c for c in acked if c not in held], [], "the daemon itself has them too")
        print("%d kills, %d runs acknowledged, none lost" % (ROUNDS, len(acked)))


if __name__ == "__main__":
    main()
