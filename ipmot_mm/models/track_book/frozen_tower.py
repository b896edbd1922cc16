"""Networks that are used, not trained."""
from torch import nn


class FrozenTower(nn.Module):
    """A tower that no optimiser, mode switch or checkpoint ever changes."""

    def freeze(self) -> None:
        """To be called when all parameters are there."""
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> 'FrozenTower':
        """Stay in evaluation mode, whatever is asked for."""
        return super().train(False)
