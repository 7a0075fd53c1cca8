"""The token service of `neoid standalone`, over TLS, with clients that nobody here wrote: openid-client, jose, Authlib,
curl; the resource server of examples/; and `neoid token`, which explains what they got.

NEOID_PROGRAM, NEOID_KUBECTL and NEOID_OAUTH_CLIENTS (a folder with node_modules) name the parts; ./dev test sets them.
"""
import base64
import json
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import unittest
import urllib.error
import urllib.request

from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.jose import JsonWebKey, JsonWebToken
from authlib.jose.errors import BadSignatureError

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
import python_tests  # noqa: E402
from standalone import Standalone, wait_for  # noqa: E402

NEOID = os.environ.get("NEOID_PROGRAM", str(ROOT / "build/neoid"))
KUBECTL = os.environ.get("NEOID_KUBECTL", "kubectl").split(":")[0]
MODULES = os.environ.get("NEOID_OAUTH_CLIENTS")
AUDIENCE = "urn:neostella:platform"
RESOURCES = """
apiVersion: v1
kind: Namespace
metadata: {name: apps}
""" + "".join(f"""---
apiVersion: identity.neostella.com/v1
kind: Scope
metadata: {{name: {name}}}
spec: {{displayName: {name}, tool: {name}}}
""" for name in ("contacts", "finance", "shortlived", "token-introspection")) + "".join(f"""---
apiVersion: identity.neostella.com/v1
kind: IntegrationUser
metadata: {{name: {name}, namespace: apps}}
spec: {spec}
""" for name, spec in {
    "billing": "{displayName: Billing, scopes: [contacts, finance, shortlived]}",
    "reader": "{displayName: Reader, scopes: [token-introspection]}",
    "named": "{displayName: Named, scopes: [contacts], credentials: {keys: {clientID: ID, clientSecret: KEY}}}",
    "bare": "{displayName: Bare}"}.items())


def altered(token):
    head, payload, signature = token.split(".")
    return ".".join((head, payload, ("A" if signature[0] != "A" else "B") + signature[1:]))


class System:
    """One `neoid standalone` for all the cases, with a few integrations."""

    def __init__(self):
        self.api = Standalone(NEOID, "--oauth-listen", "127.0.0.1:0", "--audience", AUDIENCE, "--audience",
                              "https://api.example.com", "--token-lifetime", "5m", "--scope-lifetime", "shortlived=1s")
        self.api.start()
        self.ca = str(self.api.data / "ca.pem")
        self.kubectl("apply", "-f", str(ROOT / "crd"))
        self.kubectl("wait", "--for=condition=Established", "crd", "--all")
        self.kubectl("apply", "-f", "-", stdin=RESOURCES)
        self.kubectl("wait", "-n", "apps", "--for=condition=Ready", "iu", "--all", "--timeout=20s")
        secret = self.secret("billing")
        self.issuer, self.token_url = secret["issuer"], secret["token_url"]

    def close(self):
        self.api.stop()
        shutil.rmtree(self.api.folder)

    def kubectl(self, *arguments, stdin=None):
        return subprocess.run([KUBECTL, "--kubeconfig", self.api.kubeconfig, "--context", "platform", *arguments],
                              input=stdin, text=True, check=True, stdout=subprocess.PIPE).stdout

    def secret(self, user):
        """The Secret as the integration sees it."""
        status, found = self.api.ask("GET", f"/api/v1/namespaces/apps/secrets/{user}-oauth")
        assert status == 200, found
        return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}

    def session(self, user, method="client_secret_basic", **more):
        secret = self.secret(user)
        return self.session_of(secret["client_id"], secret["client_secret"], token_endpoint_auth_method=method, **more)

    def session_of(self, client_id, client_secret, **more):
        session = OAuth2Session(client_id, client_secret, **more)
        session.verify = self.ca
        session.trust_env = False  # nobody's proxy, and no other roots
        return session

    def token(self, user="billing", **more):
        return self.session(user, **more).fetch_token(self.token_url, grant_type="client_credentials")["access_token"]

    def neoid(self, *arguments, stdin=""):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.api.folder), "KUBECONFIG": self.api.kubeconfig}
        return subprocess.run([NEOID, *arguments], env=environment, text=True, input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)

    def node_folder(self, name, *files):
        folder = self.api.folder / name
        folder.mkdir()
        for file in files:
            shutil.copy(file, folder)
        (folder / "node_modules").symlink_to(pathlib.Path(MODULES, "node_modules"))
        return folder

    def node_environment(self, **more):
        return dict(os.environ, NODE_EXTRA_CA_CERTS=self.ca, ISSUER=self.issuer, AUDIENCE=AUDIENCE, **more)


def setUpModule():
    global system
    system = System()


def tearDownModule():
    system.close()


class Authlib(unittest.TestCase):
    def test_gets_a_token_by_either_method_and_verifies_it_by_jwks(self):
        with urllib.request.urlopen(system.issuer + "/oauth2/jwks", context=ssl.create_default_context(cafile=system.ca)) as answer:
            keys = JsonWebKey.import_key_set(json.load(answer))
        for method in ("client_secret_basic", "client_secret_post"):
            token = system.token(method=method, scope="finance contacts")
            wants = {"iss": {"essential": True, "value": system.issuer}, "aud": {"essential": True, "value": AUDIENCE},
                     "exp": {"essential": True}}
            claims = JsonWebToken(["ES256"]).decode(token, keys, claims_options=wants)
            claims.validate()
            self.assertEqual(claims["scope"], "contacts finance")
            self.assertEqual(claims.header["typ"], "at+jwt")
            with self.assertRaises(BadSignatureError):
                JsonWebToken(["ES256"]).decode(altered(token), keys)

    def test_is_told_why_not(self):
        for scope, error in (("unknown", "invalid_scope"), ("token-introspection", "invalid_scope")):
            with self.assertRaises(OAuthError) as raised:
                system.token(scope=scope)
            self.assertEqual(raised.exception.error, error)
        with self.assertRaises(OAuthError) as raised:
            system.session_of("nobody", "x" * 40).fetch_token(system.token_url, grant_type="client_credentials")
        self.assertEqual(raised.exception.error, "invalid_client")

    def test_introspects_and_revokes(self):
        token = system.token(scope="contacts")
        reader = system.session("reader")
        introspect = lambda: reader.introspect_token(system.issuer + "/oauth2/introspect", token=token).json()  # noqa: E731
        self.assertTrue(introspect()["active"])
        self.assertEqual(system.session("billing").revoke_token(system.issuer + "/oauth2/revoke", token=token).status_code, 200)
        self.assertEqual(introspect(), {"active": False})

    def test_a_deactivated_user_gets_none_and_its_token_is_inactive_until_it_is_reactivated(self):
        token = system.token(scope="contacts")
        reader = system.session("reader")
        introspect = lambda: reader.introspect_token(system.issuer + "/oauth2/introspect", token=token).json()  # noqa: E731
        done = system.neoid("deactivate", "apps/billing", "--reason", "test", "--context", "platform")
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for("the first refusal", lambda: not introspect()["active"], 5)
        with self.assertRaises(OAuthError) as raised:
            system.token()
        self.assertEqual(raised.exception.error, "invalid_client")
        done = system.neoid("reactivate", "apps/billing", "--context", "platform")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(wait_for("a token again", lambda: introspect()["active"], 5))
        self.assertTrue(system.token())


@unittest.skipUnless(MODULES, "NEOID_OAUTH_CLIENTS names no folder of npm modules; ./dev test sets it")
class OpenidClientAndJose(unittest.TestCase):
    def test_discover_get_verify_introspect_and_revoke(self):
        folder = system.node_folder("openid", ROOT / "tests/oauth/openid_client.mjs")
        secrets = {user: {key: system.secret(user)[key] for key in ("client_id", "client_secret")} for user in ("billing", "reader")}
        done = subprocess.run(["node", str(folder / "openid_client.mjs")], env=system.node_environment(), text=True,
                              input=json.dumps(secrets), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["client_secret_basic"]["alg"], "ES256")


@unittest.skipUnless(MODULES, "NEOID_OAUTH_CLIENTS names no folder of npm modules; ./dev test sets it")
class ResourceServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = system.node_folder("resource-server", ROOT / "examples/resource-server/server.mjs")
        cls.process = subprocess.Popen(["node", str(folder / "server.mjs")], env=system.node_environment(PORT="0"), text=True,
                                       stdout=subprocess.PIPE)
        cls.url = cls.process.stdout.readline().split()[-1]

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.wait(10)
        cls.process.stdout.close()

    def call(self, method, path, authorization=None):
        request = urllib.request.Request(self.url + path, method=method)
        if authorization:
            request.add_header("Authorization", authorization)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, "", json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get("WWW-Authenticate", ""), json.load(error)

    def test_a_token_with_the_scope_is_let_in(self):
        status, _, body = self.call("GET", "/contacts", "Bearer " + system.token(scope="contacts"))
        self.assertEqual((status, body["client"]), (200, system.secret("billing")["client_id"]))

    def test_a_token_without_the_scope_is_told_which_one_is_missing(self):
        status, challenge, _ = self.call("POST", "/invoices", "Bearer " + system.token(scope="contacts"))
        self.assertEqual(status, 403)
        self.assertRegex(challenge, r'^Bearer realm="example", error="insufficient_scope", .*scope="finance"$')

    def test_altered_foreign_and_expired_tokens_are_invalid(self):
        good = system.token(scope="contacts")
        self.assertEqual(self.call("GET", "/contacts", "Bearer " + good)[0], 200)
        head, payload, signature = good.split(".")
        none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
        for what, token in {"altered": altered(good), "unsigned": f"{none}.{payload}.", "cut": f"{head}.{payload}",
                            "words": "abc", "for another resource": self.elsewhere()}.items():
            with self.subTest(what):
                status, challenge, _ = self.call("GET", "/contacts", "Bearer " + token)
                self.assertEqual(status, 401)
                self.assertIn('error="invalid_token"', challenge)
        short = system.token(scope="contacts shortlived")
        ended = lambda: self.call("GET", "/contacts", "Bearer " + short)  # noqa: E731
        wait_for("the token's end", lambda: ended()[0] == 401, 5)
        self.assertIn("the token has expired", ended()[1])

    def elsewhere(self):
        return system.session("billing").fetch_token(system.token_url, grant_type="client_credentials",
                                                     resource="https://api.example.com")["access_token"]

    def test_no_token_is_asked_for_one_and_told_no_error(self):
        for authorization in (None, "Basic abc", "Bearer"):
            self.assertEqual(self.call("GET", "/contacts", authorization)[:2], (401, 'Bearer realm="example"'))
        self.assertEqual(self.call("GET", "/other")[0], 404)


class AnotherReplica(unittest.TestCase):
    """`neoid oauth` in a process of its own, over the same store and with the same key-encryption key."""

    def command(self, *more):
        data = system.api.data
        return [NEOID, "oauth", "--store", f"sqlite:{data}/identity.db", "--issuer", system.issuer, "--audience", AUDIENCE,
                "--key-encryption-key-file", str(data / "key-encryption-key"), "--log-format", "json", *more]

    def test_issues_tokens_that_the_other_one_knows(self):
        process = subprocess.Popen(self.command("--listen", "127.0.0.1:0"), text=True, stderr=subprocess.PIPE)
        try:
            ready = next(line for line in map(json.loads, process.stderr) if line["message"] == "token service ready")
            secret = system.secret("billing")
            session = system.session_of(secret["client_id"], secret["client_secret"], scope="contacts")
            token = session.fetch_token(f"http://127.0.0.1:{ready['port']}/oauth2/token", grant_type="client_credentials")
            told = system.session("reader").introspect_token(system.issuer + "/oauth2/introspect", token=token["access_token"])
            self.assertEqual(told.json()["client_id"], secret["client_id"])
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)
            process.stderr.close()

    def test_takes_no_secret_over_plain_http_and_no_half_of_a_certificate(self):
        for flags, told in ((("--listen", "0.0.0.0:0"), "must not cross a network in the clear"),
                            (("--tls-cert-file", system.ca), "belong together"),
                            (("--tls-cert-file", system.ca, "--tls-key-file", system.ca), "--tls-cert-file and --tls-key-file: ")):
            done = subprocess.run(self.command(*flags), text=True, stderr=subprocess.PIPE, timeout=20)
            self.assertEqual(done.returncode, 1)
            self.assertIn(told, done.stderr)


class NeoidToken(unittest.TestCase):
    def ask(self, *arguments, stdin="", ca=True):
        ready = ["--ca-file", system.ca] if ca else []
        return system.neoid("token", *arguments, *ready, "--context", "platform", stdin=stdin)

    def tearDown(self):
        for name, text in getattr(self, "told", {}).items():
            self.assertNotIn(system.secret("billing")["client_secret"], text, name)

    def keep(self, done):
        self.told = {**getattr(self, "told", {}), " ".join(done.args): done.stdout + done.stderr}
        return done

    def test_explains_a_token_and_shows_neither_it_nor_the_secret(self):
        done = self.keep(self.ask("--secret", "apps/billing-oauth", "--scope", "contacts finance"))
        self.assertEqual(done.returncode, 0, done.stderr)
        for line in (f"issued by +{re.escape(system.token_url)}", "alg +ES256", "typ +at.jwt", f"issuer +{system.issuer}",
                     f"audience +{AUDIENCE}", "asked +contacts finance", "granted +contacts finance",
                     r"expires +\S+ \(in [45] minutes.*\)"):
            self.assertRegex(done.stdout, line)
        self.assertNotRegex(done.stdout, r"eyJ")
        told = json.loads(self.keep(self.ask("--secret", "apps/billing-oauth", "-o", "json", "--resource", "https://api.example.com")).stdout)
        self.assertEqual((told["issued"], told["claims"]["aud"], told["remarks"]), (True, "https://api.example.com", []))
        self.assertEqual(told["granted"], ["contacts", "finance", "shortlived"])
        self.assertNotIn("eyJ", json.dumps(told))

    def test_prints_the_token_alone_where_that_is_asked_for(self):
        done = self.keep(self.ask("--secret", "billing-oauth", "-n", "apps", "-o", "token"))
        self.assertRegex(done.stdout, r"^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$")
        self.assertEqual(done.stderr, "")

    def test_takes_files_and_finds_the_endpoint_by_the_issuer(self):
        secret = system.secret("billing")
        done = self.keep(self.ask("--client-id", secret["client_id"], "--client-secret-file", "-", "--issuer", system.issuer,
                                  stdin=secret["client_secret"] + "\n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(system.token_url, done.stdout)

    def test_finds_the_keys_that_the_resource_named(self):
        done = self.ask("--secret", "apps/named-oauth")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_says_what_is_wrong_and_what_to_do(self):
        secret = system.secret("billing")
        files = ("--client-id", secret["client_id"], "--client-secret-file", "-")
        for arguments, stdin, code, told in (
                (("--secret", "apps/billing-oauth", "--scope", "unknown"), "", 1, "invalid_scope.*unknown.*to do:"),
                (("--secret", "apps/bare-oauth"), "", 1, "invalid_scope.*no scope is granted"),
                (("--secret", "apps/billing-oauth", "--resource", "urn:other"), "", 1, "invalid_target"),
                (("--secret", "apps/none"), "", 1, "there is no Secret apps/none"),
                ((*files, "--token-url", system.token_url), "neoid_mistyped", 1, "typing error.*nothing was sent"),
                ((*files, "--token-url", system.token_url), "x" * 43, 1, "invalid_client.*to do: .*neoid status"),
                ((*files, "--token-url", system.issuer + "/other"), secret["client_secret"], 1, "is it the right URL"),
                ((*files, "--token-url", "http://id.example.com/token"), secret["client_secret"], 1, "in the clear, and is not sent"),
                ((*files, "--issuer", system.issuer.replace("127.0.0.1", "localhost")), secret["client_secret"], 1, "compare it as text"),
                (files, secret["client_secret"], 1, "give --token-url, or --issuer"),
                (("--client-id", "c"), "", 2, "belong together"),
                ((), "", 2, "say whose token")):
            with self.subTest(arguments):
                done = self.keep(self.ask(*arguments, stdin=stdin))
                self.assertEqual(done.returncode, code, done.stdout + done.stderr)
                self.assertRegex((done.stdout + done.stderr).replace("\n", " "), told)

    def test_believes_no_certificate_that_it_was_not_told_of(self):
        done = self.keep(self.ask("--secret", "apps/billing-oauth", ca=False))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "--ca-file.*certificate")


if __name__ == "__main__":
    python_tests.main()
