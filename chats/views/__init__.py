"""The pages. Each view parses, asks `chats.access`, calls one domain function and renders."""
