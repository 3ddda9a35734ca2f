"""The whole site over HTTP and websockets: a real server process, a real upstream, no browser."""
