"""Taking in what doors say: each event once, in any order; flagged or parked when odd, never refused, never merged."""
