"""The upload to DynamoDB: real requests whose signatures are recomputed, credentials from everywhere, a service that misbehaves, an outage that is
filled up, and the real readers of the tables on dynalite."""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import signal
import sqlite3
import subprocess
import time
import unittest

from dynamo import VENV_PYTHON, Dynalite, Dynamo, Metadata, refusal
from harness import free_port, main
from kode import Kode
from native import Native

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "secret/+test"}
HAVE_READERS = os.path.exists(VENV_PYTHON) and subprocess.run([VENV_PYTHON, "-c", "import kode_kronical, boto3"], capture_output=True).returncode == 0
needs_readers = unittest.skipUnless(HAVE_READERS, "kode-kronical from PyPI is not installed (contrib/setup test)")
needs_dynalite = unittest.skipIf(Dynalite.missing(), Dynalite.missing() or "")


class Upload(Native):
    def service(self, server):
        self.addCleanup(server.close)
        return server

    def environment(self, **more):
        return super().environment(**{"AWS_EC2_METADATA_DISABLED": "true", **more})

    def uploading(self, url, keys=KEYS, more="", env=None, **kw):
        config = "dynamodb: {enabled: true, endpoint_url: '%s', region: eu-central-1, host: web-1, interval: 1s%s}\n" % (url, more)
        return self.native(config=config, env=self.environment(**keys, **(env or {})), **kw)

    def health(self, d):
        return d.json("/api/health?detail=1")["detail"]

    def upload(self, d):
        return self.health(d)["upload"]

    def samples(self, d):
        return d.json("/api/system")["samples"]


class Requests(Upload):
    def test_everything_is_made_and_every_signature_is_right(self):
        s = self.service(Dynamo())
        d = self.uploading(s.url)
        self.eventually(lambda: s.minutes() and "web-1" in s.systems() and "UpdateItem" in s.ops())
        d.stop()
        self.assertEqual(s.bad_signatures, [])
        self.assertEqual(set(s.tables), {"kode-kronical-system", "kode-kronical-systems-registry"})
        self.assertEqual([k["AttributeName"] for k in s.tables["kode-kronical-system"]["KeySchema"]], ["hostname_hour", "minute_timestamp"])
        self.assertEqual(s.ops().count("UpdateTimeToLive"), 1)
        head = s.received[0]["headers"]
        self.assertEqual(head["content-type"], "application/x-amz-json-1.0")
        signed = re.search(r"SignedHeaders=([^,]+)", head["authorization"])[1]
        self.assertEqual(signed, "content-type;host;x-amz-date;x-amz-target")
        self.assertIn("/eu-central-1/dynamodb/aws4_request,", head["authorization"])
        minute, item = next(iter(s.minutes().items()))
        self.assertEqual(item["hostname_hour"], {"S": time.strftime("web-1#%Y-%m-%d-%H", time.gmtime(minute))})
        self.assertEqual({k: list(v)[0] for k, v in item.items() if k in ("hostname", "timestamp", "cpu_percent", "memory_percent",
                         "memory_available_mb", "memory_used_mb", "collected_at", "created_at", "ttl", "samples")},
                         {"hostname": "S", "timestamp": "N", "cpu_percent": "N", "memory_percent": "N", "memory_available_mb": "N",
                          "memory_used_mb": "N", "collected_at": "N", "created_at": "S", "ttl": "N", "samples": "S"})
        self.assertRegex(item["created_at"]["S"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$")
        self.assertLess(abs(float(item["collected_at"]["N"]) + 30 * 86400 - int(item["ttl"]["N"])), 2)
        samples = json.loads(item["samples"]["S"])
        self.assertEqual({len(v) for v in samples.values()}, {int(item["sample_count"]["N"])})

    def test_a_clean_stop_leaves_the_registry_offline(self):
        s = self.service(Dynamo())
        d = self.uploading(s.url)
        self.eventually(lambda: s.systems().get("web-1", {}).get("status") == {"S": "online"})
        self.assertEqual(s.systems()["web-1"]["active"], {"BOOL": True})
        self.assertEqual(s.systems()["web-1"]["platform"], {"S": os.uname().sysname})
        first_seen = s.systems()["web-1"]["first_seen"]
        self.assertEqual(d.stop(), 0)
        self.assertEqual(s.systems()["web-1"]["status"], {"S": "offline"})
        self.uploading(s.url)
        self.eventually(lambda: s.systems()["web-1"]["status"] == {"S": "online"})
        self.assertEqual(s.systems()["web-1"]["first_seen"], first_seen)

    def test_commands_ask_nobody(self):
        s = self.service(Dynamo())
        d = self.uploading(s.url)
        self.eventually(lambda: "web-1" in s.systems())
        d.kill9()
        asked = len(s.received)
        for argv in (["status"], ["config", "check"], ["config", "show"], ["doctor"], ["stop"]):
            self.command(*argv, "--config", self.path("auspex.yml"), env=self.environment(**KEYS))
        self.assertEqual(len(s.received), asked)

    def test_libcurl_is_there_only_when_it_is_needed(self):
        s = self.service(Dynamo())
        d = self.native()
        self.eventually(lambda: self.samples(d) > 1)
        self.assertNotIn("libcurl", pathlib.Path("/proc/%d/maps" % d.pid).read_text())
        self.assertNotIn("upload", self.health(d))
        d.stop()
        d = self.uploading(s.url)
        self.eventually(lambda: "web-1" in s.systems())
        self.assertIn("libcurl", pathlib.Path("/proc/%d/maps" % d.pid).read_text())

    def test_a_reload_turns_it_off_on_and_elsewhere(self):
        s, other = self.service(Dynamo()), self.service(Dynamo())
        d = self.uploading(s.url)
        self.eventually(lambda: s.systems().get("web-1", {}).get("status") == {"S": "online"})
        path = pathlib.Path(self.path("auspex.yml"))
        text = path.read_text()
        path.write_text(text.replace("enabled: true", "enabled: false"))
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: s.systems()["web-1"]["status"] == {"S": "offline"})
        self.eventually(lambda: "upload" not in self.health(d))
        path.write_text(text.replace(s.url, other.url))
        d.process.send_signal(signal.SIGHUP)
        self.eventually(lambda: other.systems().get("web-1", {}).get("status") == {"S": "online"})
        self.assertEqual(self.upload(d)["endpoint"], other.url + "/")
        self.assertEqual(self.health(d)["problems"], [])

    def test_it_measures_itself(self):
        s = self.service(Dynamo())
        s.faults.append(lambda op, doc, headers: refusal("ThrottlingException") if op == "PutItem" and "hostname_hour" in doc["Item"] else ())
        d = self.uploading(s.url)
        self.eventually(lambda: self.upload(d)["failed"]["throttled"] > 0)
        self.eventually(lambda: "auspex_upload_failed" in d.get("/metrics").text, seconds=30)

    @needs_readers
    def test_botocore_finds_the_same_signatures(self):
        s = self.service(Dynamo(keys={"AKIDTEST": "secret/+test"}))
        d = self.uploading(s.url, keys={**KEYS, "AWS_SESSION_TOKEN": "session/token=="})
        self.eventually(lambda: s.minutes() and "web-1" in s.systems())
        d.stop()
        recorded = self.path("recorded.json")
        pathlib.Path(recorded).write_text(json.dumps(s.received))
        code = """
import datetime, json, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
import botocore.auth
seen = 0
for r in json.load(open(sys.argv[1])):
    h = r["headers"]
    names = h["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    when = datetime.datetime.strptime(h["x-amz-date"], "%Y%m%dT%H%M%SZ")
    auth = SigV4Auth(Credentials(r["key"], "secret/+test", h.get("x-amz-security-token")), "dynamodb", "eu-central-1")
    request = AWSRequest(r["method"], "http://" + h["host"] + r["path"], data=r["body"].encode(),
                         headers={n: h[n] for n in names if n not in ("host", "x-amz-date")})
    request.context["timestamp"] = h["x-amz-date"]
    request.headers["X-Amz-Date"] = h["x-amz-date"]
    canonical = auth.canonical_request(request)
    assert auth.signature(auth.string_to_sign(request, canonical), request) == h["authorization"].split("Signature=")[1], canonical
    assert "x-amz-security-token" in names
    seen += 1
print(seen)
"""
        p = subprocess.run([VENV_PYTHON, "-c", code, recorded], capture_output=True, text=True, timeout=120)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertGreater(int(p.stdout), 5)


class Credentials(Upload):
    def aws(self, name, text):
        os.makedirs(self.path(".aws"), exist_ok=True)
        pathlib.Path(self.path(".aws/" + name)).write_text(text)

    def used_key(self, s):
        return s.received[-1]["key"] if s.received else None

    def test_shared_files_with_a_profile(self):
        s = self.service(Dynamo(keys={"AKIDFILE": "filesecret"}))
        self.aws("credentials", "[default]\naws_access_key_id = WRONG\naws_secret_access_key = wrong\n"
                                "[upload]\naws_access_key_id = AKIDFILE\naws_secret_access_key = filesecret\n")
        self.uploading(s.url, more=", profile: upload")  # beats the keys of the environment
        self.eventually(lambda: "web-1" in s.systems())
        self.assertEqual({r["key"] for r in s.received}, {"AKIDFILE"})

    def test_the_machines_metadata_service(self):
        s, m = self.service(Dynamo(keys={"ASIATEST": "secret"})), self.service(Metadata())
        self.uploading(s.url, keys={}, env={"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": m.url})
        self.eventually(lambda: "web-1" in s.systems())
        self.assertEqual(s.received[0]["headers"]["x-amz-security-token"], "session/token==")
        self.assertEqual(m.asked[:3], [("PUT", "/latest/api/token"), ("GET", "/latest/meta-data/iam/security-credentials/"),
                                       ("GET", "/latest/meta-data/iam/security-credentials/uploader")])
        self.assertEqual(len(m.asked), 3)  # kept

    def test_a_containers_endpoint(self):
        s, m = self.service(Dynamo(keys={"ASIATEST": "secret"})), self.service(Metadata())
        self.uploading(s.url, keys={}, env={"AWS_CONTAINER_CREDENTIALS_FULL_URI": m.url + "/container",
                                            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "let me"})
        self.eventually(lambda: "web-1" in s.systems())
        self.assertEqual(m.asked, [("GET", "/container")])

    def test_none_at_all(self):
        s = self.service(Dynamo())
        d = self.uploading(s.url, keys={})
        self.eventually(lambda: "NoCredentialsError: Unable to locate credentials" in d.log())
        self.eventually(lambda: [p for p in self.health(d)["problems"] if p["part"] == "upload"])
        self.assertEqual(s.received, [])
        before = self.samples(d)
        self.eventually(lambda: self.samples(d) > before + 1)

    def test_an_expired_token_is_replaced(self):
        s = self.service(Dynamo(keys={"AKIDNEW": "new"}))
        self.aws("credentials", "[default]\naws_access_key_id = AKIDOLD\naws_secret_access_key = old\naws_session_token = worn\n")

        def expired(op, doc, headers):
            if "AKIDOLD" not in headers["authorization"]:
                return ()
            self.aws("credentials", "[default]\naws_access_key_id = AKIDNEW\naws_secret_access_key = new\n")
            return refusal("ExpiredTokenException", "The security token included in the request is expired")

        s.faults.append(expired)
        d = self.uploading(s.url, keys={})
        self.eventually(lambda: "web-1" in s.systems())
        self.assertEqual(self.upload(d)["failed"]["credentials"], 0)


class Faults(Upload):
    def misbehave(self, server, times, answer, ops=None):
        left = [times]

        def fault(op, doc, headers):
            if left[0] <= 0 or (ops and op not in ops):
                return ()
            left[0] -= 1
            return answer(headers) if callable(answer) else answer

        server.faults.append(fault)

    def test_throttling_server_faults_halves_and_closed_connections_pass(self):
        s = self.service(Dynamo())
        self.misbehave(s, 2, refusal("ThrottlingException"))
        self.misbehave(s, 1, refusal("InternalServerError", status=500))
        self.misbehave(s, 1, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Table\":")
        self.misbehave(s, 1, b"")
        self.misbehave(s, 1, b"nonsense\r\n\r\n")
        self.misbehave(s, 1, (200, {}, b"<html>sign in</html>"))
        d = self.uploading(s.url)
        self.eventually(lambda: s.minutes() and "web-1" in s.systems(), seconds=60)
        failed = self.upload(d)["failed"]
        self.assertGreaterEqual(failed["throttled"], 2)
        self.assertGreaterEqual(failed["network"], 3)
        self.assertGreaterEqual(failed["server"], 1)
        self.assertEqual(s.bad_signatures, [])

    def test_a_skewed_clock(self):
        s = self.service(Dynamo())
        theirs = time.time() + 3600

        def skewed(op, doc, headers):
            sent = time.mktime(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")) - time.timezone
            if abs(sent - theirs) < 300:
                return ()
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(theirs))
            return refusal("InvalidSignatureException", "Signature expired: is now earlier than", headers={"Date": date})

        s.faults.append(skewed)
        d = self.uploading(s.url)
        self.eventually(lambda: s.minutes())
        self.assertEqual(self.upload(d)["failed"]["skewed"], 0)
        self.assertLess(max(s.minutes()), time.time() + 1)  # the minutes keep our time

    def test_denied_is_told_in_the_words_of_the_guide_and_nothing_is_lost(self):
        s = self.service(Dynamo())
        self.misbehave(s, 10 ** 6, refusal("AccessDeniedException", "User: arn:x is not authorized"), ops=("PutItem", "UpdateItem"))
        d = self.uploading(s.url)
        self.eventually(lambda: "Error uploading to DynamoDB: AccessDenied: User is not authorized to perform: dynamodb:PutItem" in d.log())
        problem = [p for p in self.health(d)["problems"] if p["part"] == "upload"][0]
        self.assertIn("AccessDenied", problem["problem"])

    def test_update_item_is_not_needed(self):
        s = self.service(Dynamo())
        self.misbehave(s, 10 ** 6, refusal("AccessDeniedException"), ops=("UpdateItem",))
        d = self.uploading(s.url)
        self.eventually(lambda: s.minutes() and float(s.systems().get("web-1", {}).get("memory_percent", {"N": 0})["N"]) > 0)
        d.stop()
        self.assertEqual(s.systems()["web-1"]["status"], {"S": "offline"})

    def test_a_silent_service_stops_nothing(self):
        s = self.service(Dynamo())
        s.faults.append(lambda op, doc, headers: None)
        d = self.uploading(s.url)
        self.eventually(lambda: s.received)
        before = self.samples(d)
        self.eventually(lambda: self.samples(d) > before + 2)
        self.assertEqual(d.json("/api/system")["missed"], 0)
        self.assertEqual(d.stop(), 0)

    def test_nobody_there(self):
        d = self.uploading("http://127.0.0.1:1")
        text = 'EndpointConnectionError: Could not connect to the endpoint URL: "http://127.0.0.1:1/"'
        self.eventually(lambda: any(text in line["msg"] for line in d.log_lines()))
        before = self.samples(d)
        self.eventually(lambda: self.samples(d) > before + 1)


class Outage(Upload):
    def kept(self):
        with contextlib.closing(sqlite3.connect("file:%s?mode=ro" % self.history(), uri=True)) as db:
            return db.execute("select count(*) from outbox").fetchone()[0]

    def test_whole_minutes_survive_an_outage_and_kill_9(self):
        """Takes up to two turns of the minute."""
        port = free_port()
        d = self.uploading("http://127.0.0.1:%d" % port)
        first = self.eventually(lambda: d.json("/api/system").get("t")) // 60 * 60
        self.eventually(lambda: self.upload(d)["queued"] >= 1, seconds=70, every=0.2, message="no minute was kept")
        self.eventually(self.kept, every=0.05, message="the minute did not reach the history")
        d.kill9()
        d = self.uploading("http://127.0.0.1:%d" % port)
        self.assertGreaterEqual(self.upload(d)["queued"], 1)
        s = self.service(Dynamo(port))
        self.eventually(lambda: int(first) in s.minutes(), seconds=60, message="the minute of the outage did not come")
        self.assertEqual(s.bad_signatures, [])
        self.eventually(lambda: self.upload(d)["queued"] == 0)


READ = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
from kode_kronical.optimized_system_storage import OptimizedSystemStorage
from kode_kronical.systems_registry import SystemsRegistryService
from kode_kronical.system_dynamodb import SystemDynamoDBService
host = sys.argv[1]
storage = OptimizedSystemStorage(region="eu-central-1")
print(json.dumps({"recent": storage.get_recent_data(host, hours=1), "latest": storage.get_latest_for_hostname(host),
                  "system": SystemsRegistryService(region="eu-central-1").get_system_info(host),
                  "connection": SystemDynamoDBService(region="eu-central-1").test_connection()}))
"""
MAKE_LEGACY = """
import boto3
boto3.client("dynamodb", region_name="eu-central-1").create_table(TableName="own", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}], AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}])
boto3.client("dynamodb", region_name="eu-central-1").get_waiter("table_exists").wait(TableName="own", WaiterConfig={"Delay": 1})
"""
READ_LEGACY = """
import boto3, json
from kode_kronical.metrics_compression import decompress_metrics_data
items = boto3.resource("dynamodb", region_name="eu-central-1").Table("own").scan()["Items"]
record = max((i for i in items if "metrics_data" in i), key=lambda i: i["id"], default=None)
marker = next((i for i in items if i.get("record_type") == "latest_marker"), None)
print(json.dumps(record and marker and {"parsed": decompress_metrics_data(record["metrics_data"]), "id": str(record["id"]), "size": int(record["batch_size"]),
                 "latest": marker["latest_record_id"], "marker": int(marker["id"])}))
"""


@needs_dynalite
class Personality(Kode):
    def setUp(self):
        super().setUp()
        self.server = Dynalite()
        self.addCleanup(self.server.close)
        self.host = os.uname().nodename

    def environment(self, **more):
        return super().environment(AWS_EC2_METADATA_DISABLED="true", AWS_ENDPOINT_URL=self.server.url, **KEYS, **more)

    def uploading(self, more=""):
        self.config("daemon:\n  enable_dynamodb_upload: true\n  upload_interval: 1\n  dynamodb_region: eu-central-1\n%s" % more, self.user_config)
        self.start()

    def python(self, code, *argv):
        p = subprocess.run([VENV_PYTHON, "-c", code, *argv], capture_output=True, text=True, timeout=120, cwd=self.folder, env=self.environment())
        self.assertEqual(p.returncode, 0, p.stderr)
        return json.loads(p.stdout.splitlines()[-1]) if p.stdout.strip() else None

    @needs_readers
    def test_the_real_readers_read_it(self):
        self.uploading()
        self.eventually(lambda: "Successfully uploaded" in self.log() and "Registered system %s in registry" % self.host in self.log())
        self.assertIn("DynamoDB upload enabled to table: kode-kronical-system", self.log())
        got = self.eventually(lambda: (lambda r: r if r["latest"] and r["system"]["memory_percent"] else None)(self.python(READ, self.host)))
        latest = got["latest"]
        for key in ("timestamp", "minute_timestamp", "cpu_percent", "memory_percent", "memory_available_mb", "memory_used_mb", "collected_at", "ttl"):
            self.assertIsInstance(latest[key], float, key)
        self.assertEqual(latest["hostname"], self.host)
        self.assertLess(abs(latest["collected_at"] - time.time()), 120)
        self.assertTrue(got["connection"])
        self.assertEqual((got["system"]["status"], got["system"]["active"], got["system"]["platform"]), ("online", True, os.uname().sysname))
        self.assertLess(abs(got["system"]["last_seen"] - time.time()), 120)
        if time.gmtime().tm_hour not in (23, 0):  # the reader's own arithmetic of hours fails where its last hour holds 23:00
            self.assertEqual(got["recent"][-1]["hostname"], self.host)
        self.good("stop")
        self.assertEqual(self.python(READ, self.host)["system"]["status"], "offline")

    @needs_readers
    def test_a_table_of_the_older_form(self):
        self.python(MAKE_LEGACY)
        self.uploading("  dynamodb_table_name: own\n")
        got = self.eventually(lambda: self.python(READ_LEGACY))
        self.assertEqual(len(got["parsed"]), got["size"])
        self.assertIn("cpu_percent", got["parsed"][0]["system"])
        self.assertEqual(got["marker"], int(hashlib.md5(("latest_" + self.host).encode()).hexdigest()[:8], 16))

    def test_no_command_talks_to_the_service(self):
        self.uploading()
        self.eventually(lambda: "Registered system" in self.log())
        self.server.close()
        self.assertIn("Daemon running with PID", self.good("status"))
        self.good("stop")
        status, out, _ = self.call("status")
        self.assertEqual((status, out.strip()), (3, "Daemon not running"))

    def test_the_guides_edit_turns_it_on(self):
        self.good("config")
        text = pathlib.Path(self.user_config).read_text()
        self.assertIn("enable_dynamodb_upload: false", text)
        subprocess.run(["sed", "-i", "s/enable_dynamodb_upload: false/enable_dynamodb_upload: true/", self.user_config], check=True)
        self.start()
        self.eventually(lambda: "Registered system" in self.log())
        self.assertTrue(re.search("upload|dynamodb", self.log(), re.I))


if __name__ == "__main__":
    main()
