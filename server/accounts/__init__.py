"""The data of client accounts: people, contacts, allowed adults, answers, skills, memos, the owner and the balance."""
