#!/usr/bin/env python3
"""helm (NEOID_HELM) against `neoid standalone`: install, upgrade, roll back, uninstall a chart that has every kind that
a controller's chart has. PROGRAM is the only argument."""
import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from standalone import Standalone  # noqa: E402

TEMPLATES = """
{{- $labels := dict "app.kubernetes.io/name" "demo" -}}
apiVersion: v1
kind: ServiceAccount
metadata: {name: demo}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: demo, labels: {{ toJson $labels }}}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {{ toJson $labels }}}
  template:
    metadata: {labels: {{ toJson $labels }}}
    spec:
      serviceAccountName: demo
      containers: [{name: demo, image: demo, ports: [{containerPort: 8443}]}]
---
apiVersion: v1
kind: Service
metadata: {name: demo}
spec: {selector: {{ toJson $labels }}, ports: [{port: 443, targetPort: 8443}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: demo}
spec: {minAvailable: 1, selector: {matchLabels: {{ toJson $labels }}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: demo}
spec: {podSelector: {matchLabels: {{ toJson $labels }}}, policyTypes: [Ingress]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: demo}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: demo, image: demo}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: demo}
data: {replicas: "{{ .Values.replicas }}"}
---
apiVersion: v1
kind: Secret
metadata: {name: demo}
stringData: {key: value}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: demo}
rules: [{apiGroups: [""], resources: [namespaces], verbs: [get, list, watch]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: demo}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: demo}
subjects: [{kind: ServiceAccount, name: demo, namespace: {{ .Release.Namespace }}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: demo}
rules: [{apiGroups: [coordination.k8s.io], resources: [leases], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: demo}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: demo}
subjects: [{kind: ServiceAccount, name: demo, namespace: {{ .Release.Namespace }}}]
---
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: demo}
value: 1000
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: demo}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: demo}
webhooks:
  - name: demo.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: {service: {name: demo, namespace: {{ .Release.Namespace }}, path: /validate}}
    rules: [{apiGroups: [demo.example.com], apiVersions: [v1], operations: [CREATE], resources: ["*"]}]
{{- if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy" }}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: demo}
{{- end }}
"""
CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.demo.example.com}
spec:
  group: demo.example.com
  scope: Namespaced
  names: {plural: things, singular: thing, kind: Thing, listKind: ThingList}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""


def main():
    with Standalone(sys.argv[1]) as api:
        chart = api.folder / "demo"
        (chart / "templates").mkdir(parents=True)
        (chart / "crds").mkdir()
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: demo\nversion: 0.1.0\n")
        (chart / "values.yaml").write_text("replicas: 1\n")
        (chart / "templates/all.yaml").write_text(TEMPLATES)
        (chart / "crds/things.yaml").write_text(CRD)

        def helm(*words):
            environment = dict(os.environ, HOME=str(api.folder), KUBECONFIG=api.kubeconfig)
            outcome = subprocess.run([os.environ["NEOID_HELM"], "--kube-context", "platform", "-n", "team", *words],
                                     env=environment, text=True, capture_output=True)
            assert outcome.returncode == 0, (words, outcome.stdout, outcome.stderr)
            return outcome.stdout

        def replicas():
            deployment = api.ask("GET", "/apis/apps/v1/namespaces/team/deployments/demo")[1]
            settings = api.ask("GET", "/api/v1/namespaces/team/configmaps/demo")[1]
            assert settings["data"]["replicas"] == str(deployment["spec"]["replicas"])
            return deployment["spec"]["replicas"]

        helm("install", "demo", str(chart), "--create-namespace")
        assert replicas() == 1
        assert api.ask("GET", "/apis/demo.example.com/v1/things")[0] == 200
        secrets = api.ask("GET", "/api/v1/namespaces/team/secrets?fieldSelector=type%3Dhelm.sh/release.v1")[1]
        assert [item["metadata"]["name"] for item in secrets["items"]] == ["sh.helm.release.v1.demo.v1"], secrets
        helm("upgrade", "demo", str(chart), "--set", "replicas=3")
        assert replicas() == 3
        helm("rollback", "demo", "1")
        assert replicas() == 1
        history = json.loads(helm("history", "demo", "-o", "json"))
        assert [entry["status"] for entry in history] == ["superseded", "superseded", "deployed"], history
        assert json.loads(helm("list", "-o", "json"))[0]["revision"] == "3"
        helm("uninstall", "demo")
        for path in ("/apis/apps/v1/namespaces/team/deployments/demo", "/apis/batch/v1/namespaces/team/jobs/demo",
                     "/apis/rbac.authorization.k8s.io/v1/clusterroles/demo"):
            assert api.ask("GET", path)[0] == 404, path
        assert api.ask("GET", "/apis/demo.example.com/v1/things")[0] == 200, "CRDs stay"


main()
