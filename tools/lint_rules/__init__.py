# SPDX-License-Identifier: Apache-2.0
"""The rules of tools/lint.py, by subject. Importing this package registers all of them."""

from . import commits, docs, external, layers, layout, names  # noqa: F401
