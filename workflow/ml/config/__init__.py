"""What a use case says, read and checked."""
