"""The law of the door. Pure Python, standard library only: people, passes, policy, reasons and `decide`."""
