"""How a client account begins: the e-mail's three answers, the name, the invitation, the activation, the consent."""
