"""Attendance lists: who came, who left, with whom. Worked out from check-ins, stored nowhere."""
