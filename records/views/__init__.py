"""Pages that the apps with records show: an edit conflict, a removed record, and texts that could not be saved."""
