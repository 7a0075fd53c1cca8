{{/* Names are fixed: the CRDs are the cluster's, so there is one release of neoid in a cluster. */}}

{{- define "neoid.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version | replace "+" "_" }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/name: neoid
app.kubernetes.io/part-of: neoid
{{- end }}

{{- define "neoid.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* A file of the kustomize tree as the chart's own: the release's namespace and labels put in. */}}
{{- define "neoid.adopt" -}}
{{- $labels := include "neoid.labels" .root | fromYaml -}}
{{- range $text := splitList "\n---\n" (.text | replace "neoid-system/" (printf "%s/" .root.Release.Namespace) | replace "neoid-system:" (printf "%s:" .root.Release.Namespace)) }}
{{- $object := fromYaml $text -}}
{{- $metadata := $object.metadata -}}
{{- $_ := set $metadata "labels" (merge dict ($metadata.labels | default dict) $labels) -}}
{{- if $metadata.namespace }}{{ $_ := set $metadata "namespace" $.root.Release.Namespace }}{{ end -}}
{{- if $.annotations }}{{ $_ := set $metadata "annotations" (merge dict ($metadata.annotations | default dict) $.annotations) }}{{ end -}}
{{- range $subject := $object.subjects }}{{ if $subject.namespace }}{{ $_ := set $subject "namespace" $.root.Release.Namespace }}{{ end }}{{ end -}}
{{- range $webhook := $object.webhooks }}{{ $_ := set $webhook.clientConfig.service "namespace" $.root.Release.Namespace }}{{ end }}
---
{{ toYaml $object }}
{{- end }}
{{- end }}

{{/* Restricted, in the words of the Pod Security Standards. */}}
{{- define "neoid.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "neoid.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* How a store is reached: dict store (values), root. */}}
{{- define "neoid.storeEnv" -}}
- name: NEOID_STORE
  valueFrom:
    secretKeyRef:
      name: {{ .store.existingSecret }}
      key: {{ .store.key }}
- name: PGSSLMODE
  value: {{ .root.Values.store.tls.mode }}
{{- if include "neoid.storeCA" .root }}
- name: PGSSLROOTCERT
  value: /run/neoid/store-ca/ca.crt
{{- end }}
{{- end }}

{{- define "neoid.storeCA" -}}
{{- with .Values.store.tls }}{{ .caSecret | default .caConfigMap }}{{ end }}
{{- end }}

{{- define "neoid.storeMount" -}}
{{- if include "neoid.storeCA" . }}
- name: store-ca
  mountPath: /run/neoid/store-ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "neoid.storeVolume" -}}
{{- with .Values.store.tls }}
{{- if .caSecret }}
- name: store-ca
  secret:
    secretName: {{ .caSecret }}
    items:
    - key: {{ .caKey }}
      path: ca.crt
{{- else if .caConfigMap }}
- name: store-ca
  configMap:
    name: {{ .caConfigMap }}
    items:
    - key: {{ .caKey }}
      path: ca.crt
{{- end }}
{{- end }}
{{- end }}

{{/* Placement of a deployment: dict with values and component. */}}
{{- define "neoid.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- if .values.spread }}
topologySpreadConstraints:
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      app.kubernetes.io/name: neoid
      app.kubernetes.io/component: {{ $.component }}
{{- end }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Health, as every part that runs serves it. */}}
{{- define "neoid.probes" -}}
livenessProbe:
  httpGet: {path: /livez, port: health}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: health}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
startupProbe:
  httpGet: {path: /livez, port: health}
  periodSeconds: 2
  failureThreshold: 60
{{- end }}

{{/* What stands beside a deployment: dict root, name, component, values. */}}
{{- define "neoid.around" -}}
{{- if .values.disruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels: {{ include "neoid.labels" .root | nindent 4 }}
spec:
  minAvailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: neoid
      app.kubernetes.io/component: {{ .component }}
{{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .name }}-metrics
  namespace: {{ .root.Release.Namespace }}
  labels:
    app.kubernetes.io/component: {{ .component }}
    {{- include "neoid.labels" .root | nindent 4 }}
spec:
  clusterIP: None
  selector:
    app.kubernetes.io/name: neoid
    app.kubernetes.io/component: {{ .component }}
  ports:
  - name: metrics
    port: 8080
    targetPort: health
{{- end }}
