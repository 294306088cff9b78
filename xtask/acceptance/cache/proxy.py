"""A gRPC proxy that spoils answers. Runs with a Python that has grpcio and BuildGrid's messages.

    proxy.py PORT SERVER-PORT SERVER-PROCESS FAULT-FILE CALLS-FILE

Calls are passed on as bytes; what to do to answers is read from a file at each call.
"""

import json
import os
import signal
import sys
import threading
import time
from concurrent import futures

import grpc
from buildgrid._protos.build.bazel.remote.execution.v2 import remote_execution_pb2 as api
from buildgrid._protos.google.bytestream import bytestream_pb2 as stream

PORT, SERVER, PROCESS, FAULT, CALLS = sys.argv[1:]
OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.so_reuseport", 0)]
LOCK = threading.Lock()
# What a spoiled server may say of a token that it does not like.
COMPLAINT = "refused: {} is no token that I know"


def fault():
    try:
        with open(FAULT) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def spoil_blobs(answer, spoil):
    """Spoils the blobs of a BatchReadBlobs, but none that is empty."""
    message = api.BatchReadBlobsResponse.FromString(answer)
    kept = []
    for it in message.responses:
        if spoil == "poisoned":
            it.data = bytes(byte ^ 1 for byte in it.data[:9]) + it.data[9:]
        elif spoil == "truncated":
            it.data = it.data[: len(it.data) // 2]
        elif spoil == "missing":
            it.data, it.status.code, it.status.message = b"", 5, "it is gone"
        if spoil != "unsaid":
            kept.append(it)
    del message.responses[:]
    message.responses.extend(kept)
    return message.SerializeToString()


def spoil_result(answer, spoil):
    """Results that are no good: of other outputs, for other places, or nothing at all."""
    message = api.ActionResult.FromString(answer)
    outputs = [*message.output_files, *message.output_directories, *message.output_symlinks]
    if spoil == "nonsense":
        return b"\xff" * 40
    if spoil == "escaping":
        for it in outputs:
            it.path = "../escaped"
    elif spoil == "absolute":
        for it in outputs:
            it.path = FAULT + ".escaped"
    elif spoil == "incomplete":
        for name in ("output_files", "output_directories", "output_symlinks"):
            del getattr(message, name)[:1]
    elif spoil == "failed":
        message.exit_code = 1
    elif spoil == "huge":
        for it in message.output_files:
            it.digest.size_bytes = 1 << 50
        for it in message.output_directories:
            it.tree_digest.size_bytes = 1 << 50
    return message.SerializeToString()


def break_off(spoil, context):
    """In the middle of a blob."""
    if spoil == "killed":
        os.kill(int(PROCESS), signal.SIGKILL)
        os._exit(9)
    if spoil == "stalled":
        time.sleep(3600)
    if spoil == "reset":
        context.abort(grpc.StatusCode.UNAVAILABLE, "the line is down")


def spoil_parts(parts, spoil, context):
    """Spoils a stream of a large blob."""
    for number, part in enumerate(parts):
        if number == 3:
            if spoil == "truncated":
                return
            break_off(spoil, context)
        if number == 2 and spoil == "poisoned":
            message = stream.ReadResponse.FromString(part)
            message.data = bytes(len(message.data))
            part = message.SerializeToString()
        yield part


class Handler(grpc.GenericRpcHandler):
    def __init__(self, channel):
        self.channel = channel

    def service(self, details):
        method = details.method
        token = dict(details.invocation_metadata).get("authorization", "")
        if method.endswith("/Write"):
            call = self.channel.stream_unary(method)
            return grpc.stream_unary_rpc_method_handler(lambda it, context: self.one(method, token, call, it, context))
        if method.endswith("/Read"):
            call = self.channel.unary_stream(method)
            return grpc.unary_stream_rpc_method_handler(lambda it, context: self.many(method, token, call, it, context))
        call = self.channel.unary_unary(method)
        return grpc.unary_unary_rpc_method_handler(lambda it, context: self.one(method, token, call, it, context))

    def one(self, method, token, call, request, context):
        spoil, name = fault(), method.rsplit("/", 1)[1]
        if spoil == "refusing":
            note(name, token, 0, 0)
            context.abort(grpc.StatusCode.UNAUTHENTICATED, COMPLAINT.format(token))
        if spoil == "slow":
            time.sleep(0.2)
        sizes = []
        try:
            answer = call(request if isinstance(request, bytes) else counted(request, sizes))
        except grpc.RpcError as error:
            note(name, token, 0, 0)
            context.abort(error.code(), error.details())
        up = len(request) if isinstance(request, bytes) else sum(sizes)
        if name == "BatchReadBlobs":
            break_off(spoil, context)
            answer = spoil_blobs(answer, spoil)
        elif name == "GetActionResult":
            answer = spoil_result(answer, spoil)
        note(name, token, up, len(answer))
        return answer

    def many(self, method, token, call, request, context):
        spoil, down = fault(), 0
        note("Read", token, len(request), 0)
        if spoil in ("missing", "unsaid"):
            context.abort(grpc.StatusCode.NOT_FOUND, "it is gone")
        try:
            for part in spoil_parts(call(request), spoil, context):
                down += len(part)
                yield part
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())
        note("ReadBytes", token, 0, down)


def counted(parts, sizes):
    for it in parts:
        sizes.append(len(it))
        yield it


def note(method, token, up, down):
    line = json.dumps({"method": method, "token": token, "up": up, "down": down})
    with LOCK, open(CALLS, "a") as file:
        file.write(line + "\n")


with grpc.insecure_channel(f"127.0.0.1:{SERVER}", OPTIONS) as channel:
    server = grpc.server(futures.ThreadPoolExecutor(20), [Handler(channel)], options=OPTIONS)
    server.add_insecure_port(f"127.0.0.1:{PORT}")
    server.start()
    server.wait_for_termination()
