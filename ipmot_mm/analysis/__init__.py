"""What a trained tracker does, looked at from outside."""
