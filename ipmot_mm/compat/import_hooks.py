"""Run an action right after a module of the host has been imported.

The fixes of this folder change modules which take seconds to import. To
attach them to the import keeps ``import ipmot_mm`` cheap, and a part of the
host that a process never uses is never loaded for its fix.

Can go: with the last fix which uses it.
"""
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Callable, Dict, List, Optional

Action = Callable[[ModuleType], None]


class _ImportWatcher(MetaPathFinder):
    """Finder that leaves the search to the others, then adds the actions."""

    def __init__(self) -> None:
        self.actions: Dict[str, List[Action]] = {}

    def find_spec(self,
                  fullname: str,
                  path=None,
                  target: Optional[ModuleType] = None) -> Optional[ModuleSpec]:
        """See :meth:`importlib.abc.MetaPathFinder.find_spec`."""
        if fullname not in self.actions:
            return None
        spec = self._find_elsewhere(fullname, path, target)
        if spec is not None and spec.loader is not None:
            self._notify_after_execution(spec)
        return spec

    def _find_elsewhere(self, fullname, path, target) -> Optional[ModuleSpec]:
        for finder in sys.meta_path:
            if finder is self:
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                return spec
        return None

    def _notify_after_execution(self, spec: ModuleSpec) -> None:
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            # a spec can be looked up without an import, so that only a
            # finished execution uses the actions up
            for action in self.actions.pop(spec.name, []):
                action(module)

        # on the instance: every spec has a loader of its own
        spec.loader.exec_module = exec_module


_WATCHER = _ImportWatcher()


def when_imported(module_name: str, action: Action) -> None:
    """Call ``action(module)`` once ``module_name`` has been executed.

    At once where the module is loaded already; so an action must bear to be
    called twice.

    Args:
        module_name (str): Full dotted name.
        action (Callable): Gets the module. An error of it is an error of the
            import.
    """
    if module_name in sys.modules:
        action(sys.modules[module_name])
        return
    if _WATCHER not in sys.meta_path:
        sys.meta_path.insert(0, _WATCHER)
    actions = _WATCHER.actions.setdefault(module_name, [])
    if action not in actions:
        actions.append(action)
