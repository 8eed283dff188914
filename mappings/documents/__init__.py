"""Whole documents: nested platform records to canonical ones, canonical requests to platform documents, from YAML.

``mappings/<platform>/documents/<document>.yaml`` names a target for every source. Reading (``resource:``), targets are
canonical fields and sources platform paths; writing (``operation:``), it is the other way round.

A source is exactly one of ``path``, ``first``, ``join``, ``value``, ``sum``, ``difference``, ``product``,
``quotient``; its value goes through ``read`` (transforms in order), then ``values`` (a table), and is ``default`` where
there is none. ``when`` says whether the target is set at all.

Paths: ``a.b``; ``list[key=value].x``; ``list[].x`` for the values of every element (``first`` takes the first of them);
``^x`` from the whole record; ``../x`` from the element (or record) around this one; ``.`` for an element that is itself
the value.

Lists: ``each: orders[].lines`` goes through both lists, where ``../x`` is a value of the order. An entry without
``each`` makes one element of the record around it. A null element is an error, for it might be a line that is lost.

Absence: null, missing and blank are one and the same; no blank text and no empty list is written. Parts of a sum that
are absent count as nothing; a sum all of whose parts are absent is absent itself. An absent list leaves its target
unset, which is an error where the target is required.

Tables: ``"*"`` stands for every other value, ``"*": "*"`` leaves those as they are, and ``strict: true`` says that
others are refused on purpose. ``quotient`` is rounded to 12 places (use ``round(n)`` for fewer); all other arithmetic
is exact.
"""

from __future__ import annotations

from mappings.documents.compiler import compile_document
from mappings.documents.loader import load_documents, read_documents
from mappings.documents.mapping import DocumentMapping
from mappings.documents.spec import DocumentSpec

__all__ = ["DocumentMapping", "DocumentSpec", "compile_document", "load_documents", "read_documents"]
