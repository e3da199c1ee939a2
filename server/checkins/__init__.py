"""What happened at the doors, as staff read it: Account activity and the Check-in overview."""
