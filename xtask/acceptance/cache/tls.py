"""TLS in front of a server that has none, with a certificate that only its file vouches for."""

import asyncio
import os
import ssl
import subprocess
import threading


class Guard:
    """A port that takes TLS and passes on what is inside to a server."""

    def __init__(self, folder, server):
        os.makedirs(folder)
        self.certificate, key = os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                        "-keyout", key, "-out", self.certificate], check=True, capture_output=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.certificate, key)
        self.context.set_alpn_protocols(["h2"])
        self.server = int(server.remote().rsplit(":", 1)[1])
        self.loop, is_up = asyncio.new_event_loop(), threading.Event()
        threading.Thread(target=self._run, args=(is_up,), daemon=True).start()
        is_up.wait()

    def remote(self):
        return f"grpcs://localhost:{self.port}"

    def kill(self):
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _run(self, is_up):
        serving = self.loop.run_until_complete(asyncio.start_server(self._guard, "127.0.0.1", 0, ssl=self.context))
        self.port = serving.sockets[0].getsockname()[1]
        is_up.set()
        self.loop.run_forever()

    async def _guard(self, reader, writer):
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.server)
        await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))


async def _pass_on(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
