"""Programs that run with a Python, an SDK version or plugins of their own."""

import stat
import sys
import textwrap
import venv
from pathlib import Path

import pytest

from tests.integration.sandboxed_stack import SmallProgram

pytestmark = pytest.mark.engine

SITE_PACKAGES = next(path for path in sys.path if path.endswith("site-packages"))
PROGRAM = """
    import sys
    import boto3
    import pulumi
    import pulumi_aws as aws
    from company import names
    from pulumi.dynamic import CreateResult, Resource, ResourceProvider

    class Exports(ResourceProvider):
        def create(self, props):
            return CreateResult(names.BUCKET, {})

    class Export(Resource):
        pass

    print("prefix:", sys.prefix)
    print("account:", boto3.client("sts").get_caller_identity()["Account"])
    aws.s3.Bucket(names.BUCKET, tags={"team": pulumi.Config().require("team")})
    network = pulumi.StackReference("acme/network/prod")
    aws.ec2.SecurityGroup("web", vpc_id=network.get_output("vpcId"))
    Export(Exports(), "dynamic", {})
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A program with a virtual environment, in which a package of another folder is installed as editable."""
    directory = tmp_path_factory.mktemp("programs") / "own"
    program = SmallProgram.at(directory, PROGRAM)
    company = directory.parent / "library" / "company"
    company.mkdir(parents=True)
    (company / "names.py").write_text('BUCKET = "exports"\n')
    venv.EnvBuilder(with_pip=False, symlinks=True).create(directory / "env")
    packages = directory / "env" / "lib" / Path(SITE_PACKAGES).parent.name / "site-packages"
    (packages / "packages.pth").write_text(f"{SITE_PACKAGES}\n{company.parent}\n")
    project = "name: small\nruntime: {name: python, options: {virtualenv: env}}\n"
    (directory / "Pulumi.yaml").write_text(project)
    (directory / "stack-outputs.yaml").write_text("acme/network/prod: {vpcId: vpc-0a1b}\n")
    program.configure(team="finops")
    return program


def test_a_program_runs_with_its_virtual_environment_and_its_editable_packages(program):
    document = program.preview_document()
    messages = "".join(item["message"] for item in document["diagnostics"])
    assert f"prefix: {program.directory / 'env'}" in messages
    assert "account: 123456789012" in messages
    inputs = {step["urn"].rsplit("::", 1)[-1]: step["newState"].get("inputs") for step in document["steps"]}
    assert inputs["exports"]["tags"] == {"team": "finops"}
    assert inputs["web"]["vpcId"] == "vpc-0a1b"


PLUGIN = """
    import sys
    import pulumi
    import pulumi_aws as aws
    from pulumi.provider import ConstructResult, Provider, main

    class Site(pulumi.ComponentResource):
        def __init__(self, name, opts):
            super().__init__("synced-folder:index:Site", name, {}, opts)
            aws.s3.Bucket(f"{name}-files", opts=pulumi.ResourceOptions(parent=self))

    class Sites(Provider):
        def construct(self, name, resource_type, inputs, options=None):
            site = Site(name, options)
            return ConstructResult(urn=site.urn, state={})

    main(Sites("0.1.0"), sys.argv[1:])
"""
COMPONENT = """
    import pulumi

    pulumi.ComponentResource("synced-folder:index:Site", "site", {}, remote=True)
"""


def test_the_installed_plugin_of_a_component_package_expands_its_components(tmp_path):
    program = SmallProgram.at(tmp_path / "component", COMPONENT)
    missing = program.pulumi("preview", HOME=str(tmp_path))
    assert missing.returncode != 0
    assert "run `pulumi plugin install resource synced-folder 1.0.0`" in missing.stdout
    folder = tmp_path / ".pulumi" / "plugins" / "resource-synced-folder-v0.1.0"
    folder.mkdir(parents=True)
    plugin = folder / "pulumi-resource-synced-folder"
    plugin.write_text(f"#!{sys.executable} -u\n{textwrap.dedent(PLUGIN)}")
    plugin.chmod(plugin.stat().st_mode | stat.S_IXUSR)
    preview = program.pulumi("preview", HOME=str(tmp_path))
    assert preview.returncode == 0, preview.stdout
    assert "aws:s3:Bucket site-files create" in preview.stdout
