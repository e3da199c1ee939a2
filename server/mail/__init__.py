"""E-mails: written in the transaction of what they tell of, sent after it, again until a server takes them."""
