#!/usr/bin/env python3
"""A stand-in for a model server: speaks OpenAI's chat completions, also as an Azure deployment, and Anthropic's messages on loopback, as well or as
badly as the scenario says.

    server.py --port-file FILE [--scenario NAME | --script FILE] [--log FILE] [--tls DIR] [--port N] [--list]

A base address of the form http://127.0.0.1:PORT/s/NAME/v1 asks for the scenario NAME, whatever the server was started with. The interface follows from
the path: /chat/completions, /openai/deployments/D/chat/completions?api-version=V (with the header api-key), /v1/messages (with x-api-key and
anthropic-version).

The kernel chooses the port; it is written to the port file once the server listens. A script is a JSON list with one step for each request,
the last one for all that follow; a step is a scenario's name, or an object with "scenario" and any of "status", "headers" (object), "body"
(text), "content" (text of the answer), "finish_reason", "delay" (seconds). The log gets one JSON object a line for each request.
With --tls, DIR gets cert.pem and key.pem for localhost and 127.0.0.1, made with the openssl command.
"""
import argparse
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

import offline
import skills
import wire

HANG = 3600
TAIL = " | "


def catalogue(prompt):
    """The options that a prompt offers: id -> (cf, now, lowest, highest)."""
    rows = {}
    for line in prompt.splitlines():
        part = line.split(TAIL)
        if len(part) >= 4 and ".." in part[3] and part[2].isdigit():
            low, high = part[3].split("..")
            rows.setdefault(part[0], (part[1], int(part[2]), int(low), int(high)))
    return rows


def change(option, cf, value):
    return {"option": option, "cf": cf, "value": str(value), "reason": "a stand-in's choice"}


def answer(changes, diagnosis="the block cache is too small for the data", reason="", ask_for=()):
    return {"diagnosis": diagnosis, "changes": changes, "expect": [{"metric": "speed", "gain_percent": 20}], "confidence": 0.7,
            "no_change_reason": reason, "ask_for": list(ask_for)}


def good_changes(prompt):
    """One valid change of the cache or, where that is not offered, of the memtables."""
    rows = catalogue(prompt)
    for option in ("block_cache_size", "write_buffer_size"):
        if option in rows:
            cf, now, low, high = rows[option]
            value = min(high, max(low, 4 * now))
            if value != now:
                return [change(option, cf, value)]
    return []


def family_changes(prompt):
    """The second family's memtables, twice as large, whether or not it differs from the others."""
    rows = catalogue(prompt)
    if "write_buffer_size" not in rows:
        return good_changes(prompt)
    cf, now, low, high = rows["write_buffer_size"]
    return [change("write_buffer_size", "cf1" if "\ncf1:" in prompt else cf, min(high, max(low, 2 * now)))]


def good(prompt):
    return json.dumps(answer(good_changes(prompt)))


def one(option, value, cf="all"):
    return json.dumps(answer([change(option, cf, value)]))


def envelope(content, finish="stop", **message):
    return {
        "id": "chatcmpl-stand-in", "object": "chat.completion", "created": 1, "model": "stand-in-1",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 80, "total_tokens": 1280},
    }


def as_message(body):
    """A reply of chat completions as one of Anthropic's messages; anything else as it is."""
    try:
        reply = json.loads(body)
    except ValueError:
        return body
    if not isinstance(reply, dict):
        return body
    if isinstance(reply.get("error"), dict):
        return json.dumps({"type": "error", "error": reply["error"], "request_id": "req_stand_in"})
    if "choices" not in reply:
        return body
    blocks, reason = None, None
    for choice in reply["choices"]:
        message, ending = choice["message"], choice["finish_reason"]
        blocks = [{"type": "thinking", "thinking": message["reasoning_content"], "signature": "s"}] if "reasoning_content" in message else []
        blocks += [{"type": "text", "text": message["content"]}] if message["content"] else []
        reason = "refusal" if "refusal" in message else {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use",
                                                         "content_filter": "refusal"}.get(ending, ending)
    usage = reply.get("usage", {})
    return json.dumps({"id": "msg_stand_in", "type": "message", "role": "assistant", "model": reply.get("model"), "content": blocks,
                       "stop_reason": reason, "stop_sequence": None,
                       "usage": {"input_tokens": usage.get("prompt_tokens"), "output_tokens": usage.get("completion_tokens")}})


class Reply:
    """What goes over the wire; wire tricks are attributes."""

    def __init__(self, body="", status=200, headers=None, **tricks):
        self.body = body if isinstance(body, (str, bytes)) else json.dumps(body)
        self.status = status
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        self.tricks = tricks


def say(content, finish="stop", **message):
    return Reply(envelope(content, finish, **message))


def one_reply(option, value):
    return say(one(option, value))


def error(status, message, **more):
    headers = more.pop("headers", None)
    return Reply({"error": {"message": message, "type": "stand_in", "param": None, "code": None, **more}}, status, headers)


# Contents: what the model says, from the prompt.
CONTENTS = {
    "good": good,
    "family": lambda p: json.dumps(answer(family_changes(p))),
    "no_change": lambda p: json.dumps(answer([], reason="the cache holds the working set already")),
    "prose": lambda p: "Here is my proposal:\n\n" + good(p) + "\n\nI hope this helps!",
    "fence": lambda p: "```json\n" + good(p) + "\n```",
    "think": lambda p: "<think>\nLet me see {what} there is.\n</think>\n" + good(p),
    "two_objects": lambda p: good(p) + "\n" + good(p),
    "trailing": lambda p: good(p) + " ok",
    "unit_mb": lambda p: one("block_cache_size", "64MB"),
    "unit_exponent": lambda p: one("block_cache_size", "1e6"),
    "unit_negative": lambda p: one("block_cache_size", "-1"),
    "unit_hex": lambda p: one("block_cache_size", "0x10"),
    "unit_expression": lambda p: one("block_cache_size", "64*1024*1024"),
    "number_value": lambda p: json.dumps(answer([{"option": "block_cache_size", "cf": "all", "value": 67108864, "reason": ""}])),
    "unknown": lambda p: one("cache_size_of_blocks", "67108864"),
    "immutable": lambda p: one("num_levels", "4"),
    "forbidden": lambda p: one("disable_auto_compactions", "true"),
    "unknown_family": lambda p: one("write_buffer_size", "67108864", "cf99"),
    "nested": lambda p: one("compaction_options_fifo", "{max_table_files_size=1;{a={b=1}}}"),
    "injection": lambda p: one("block_cache_size;ttl=1", "67108864"),
    "duplicate": lambda p: good(p).replace('"changes"', '"changes": [], "changes"', 1),
    "extra_member": lambda p: json.dumps({**answer(good_changes(p)), "shell": "rm"}),
    "not_object": lambda p: "[1, 2, 3]",
    "deep": lambda p: "[" * 5000 + "]" * 5000,
    "terminal": lambda p: json.dumps(answer([], reason="\x1b[2J\x1b]0;title\x07 cleared \u202e\u009b")),
    "wants": lambda p: json.dumps(answer([], reason="first I need to see the levels", ask_for=["levels", "compactions"])),
    "good_wants": lambda p: json.dumps(answer(good_changes(p), ask_for=["get_times"])),
    "wants_unknown": lambda p: json.dumps(answer([], ask_for=["environment"])),
    "refused": lambda p: one("block_cache_size", 1 << 43),
    "too_many": lambda p: json.dumps(answer([change("block_cache_size", "all", 67108864 + i) for i in range(9)])),
    "empty": lambda p: "",
}

# Models for benchmarks, which remember how often they were asked: not among the scenarios of --list.
asked = {name: 0 for name in [*skills.SKILLS, *offline.MODELS]}


def by_skill(name):
    def content(prompt):
        n, asked[name] = asked[name], asked[name] + 1
        changes = [change(*c) for c in skills.SKILLS[name](catalogue(prompt), n)]
        return json.dumps(answer(changes, reason="" if changes else "nothing more comes to mind"))
    return content


def by_model(name):
    def content(prompt):
        n, asked[name] = asked[name], asked[name] + 1
        return json.dumps(offline.answer(offline.MODELS[name](prompt, n)))
    return content


SKILLED = {name: by_skill(name) for name in skills.SKILLS} | {name: by_model(name) for name in offline.MODELS}

# Replies: what the server does around it.
REPLIES = {
    "truncated": lambda p: say(good(p)[:60], "length"),
    "refusal": lambda p: say(None, refusal="I cannot help with that."),
    "content_filter": lambda p: say("", "content_filter"),
    "tool_calls": lambda p: say(None, "tool_calls", tool_calls=[]),
    "null_finish": lambda p: say(good(p), None),
    "null_content": lambda p: say(None),
    "reasoning": lambda p: say(good(p), reasoning_content="The cache is {small}."),
    "reasoning_only": lambda p: say(None, reasoning_content=good(p)),
    "empty_choices": lambda p: Reply({"id": "x", "model": "stand-in-1", "choices": []}),
    "error_string": lambda p: Reply({"error": "the model is asleep"}),
    "error_object": lambda p: Reply({"error": {"message": "the model is asleep", "code": 17, "type": None}}),
    "not_json": lambda p: Reply("OK, changed it."),
    "half_json": lambda p: Reply(json.dumps(envelope(good(p)))[:-20]),
    "html_502": lambda p: Reply("<html><body><h1>502 Bad Gateway</h1></body></html>", 502, {"Content-Type": "text/html"}),
    "error_400": lambda p: error(400, "bad request"),
    "error_401": lambda p: error(401, "Incorrect API key provided", code="invalid_api_key"),
    "error_403": lambda p: error(403, "not allowed"),
    "error_404": lambda p: error(404, "The model does not exist", code="model_not_found"),
    "error_429": lambda p: error(429, "slow down", headers={"Retry-After": "1"}),
    "error_429_long": lambda p: error(429, "slow down", headers={"Retry-After": "7200"}),
    "quota": lambda p: error(429, "You exceeded your current quota", code="insufficient_quota"),
    "error_500": lambda p: error(500, "internal"),
    "error_503": lambda p: Reply({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, 503),
    "redirect": lambda p: Reply("", 302, {"Location": "http://127.0.0.1:1/elsewhere"}),
    "stream": lambda p: Reply("data: " + json.dumps({"choices": [{"delta": {"content": good(p)}}]}) + "\n\ndata: [DONE]\n\n", 200,
                              {"Content-Type": "text/event-stream"}),
    "error_529": lambda p: error(529, "Overloaded", type="overloaded_error"),
    "too_long": lambda p: error(400, "This model's maximum context length is 4096 tokens.", code="context_length_exceeded"),
    "hang": lambda p: Reply("", hang=True),
    "hang_body": lambda p: Reply(envelope(good(p)), hang_body=True),
    "drip": lambda p: Reply(envelope(good(p)), drip=0.2),
    "big": lambda p: Reply(json.dumps(envelope("x" * (10 << 20)))),
    "big_chunked": lambda p: Reply(json.dumps(envelope("x" * (10 << 20))), chunked=65536),
    "closed": lambda p: Reply("", close=True),
    "reset": lambda p: Reply("", reset=True),
    "garbage": lambda p: Reply("", garbage=True),
    "chunked": lambda p: Reply(envelope(good(p)), chunked=7),
    "length_too_long": lambda p: Reply(envelope(good(p)), length=+50),
    "length_too_short": lambda p: Reply(envelope(good(p)), length=-50),
}


# Lies in what is otherwise a good reply.
def lying(**members):
    return lambda p: Reply({**envelope(good(p)), **members})


REPLIES.update({
    "usage_enormous": lying(usage={"prompt_tokens": 1e18, "completion_tokens": 1e18, "total_tokens": 2e18}),
    "usage_negative": lying(usage={"prompt_tokens": -5, "completion_tokens": -1e300}),
    "usage_text": lying(usage={"prompt_tokens": "many", "completion_tokens": None}),
    "usage_missing": lying(usage=None),
    "error_within": lying(error={"message": "the answer is wrong, though", "code": 500}),
    "error_null": lying(error=None),
    "model_strange": lying(model="\x1b[2J" + "m" * 5000),
    "another_question": lambda p: say(json.dumps({"weather": "fine", "temperature": 21})),
    "another_options": lambda p: one_reply("innodb_buffer_pool_size", 1 << 30),
    "echo": lambda p: say(p),
    "retry_negative": lambda p: error(503, "later", headers={"Retry-After": "-5"}),
    "retry_year_9999": lambda p: error(429, "later", headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}),
    "retry_enormous": lambda p: error(503, "later", headers={"Retry-After": "9" * 40}),
    "retry_nonsense": lambda p: error(503, "later", headers={"Retry-After": "soon"}),
    "html_200": lambda p: Reply("<html>Please log in</html>", 200, {"Content-Type": "text/html"}),
})
REPLIES.update({name: (lambda parts: lambda p: Reply(envelope(good(p)), parts=parts))(parts) for name, parts in wire.SCENARIOS.items()})


# Servers that know less: they refuse what they do not know, by name.
def ladder(request, prompt):
    kind = request.get("response_format", {})
    if "json_schema" in kind:
        return error(400, "'response_format.json_schema' is not supported", param="response_format")
    if kind.get("type") == "json_schema":
        return error(400, "Invalid value for response_format", param="response_format.type")
    if kind:
        return error(422, "Extra inputs are not permitted: response_format")
    return say("Sure:\n```json\n" + good(prompt) + "\n```\n")


def flat_only(request, prompt):
    if "json_schema" in request.get("response_format", {}):
        return error(400, "json_schema must hold the schema itself")
    return say(good(prompt))


def old_tokens(request, prompt):
    if "max_completion_tokens" in request:
        return error(400, "Unrecognized request argument supplied: max_completion_tokens")
    return say(good(prompt)) if "max_tokens" in request else error(400, "max_tokens is required")


def no_temperature(request, prompt):
    if "temperature" in request:
        return error(400, "Unsupported value: 'temperature' does not support 0.2 with this model.", param="temperature")
    return say(good(prompt))


def after_complaint(request, prompt):
    return say(good(prompt) if "was rejected" in prompt else one("block_cache_size", "64MB"))


def after_refusal(request, prompt):
    return say(good(prompt) if "may not be done" in prompt else one("block_cache_size", 1 << 43))


def after_statistics(request, prompt):
    return say(good(prompt) if "## levels" in prompt else json.dumps(answer([], ask_for=["levels"])))


def no_output_config(request, prompt):
    if "output_config" in request:
        return error(400, "output_config: Extra inputs are not permitted", type="invalid_request_error")
    return say("Sure:\n```json\n" + good(prompt) + "\n```\n")


def after_more_room(request, prompt):
    room = request.get("max_completion_tokens", request.get("max_tokens", 0))
    return say(good(prompt)) if room > 2000 else say(good(prompt)[:60], "length")


REQUESTS = {"ladder": ladder, "flat_only": flat_only, "old_tokens": old_tokens, "no_temperature": no_temperature,
            "after_complaint": after_complaint, "after_more_room": after_more_room, "after_refusal": after_refusal,
            "after_statistics": after_statistics, "no_output_config": no_output_config}


def interface(line, headers):
    """chat or anthropic, by path and headers; None where no such server would listen."""
    words = line.split()
    if len(words) < 2 or words[0] != "POST":
        return None
    path, _, query = words[1].partition("?")
    if path.endswith("/v1/messages"):
        return "anthropic" if headers.get("anthropic-version") == "2023-06-01" and "authorization" not in headers else None
    if not path.endswith("/chat/completions"):
        return None
    azure = "/openai/deployments/" in path
    return "chat" if azure == query.startswith("api-version=") and not (azure and "authorization" in headers) else None


def reply_for(step, request):
    if isinstance(step, str):
        step = {"scenario": step}
    name = step.get("scenario", "good")
    prompt = request.get("messages", [{}])[-1].get("content", "")
    if "delay" in step:
        time.sleep(step["delay"])
    if "content" in step:
        reply = say(step["content"], step.get("finish_reason", "stop"))
    elif name in REQUESTS:
        reply = REQUESTS[name](request, prompt)
    elif name in REPLIES:
        reply = REPLIES[name](prompt)
    else:
        reply = say({**CONTENTS, **SKILLED}[name](prompt))
    reply.status = step.get("status", reply.status)
    reply.body = step.get("body", reply.body)
    reply.headers.update(step.get("headers", {}))
    return reply


def read_request(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        part = conn.recv(65536)
        if not part:
            return None
        data += part
    head, body = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines[1:])}
    while len(body) < int(headers.get("content-length", "0")):
        part = conn.recv(65536)
        if not part:
            return None
        body += part
    return lines[0], headers, body


def send(conn, reply):
    tricks = reply.tricks
    if tricks.get("hang"):
        time.sleep(HANG)
    if tricks.get("close"):
        return
    if tricks.get("reset"):
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        return
    if tricks.get("garbage"):
        conn.sendall(b"\x00\x01\x02 this is not HTTP\r\n\r\n" * 4)
        return
    body = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
    if "parts" in tricks:
        wire.play(conn, tricks["parts"](body))
        return
    head = [f"HTTP/1.1 {reply.status} Stand-in"] + [f"{k}: {v}" for k, v in reply.headers.items()] + ["Connection: close"]
    if "chunked" in tricks:
        head.append("Transfer-Encoding: chunked")
        step = tricks["chunked"]
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + step]), body[i:i + step]) for i in range(0, len(body), step)) + b"0\r\n\r\n"
    else:
        head.append(f"Content-Length: {len(body) + tricks.get('length', 0)}")
    conn.sendall("\r\n".join(head).encode() + b"\r\n\r\n")
    if tricks.get("hang_body"):
        conn.sendall(body[:10])
        time.sleep(HANG)
    if "drip" in tricks:
        for byte in body:
            conn.sendall(bytes([byte]))
            time.sleep(tricks["drip"])
        return
    conn.sendall(body)


class Server:
    def __init__(self, steps, log, tls):
        self.steps, self.log, self.tls = steps, log, tls
        self.lock = threading.Lock()
        self.served = 0

    def next_step(self, line, headers, body):
        with self.lock:
            step = self.steps[min(self.served, len(self.steps) - 1)]
            self.served += 1
            if self.log:
                record = {"n": self.served, "line": line, "headers": headers, "body": body.decode("utf-8", "replace")}
                self.log.write(json.dumps(record) + "\n")
                self.log.flush()
        return step

    def serve(self, conn):
        try:
            if self.tls:
                conn = self.tls.wrap_socket(conn, server_side=True)
            got = read_request(conn)
            if not got:
                return
            line, headers, body = got
            step = self.next_step(line, headers, body)
            api = interface(line, headers)
            if not api:
                send(conn, error(404, "no such path"))
                return
            part = line.split()[1].split("/")
            if part[1] == "s":
                step = part[2]
            reply = reply_for(step, json.loads(body))
            if api == "anthropic":
                reply.body = as_message(reply.body)
            send(conn, reply)
        except (OSError, ValueError) as e:
            print(f"stand-in: {e}", file=sys.stderr)
        finally:
            conn.close()


def make_certificate(directory, kind):
    """One that nobody vouches for but who is given the file: for this host, for another one, or no longer good."""
    key, cert, request = (os.path.join(directory, name) for name in ("key.pem", "cert.pem", "request.pem"))
    names = "DNS:elsewhere.example" if kind == "host" else "DNS:localhost,IP:127.0.0.1"
    subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + ("elsewhere.example" if kind == "host" else "localhost"),
                    "-addext", "subjectAltName=" + names, "-addext", "basicConstraints=CA:TRUE", "-keyout", key, "-out", request],
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["openssl", "x509", "-req", "-in", request, "-signkey", key, "-copy_extensions", "copy", "-days", "-1" if kind == "expired" else "2",
                    "-out", cert], check=True, stderr=subprocess.DEVNULL)
    os.unlink(request)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def main():
    ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ap.add_argument("--port-file")
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--scenario", default="good")
    ap.add_argument("--script")
    ap.add_argument("--log")
    ap.add_argument("--tls")
    ap.add_argument("--cert", choices=("good", "host", "expired"), default="good")
    ap.add_argument("--list", action="store_true")
    a = ap.parse_args()
    known = {**CONTENTS, **REPLIES, **REQUESTS}
    if a.list:
        print("\n".join(sorted(known)))
        return 0
    if a.script:
        with open(a.script, encoding="utf-8") as f:
            steps = json.load(f)
    else:
        steps = [a.scenario]
    for step in steps:
        name = step if isinstance(step, str) else step.get("scenario", "good")
        if name not in known and name not in SKILLED:
            sys.exit(f"no scenario {name}; --list shows them")
    tls = make_certificate(a.tls, a.cert) if a.tls else None
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", a.port))
    listener.listen(16)
    if a.port_file:
        with open(a.port_file + ".tmp", "w", encoding="ascii") as f:
            f.write(str(listener.getsockname()[1]))
        os.rename(a.port_file + ".tmp", a.port_file)
    else:
        print(listener.getsockname()[1], flush=True)
    server = Server(steps, open(a.log, "a", encoding="utf-8") if a.log else None, tls)
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=server.serve, args=(conn,), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
