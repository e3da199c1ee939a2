"""Staff of an organization: their accounts, roles, logins and sessions."""
