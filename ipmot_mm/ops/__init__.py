"""Operators without parameters of the tracker."""
