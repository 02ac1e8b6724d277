"""What the apps with a family's content share: signed and versioned rows, their forms, history and conflicts."""
