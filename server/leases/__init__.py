"""Lending uses of strict multipasses to doors, and taking them back only when that is safe."""
