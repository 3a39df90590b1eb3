"""Services of AWS's for the tests of the upload, in the standard library: a DynamoDB of ours that recomputes every signature and can
be told to misbehave, a metadata service, a container's endpoint; and dynalite from npm where it is installed.

Amazon's own DynamoDB Local is not among them: it comes under its vendor's terms, not under an open-source licence, so no set-up of ours fetches it."""
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import threading
import time

from harness import PATIENCE, free_port

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "auspex-tests"
VENV_PYTHON = str(pathlib.Path(os.environ.get("AUSPEX_KODE_VENV") or CACHE / "kode-venv") / "bin/python")
DYNALITE = CACHE / "dynalite/node_modules/dynalite/cli.js"
TARGET = "DynamoDB_20120810."


def signature(method, path, query, headers, body, secret, authorization):
    """What Signature Version 4 gives for a request as it was received; `headers` in lower case."""
    _, date, region, service, _ = re.search(r"Credential=([^,]+)", authorization)[1].split("/")
    names = re.search(r"SignedHeaders=([^,]+)", authorization)[1].split(";")
    canonical = "\n".join([method, path, query, *("%s:%s" % (n, re.sub(r" +", " ", headers[n].strip())) for n in names), "",
                           ";".join(names), hashlib.sha256(body).hexdigest()])
    scope = "/".join([date, region, service, "aws4_request"])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Server:
    """An HTTP server in a thread; `handle(method, path, headers, body)` gives (status, headers, body), or bytes for the raw socket, or None for
    silence."""

    def __init__(self, port=0):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer = outer.handle(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                if answer is None:
                    outer.released.wait(120)
                    self.close_connection = True
                elif isinstance(answer, bytes):
                    self.wfile.write(answer)
                    self.close_connection = True
                else:
                    status, headers, text = answer
                    self.send_response_only(status)
                    for name, value in {"Date": self.date_time_string(), **headers, "Content-Length": str(len(text))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(text)

            do_GET = do_POST = do_PUT = do

            def log_message(self, *_):
                pass

        class Threads(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass  # a daemon that is killed lets go of its connection

        self.released = threading.Event()
        self.http = Threads(("127.0.0.1", port), Handler)
        self.port = self.http.server_address[1]
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()


def refusal(code, message="no", status=400, headers=None):
    return status, headers or {}, json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#" + code, "message": message}).encode()


class Dynamo(Server):
    """Tables in memory; just what the upload asks for. `keys` are the secrets by access key, `faults` functions that are asked before each answer:
    fault(op, document, headers) gives an answer or nothing."""

    def __init__(self, port=0, keys=None):
        self.keys = keys or {"AKIDTEST": "secret/+test"}
        self.tables, self.items, self.faults = {}, {}, []
        self.requests = []      # (op, document)
        self.received = []      # all that a signature is made of
        self.bad_signatures = []
        self.lock = threading.Lock()
        super().__init__(port)

    def ops(self):
        return [op for op, _ in self.requests]

    def minutes(self):
        """Items of the minutes table, by minute."""
        with self.lock:
            return {int(i["minute_timestamp"]["N"]): i for t, i in self.items.values() if "minute_timestamp" in i}

    def systems(self):
        with self.lock:
            return {i["hostname"]["S"]: i for t, i in self.items.values() if "first_seen" in i or "status" in i}

    def handle(self, method, path, headers, body):
        with self.lock:
            authorization = headers.get("authorization", "")
            op, document = headers.get("x-amz-target", "").removeprefix(TARGET), json.loads(body)
            access = (re.search(r"Credential=([^/]+)", authorization) or ["", ""])[1]
            self.received.append({"method": method, "path": path, "headers": headers, "body": body.decode(), "key": access})
            for fault in self.faults:
                answer = fault(op, document, headers)
                if answer is not False and answer != ():
                    return answer
            if access not in self.keys:
                return refusal("UnrecognizedClientException", "The security token included in the request is invalid.")
            if signature(method, path, "", headers, body, self.keys[access], authorization) != authorization.rsplit("Signature=", 1)[1]:
                self.bad_signatures.append(op)
                return refusal("InvalidSignatureException", "The request signature we calculated does not match")
            self.requests.append((op, document))
            return getattr(self, op)(document)

    @staticmethod
    def good(document):
        return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(document).encode()

    def DescribeTable(self, d):
        table = self.tables.get(d["TableName"])
        return self.good({"Table": {**table, "TableStatus": "ACTIVE"}}) if table else refusal("ResourceNotFoundException", "no such table")

    def CreateTable(self, d):
        self.tables[d["TableName"]] = {k: d[k] for k in ("TableName", "KeySchema", "AttributeDefinitions")}
        return self.good({"TableDescription": {"TableStatus": "CREATING"}})

    def UpdateTimeToLive(self, d):
        return refusal("UnknownOperationException")

    def key(self, table, item):
        return (table, *(json.dumps(item[k["AttributeName"]]) for k in self.tables[table]["KeySchema"]))

    def put(self, table, item):
        self.items[self.key(table, item)] = (table, item)

    def PutItem(self, d):
        if d["TableName"] not in self.tables:
            return refusal("ResourceNotFoundException", "no such table")
        self.put(d["TableName"], d["Item"])
        return self.good({})

    def BatchWriteItem(self, d):
        for table, rows in d["RequestItems"].items():
            for row in rows:
                self.put(table, row["PutRequest"]["Item"])
        return self.good({"UnprocessedItems": {}})

    def GetItem(self, d):
        found = self.items.get(self.key(d["TableName"], d["Key"]))
        return self.good({"Item": found[1]} if found else {})

    def UpdateItem(self, d):
        item = dict(self.items.get(self.key(d["TableName"], d["Key"]), (0, d["Key"]))[1])
        for part in re.findall(r"([#\w]+) = (if_not_exists\(\w+, )?(:\w+)", d["UpdateExpression"]):
            name = d.get("ExpressionAttributeNames", {}).get(part[0], part[0])
            if not part[1] or name not in item:
                item[name] = d["ExpressionAttributeValues"][part[2]]
        self.put(d["TableName"], item)
        return self.good({})


class Metadata(Server):
    """The metadata service of a machine and the endpoint of a container."""

    def __init__(self, key="ASIATEST", secret="secret", token="session/token=="):
        self.document = {"Code": "Success", "AccessKeyId": key, "SecretAccessKey": secret, "Token": token,
                         "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 6 * 3600))}
        self.asked = []
        super().__init__()

    def handle(self, method, path, headers, body):
        self.asked.append((method, path))
        if (method, path) == ("PUT", "/latest/api/token"):
            return 200, {}, b"METADATA-TOKEN"
        if path == "/container":
            return (200, {}, json.dumps(self.document).encode()) if headers.get("authorization") == "let me" else (403, {}, b"")
        if headers.get("x-aws-ec2-metadata-token") != "METADATA-TOKEN":
            return 401, {}, b""
        if path == "/latest/meta-data/iam/security-credentials/":
            return 200, {}, b"uploader"
        return 200, {}, json.dumps(self.document).encode()


class Dynalite:
    """The server from npm, on a port of its own."""

    @staticmethod
    def missing():
        """Why it cannot be had, or None."""
        if not DYNALITE.exists():
            return "dynalite from npm is not installed (contrib/setup test)"
        return None

    def __init__(self):
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.process = subprocess.Popen(["node", str(DYNALITE), "--port", str(self.port), "--createTableMs", "20"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise AssertionError("dynalite did not start")
                time.sleep(0.02)

    def close(self):
        self.process.kill()
        self.process.wait()
