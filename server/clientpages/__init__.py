"""The few pages that clients open themselves: a link from an e-mail, and their own username and password."""
