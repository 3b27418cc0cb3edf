"""The outputs of other stacks that are invented: those that a program reads, in the shape that it reads."""

import pytest

from teei_finops.sandbox.program.stack_outputs import stack_outputs
from teei_finops.sandbox.workspace import Workspace


def invented(tmp_path, source):
    (tmp_path / "network.py").write_text(f"import pulumi\nother = pulumi.StackReference('a/b/c')\n{source}\n")
    return stack_outputs(Workspace.at(tmp_path, tmp_path / "build")).invented


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("other.get_output('sg_name')", "sg_name", str),
        ("other.require_output(name='sg_name')", "sg_name", str),
        ("other.require_output('subnet_ids')", "subnet_ids", [str, str, str]),
        ("other.get_output('zones_used')[1]", "zones_used", [str, str, str]),
        ("other.require_output('db')['writer']['host']", "db", {"writer": {"host": str}}),
        ("settings = other.get_output('db')\nsettings['host']", "db", {"host": str}),
        ("other.get_output('db').apply(lambda db: db.get('port'))", "db", {"port": str}),
        ("other.outputs['vpc_id']", "vpc_id", str),
        ("other.outputs.apply(lambda all: all['vpc_id'])", "vpc_id", str),
        ("other.get_output('clusters').apply(lambda c: c[1]['arn'])", "clusters", [{"arn": str}] * 2),
    ],
)
def test_an_output_has_the_shape_in_which_the_program_reads_it(tmp_path, source, name, expected):
    assert shape(invented(tmp_path, source)[name]) == expected


def shape(value):
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value)


def test_a_file_that_is_not_valid_python_is_left_out(tmp_path):
    (tmp_path / "broken.py").write_text("other.get_output('x'")
    assert list(invented(tmp_path, "other.get_output('y')")) == ["y"]
