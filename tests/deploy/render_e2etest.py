"""The chart and manifests/ render the same objects, by real helm and real kubectl; values are refused with their path."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import python_tests  # noqa: E402
import render  # noqa: E402
from render import CHART, ROOT, Refused, by_key, overlay, template  # noqa: E402

# Every difference that there may be, with its reason. Helm marks what is its own; hooks are Helm's way to order a Job.
HELM_LABELS = {"helm.sh/chart", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by"}
# The selector label `name` is on everything in the chart; in manifests/ only where something selects by it.
FREE_LABELS = HELM_LABELS | {"app.kubernetes.io/name", "app.kubernetes.io/part-of"}
HELM_ANNOTATIONS = {"helm.sh/resource-policy", "helm.sh/hook", "helm.sh/hook-weight", "helm.sh/hook-delete-policy"}
ONLY_KUSTOMIZE = {("v1", "Namespace", "", "neoid-system")}  # helm: --create-namespace


def normalised(thing):
    metadata = dict(thing["metadata"])
    metadata["labels"] = {k: v for k, v in metadata.get("labels", {}).items() if k not in FREE_LABELS}
    metadata["annotations"] = {k: v for k, v in metadata.get("annotations", {}).items() if k not in HELM_ANNOTATIONS}
    return {**thing, "metadata": metadata}


class ChartAndManifests(unittest.TestCase):
    maxDiff = None

    def hold_together(self, chart, tree):
        left, right = by_key(chart), by_key(tree)
        self.assertEqual(sorted(left), sorted(k for k in right if k not in ONLY_KUSTOMIZE))
        for name, thing in left.items():
            with self.subTest(name):
                self.assertEqual(normalised(thing), normalised(right[name]))

    def test_by_default_both_render_the_same_objects(self):
        self.hold_together(template(), render.kustomize(ROOT / "manifests/default"))

    def test_without_webhook_network_policies_and_job_both_render_the_bare_controller(self):
        self.hold_together(
            template("--set", "webhook.enabled=false,networkPolicy.enabled=false,migration.enabled=false"),
            render.kustomize(ROOT / "manifests/controller"))

    def test_where_the_api_serves_policies_both_render_them(self):
        self.hold_together(template(*render.POLICY_API), overlay(["default"], ["policies"]))
        kinds = {thing["kind"] for thing in template()}
        self.assertNotIn("ValidatingAdmissionPolicy", kinds, "before 1.30 the kind is not served")

    def test_with_the_token_service_both_render_it_and_tell_the_controller_where_it_is(self):
        self.hold_together(template(*render.TOKEN_SERVICE), overlay(["default"], ["token-service"]))

    def test_with_monitoring_both_render_what_scrapes_what_warns_and_what_shows(self):
        self.hold_together(template(*render.MONITORING_API, "--set", ",".join(
            f"monitoring.{part}.enabled=true" for part in ("serviceMonitor", "rules", "dashboard"))),
            overlay(["default"], ["monitoring"]))

    def test_the_crds_of_both_are_those_of_the_contract(self):
        contract = [thing for path in sorted((ROOT / "crd").glob("*.yaml")) for thing in render.objects(path.read_text())]
        rendered = [thing for thing in template() if thing["kind"] == "CustomResourceDefinition"]
        self.hold_together(rendered, contract)
        for thing in rendered:
            self.assertEqual(thing["metadata"]["annotations"]["helm.sh/resource-policy"], "keep")

    def test_in_another_namespace_nothing_of_neoid_system_is_left(self):
        text = render.run([render.HELM, "template", "neoid", CHART, "-n", "identity", *render.REQUIRED,
                           *render.POLICY_API])
        left = [line for line in text.replace("neoid-system-users", "").split("\n") if "neoid-system" in line]
        self.assertEqual(left, [])

    def test_a_packaged_chart_renders_what_the_folder_renders(self):
        with tempfile.TemporaryDirectory() as folder:
            render.run([render.HELM, "package", CHART, "-d", folder])
            (package,) = pathlib.Path(folder).glob("neoid-*.tgz")
            self.hold_together(template(chart=package), [t for t in template()])

    def test_everything_that_runs_is_restricted(self):
        for thing in template(*render.TOKEN_SERVICE):
            if thing["kind"] not in ("Deployment", "Job"):
                continue
            with self.subTest(thing["metadata"]["name"]):
                pod = thing["spec"]["template"]["spec"]
                self.assertTrue(pod["securityContext"]["runAsNonRoot"])
                self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
                for container in pod["containers"]:
                    self.assertEqual(container["securityContext"], {
                        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]}})
                    self.assertIn("memory", container["resources"]["limits"])
                if thing["metadata"]["name"] != "neoid":
                    self.assertFalse(pod["automountServiceAccountToken"], "no right in the API is needed")
                self.assertFalse(pod["enableServiceLinks"], "a Service would make variables that flags are read from")

    def test_the_service_monitor_finds_every_service_with_metrics_and_no_other(self):
        things = template(*render.TOKEN_SERVICE, *render.MONITORING_API, "--set", "monitoring.serviceMonitor.enabled=true")
        (monitor,) = [thing for thing in things if thing["kind"] == "ServiceMonitor"]
        (endpoint,) = monitor["spec"]["endpoints"]
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        found = [thing["metadata"]["name"] for thing in things if thing["kind"] == "Service"
                 and wanted <= thing["metadata"]["labels"].items()
                 and any(port["name"] == endpoint["port"] for port in thing["spec"]["ports"])]
        self.assertEqual(sorted(found), ["neoid-metrics", "neoid-token-metrics"])

    def test_a_token_service_behind_an_ingress_that_ends_tls_speaks_plain_http(self):
        things = by_key(template(*render.TOKEN_SERVICE, "--set", "tokenService.tls.existingSecret="))
        service = things[("v1", "Service", "neoid-system", "neoid-token")]
        self.assertEqual(service["spec"]["ports"], [{"name": "http", "port": 80, "targetPort": "token"}])
        pod = things[("apps/v1", "Deployment", "neoid-system", "neoid-token")]["spec"]["template"]["spec"]
        self.assertIn("--insecure-http", pod["containers"][0]["args"])
        self.assertNotIn("token-tls", str(pod))

    def test_system_users_are_in_no_aggregated_role(self):
        for thing in template():
            if any(label.startswith("rbac.authorization.k8s.io/aggregate") for label in thing["metadata"].get("labels", {})):
                self.assertNotIn("systemintegrationusers", str(thing["rules"]))


# (what is set, what the refusal must say)
REFUSED = [
    ("controller.replicas=0", "/controller/replicas"),
    ("controller.replicas=two", "/controller/replicas"),
    ("controller.logLevel=loud", "/controller/logLevel"),
    ("controller.sweepInterval=5 minutes", "/controller/sweepInterval"),
    ("controller.tokenURL=ftp://x", "/controller/tokenURL"),
    ("controller.colour=red", "colour"),
    ("image.pullPolicy=Sometimes", "/image/pullPolicy"),
    ("image.repository=neoid:1", "/image/repository"),
    ("store.existingSecret=Not_A_Name", "/store/existingSecret"),
    ("store.tls.mode=disable", "/store/tls/mode"),
    ("policies.enabled=maybe", "/policies/enabled"),
    ("networkPolicy.databasePort=70000", "/networkPolicy/databasePort"),
    ("networkPolicy.apiCIDR=everywhere", "/networkPolicy/apiCIDR"),
    ("store.existingSecret=", "store.existingSecret: name the Secret"),
    ("store.tls.caSecret=other", "caSecret and caConfigMap are both set"),
    ("store.tls.caConfigMap=", "mode verify-full needs the database's authority"),
    ("controller.replicas=1", "controller.disruptionBudget: with one replica"),
    ("monitoring.serviceMonitor.enabled=true", "this API serves no ServiceMonitor"),
    ("monitoring.rules.enabled=true", "this API serves no PrometheusRule"),
    ("tokenService.enabled=true", "tokenService.issuer: name the URL that clients see"),
    ("tokenService.issuer=https://id.example.com/", "/tokenService/issuer"),
    ("tokenService.audiences={not a uri}", "/tokenService/audiences/0"),
    ("tokenService.keyEncryption.existingSecret=", "/tokenService/keyEncryption/existingSecret"),
    ("tokenService.enabled=true,tokenService.issuer=https://id,tokenService.replicas=1", "tokenService.disruptionBudget: with"),
    ("tokenService.enabled=true,tokenService.issuer=https://id,tokenService.store.existingSecret=neoid-store",
     "the token service has a login of its own"),
]


class ValuesThatCannotWork(unittest.TestCase):
    def test_each_is_refused_with_its_path_or_a_sentence(self):
        for setting, said in REFUSED:
            with self.subTest(setting):
                with self.assertRaises(Refused) as refusal:
                    template("--set", setting)
                self.assertIn(said, str(refusal.exception))

    def test_policies_that_are_demanded_where_the_api_has_none_are_refused(self):
        with self.assertRaises(Refused) as refusal:
            template("--set", "policies.enabled=true")
        self.assertIn("serves no ValidatingAdmissionPolicy", str(refusal.exception))

    def test_every_value_is_known_to_the_schema_and_documented(self):
        done = subprocess.run(["/usr/bin/python3", str(ROOT / "charts/document.py"), "--check"], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    python_tests.main()
