"""Write: the only room that alters a person's files, and undoes what it altered."""
