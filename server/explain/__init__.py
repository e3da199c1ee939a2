"""Why a door answered as it did, and what it would have answered under other rules."""
