"""Exports: what somebody has, as JSON or Markdown, in one file or a ZIP file, piece by piece.

`choosing` says which chats, `reading` gets them from the database a few at a time, `parley` and
`markdown` write them, `packing` puts files of them into a ZIP file, `exports` starts one and keeps
its state, `streaming` sends it. What an export holds: docs/export.md. At no time is more in memory
than a few messages and a block of a file, whatever is exported.
"""
