"""The packages that get a generic fake, and the schema that a YAML program gets of a package."""

import json

import pytest

from teei_finops.sandbox.providers.package_schema import package_schema, tokens_in
from teei_finops.sandbox.providers.packages import Package, generic_packages, packages_and_plugins


def sdk(folder, distribution, plugin=None):
    """An installed SDK, as pip leaves it."""
    module = folder / distribution.replace("-", "_")
    module.mkdir(parents=True)
    if plugin:
        (module / "pulumi-plugin.json").write_text(json.dumps(plugin))
    metadata = folder / f"{distribution.replace('-', '_')}-3.1.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 3.1.0\n")


def test_every_sdk_of_the_programs_environment_is_a_package(tmp_path):
    site = tmp_path / "site-packages"
    sdk(site, "pulumi-mysql", {"resource": True, "name": "mysql", "version": "v3.2.0"})
    sdk(site, "pulumi-docker-build", {"resource": True, "name": "docker-build"})
    sdk(site, "pulumi-std")
    sdk(site, "pulumiverse-scaleway", {"resource": True, "name": "scaleway"})
    sdk(site, "requests")
    packages = {package.name: package.version for package in generic_packages(tmp_path, [site])}
    assert packages["mysql"] == "3.2.0"
    assert packages["docker-build"] == "3.1.0"
    assert packages["std"] == packages["scaleway"] == "3.1.0"
    assert packages["random"] == "1.0.0"
    assert packages.keys().isdisjoint({"aws", "kubernetes", "requests", "policy"})


def test_packages_in_node_modules_are_packages(tmp_path):
    for name, document in (
        ("@pulumi/gcp", {"version": "8.1.0", "pulumi": {"resource": True, "name": "gcp"}}),
        ("@types/node", {"version": "22.0.0"}),
    ):
        file = tmp_path / "node_modules" / name / "package.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(document))
    packages = {package.name: package for package in generic_packages(tmp_path)}
    assert packages["gcp"] == Package("gcp", "8.1.0")
    assert "node" not in packages


def test_components_with_an_installed_plugin_have_no_fake(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    older, newer = (
        tmp_path / ".pulumi" / "plugins" / f"resource-awsx-v{number}" for number in ("2.0.0", "3.1.0")
    )
    for folder in (newer, older):
        folder.mkdir(parents=True)
    sdk(tmp_path / "site", "pulumi-awsx")
    on_path = tmp_path / "bin" / "pulumi-resource-eks"
    on_path.parent.mkdir()
    on_path.touch(mode=0o755)
    environment = {"PATH": str(on_path.parent)}
    packages, plugins = packages_and_plugins(tmp_path, [tmp_path / "site"], environment)
    names = {package.name for package in packages}
    assert plugins == [newer]
    assert names.isdisjoint({"awsx", "eks"})
    assert "synced-folder" in names


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_schema_has_the_types_and_functions_that_the_yaml_files_name(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text(
        "resources:\n  files: {type: aws:s3:Bucket}\n  jobs: {type: 'aws:sqs/queue:Queue'}\n"
        "variables:\n  main: {fn::invoke: {function: aws:ec2:getVpc}}\n"
    )
    schema = package_schema("aws", "7.0.0", tokens_in(tmp_path))
    assert schema["resources"].keys() == {"aws:s3/bucket:Bucket", "aws:sqs/queue:Queue"}
    queue = schema["resources"]["aws:sqs/queue:Queue"]
    assert queue["inputProperties"]["fifoQueue"] == {"type": "boolean"}
    assert queue["properties"]["arn"] == {"type": "string"}
    assert schema["provider"]["inputProperties"]["region"] == {"type": "string"}
    website = schema["resources"]["aws:s3/bucket:Bucket"]["properties"]["website"]["$ref"]
    assert schema["types"][website.removeprefix("#/types/")]["properties"]["indexDocument"] == {
        "type": "string"
    }
    lookup = schema["functions"]["aws:ec2/getVpc:getVpc"]
    assert {"cidrBlock", "default", "tags"} <= lookup["inputs"]["properties"].keys()
    assert lookup["outputs"]["properties"]["id"] == {"type": "string"}
    assert package_schema("gcp", "1.0.0", tokens_in(tmp_path))["resources"] == {}


def test_the_schema_has_the_objects_in_outputs_and_the_types_of_a_program_in_json(tmp_path):
    (tmp_path / "Main.json").write_text('{"resources": {"web": {"type": "kubernetes:core/v1:Service"}}}')
    schema = package_schema("kubernetes", "4.0.0", tokens_in(tmp_path))
    service = schema["resources"]["kubernetes:core/v1:Service"]
    assert service["properties"]["apiVersion"]["const"] == "v1"
    assert service["properties"]["kind"]["const"] == "Service"
    properties = service["properties"]
    metadata = schema["types"][properties["metadata"]["$ref"].removeprefix("#/types/")]
    assert metadata["properties"]["name"] == {"type": "string"}
