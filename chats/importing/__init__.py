"""Conversations out of other places: Parley's own exports, ChatGPT, Claude, Open WebUI, LibreChat.

Two halves. What parses the file runs in a process of its own, `python -m chats.importing`, which
has neither keys nor database, little memory and the last place in the queue for the processor; it
knows no Django: `source` (with `archive`, `stream`, `detect`) finds the conversations in a file, a
module for each product makes neutral ones of them (`neutral`, `tree`), and they leave one at a
time, as lines of JSON. What stores them is in the server: `call` follows the process, `report`
says what is there, `store` and `files` put conversations into the database, each all or nothing,
`undo` takes them out again, and `worker` does all that in the background.
"""
