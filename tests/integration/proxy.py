"""proxy.py - a TCP proxy in user space that can make packets go nowhere."""
# SPDX-License-Identifier: MIT
import selectors
import socket
import sys
import threading
import time

CHUNK = 65536


class Proxy:
    """Forwards connections to a port: `forward`, `hold`, `swallow` or `cut` says how.

    hold     nobody's bytes are read: they arrive after resume(), as after a cable was plugged in
    swallow  bytes are read and thrown away; resume() closes the connections that lost some
    cut      connections are closed at once, new ones too
    """

    def __init__(self, target_port, port=0, target_host="127.0.0.1", host="127.0.0.1"):
        self.target = (target_host, target_port)
        self.mode = "forward"
        self.accepted = 0
        self.pairs = {}
        self.lossy = set()
        self.voids = []
        self.lock = threading.Lock()
        self.listener = socket.create_server((host, port), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.wake_in, self.wake_out = socket.socketpair()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(self.wake_out, selectors.EVENT_READ)
        self.running = True
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def hold(self):
        self._set("hold")

    def swallow(self):
        self._set("swallow")

    def cut(self):
        self._set("cut")

    def resume(self):
        self._set("forward")

    def drop(self):
        """Closes the connections that there are, and takes new ones."""
        self.lossy.update(list(self.pairs))
        self._set("forward")

    def stop(self):
        self.running = False
        self._wake()
        self.thread.join(5)
        for end in list(self.pairs):
            self._close(end)
        for end in (self.listener, self.wake_in, self.wake_out, *self.voids):
            end.close()
        self.selector.close()

    def _set(self, mode):
        self.mode = mode
        self._wake()

    def _wake(self):
        self.wake_in.send(b"!")

    def _run(self):
        while self.running:
            events = self.selector.select(0.2)
            if self.mode == "hold":
                events = [(key, mask) for key, mask in events if key.fileobj is self.wake_out]
                if not events:
                    time.sleep(0.01)
            for key, _ in events:
                self._serve(key.fileobj)

    def _serve(self, end):
        if end is self.wake_out:
            self.wake_out.recv(CHUNK)
            self._apply_mode()
        elif end is self.listener:
            self._accept()
        elif end in self.pairs:
            self._forward(end)

    def _apply_mode(self):
        if self.mode == "cut":
            doomed = list(self.pairs)
        elif self.mode == "forward":
            doomed = list(self.lossy)
        else:
            doomed = []
        for end in doomed:
            self._close(end)

    def _accept(self):
        client, _ = self.listener.accept()
        self.accepted += 1
        if self.mode == "cut":
            client.close()
            return
        try:
            server = socket.create_connection(self.target, timeout=2)
        except OSError:
            if self.mode != "swallow":
                client.close()
                return
            server, void = socket.socketpair()  # nobody there, and nobody is to notice
            self.voids.append(void)
        for end, other in ((client, server), (server, client)):
            end.settimeout(5)
            self.pairs[end] = other
            self.selector.register(end, selectors.EVENT_READ)

    def _forward(self, end):
        other = self.pairs[end]
        try:
            data = end.recv(CHUNK)
            if data and self.mode == "swallow":
                self.lossy.update((end, other))
            elif data:
                other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._close(end)

    def _close(self, end):
        for one in (end, self.pairs.get(end)):
            if one in self.pairs:
                del self.pairs[one]
                self.lossy.discard(one)
                self.selector.unregister(one)
                one.close()


if __name__ == "__main__":
    # proxy.py TARGET_PORT: prints its own port, then takes the words of the modes on stdin.
    proxy = Proxy(int(sys.argv[1]))
    print(proxy.port, flush=True)
    for word in sys.stdin:
        getattr(proxy, {"forward": "resume"}.get(word.strip(), word.strip()))()
        print("ok", flush=True)
