"""Objects from YAML with names of their own, a namespace and a custom resource."""

import pulumi
import pulumi_kubernetes as kubernetes

namespace = kubernetes.core.v1.Namespace("shop")
inside = {"namespace": namespace.metadata["name"]}
kubernetes.core.v1.ConfigMap("settings", metadata=inside, data={"LEVEL": "info"})
kubernetes.core.v1.PersistentVolumeClaim(
    "data",
    metadata=inside,
    spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "20Gi"}}},
)
kubernetes.core.v1.Service(
    "web",
    metadata=inside,
    spec={"type": "LoadBalancer", "ports": [{"port": 443}], "selector": {"app": "web"}},
)
kubernetes.apiextensions.CustomResource(
    "certificate",
    api_version="cert-manager.io/v1",
    kind="Certificate",
    metadata=inside,
    spec={"secretName": "tls", "dnsNames": ["shop.example.com"]},
)
pulumi.export("namespace", namespace.metadata["name"])
