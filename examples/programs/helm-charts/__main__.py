"""Charts and manifests that only the real provider can expand, beside a release."""

import pulumi
import pulumi_kubernetes as kubernetes

kubernetes.helm.v3.Release("ingress", chart="ingress-nginx", version="4.11.3", namespace="ingress")
options = kubernetes.helm.v3.FetchOpts(repo="https://charts.jetstack.io")
kubernetes.helm.v3.Chart(
    "certificates",
    kubernetes.helm.v3.ChartOpts(chart="cert-manager", version="1.16.1", fetch_opts=options),
)
chart = kubernetes.helm.v4.Chart("cache", chart="oci://registry-1.docker.io/bitnamicharts/valkey")
kubernetes.yaml.v2.ConfigGroup(
    "crds", files=["manifests/*.yaml"], opts=pulumi.ResourceOptions(depends_on=[chart])
)
